"""What kind of moment a message makes: one of fourteen situations, told by example utterances.

A message is first freed of its courtesies ("你好", "麻烦问下", "多谢啦"), because the courtesy says nothing about the
matter; what is left is compared with the examples (:mod:`bot.kernel`) by its letters, by its meaning (a vector of the
encoder that also serves the search) and by a few marks, such as the words of a question. Whatever is like no example
is a question, so that the knowledge is asked.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from bot import fitted
from bot.errors import ExamplesError
from bot.examples import Examples, load_examples
from bot.kernel import Fit, Letters, Model, fit
from bot.records import COMPLAINTS, SCENARIOS, Scenario
from kb.question import core
from kb.text import has_words, letters, normalise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kb.encoder import Encoder

    Reals = NDArray[np.float32]

logger = logging.getLogger(__name__)

COURTESIES: tuple[Scenario, ...] = ("greeting", "thanks", "goodbye", "customer_apology")
"""Situations that may merely accompany a matter."""

Refusal = Literal["care", "other_customer", "internal"]
"""``care``: somebody may harm themselves. ``other_customer``: data of other people. ``internal``: what customers must
not see, or an attempt to turn the program against its rules."""

SURE, SURE_OF_SHORT = 0.4, 0.6
"""Least probability of a situation other than question; with less the knowledge is asked. A bare topic (大件, 生鲜) is
like many things a little, and few letters must be surer."""
TROUBLED = 0.15
"""Probability of a complaint from which a question gets a word of regret with its answer."""
MERE_COURTESY = 0.97
"""Confidence of a message that holds nothing but courtesies."""
LOOKED_AT_CHARS = 400
"""Longer messages are judged by their beginning."""
SHORT_CHARS, LONG_CHARS = 4, 20

_CLAUSES = re.compile(r"[^，。！？；,.!?;~～…、\s]+[，。！？；,.!?;~～…、\s]*")
_MARKS = re.compile(r"[^\w\u3400-\u9fff]+")
_NO_LETTERS = re.compile(r"[^\w\u3400-\u9fff?!\u2600-\u27bf\U0001f000-\U0001faff]+")
_LATIN = re.compile(r"[a-z]")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a message is.

    ``confidence`` in [0, 1]. ``courtesies``: polite situations, or a trouble, that go with a question, to be answered
    in kind. ``matter``: the message without clauses that are mere courtesy, as written.
    """

    scenario: Scenario
    confidence: float
    courtesies: tuple[Scenario, ...] = ()
    matter: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message as the model sees it: its letters, the words whose vector is taken, its marks."""

    letters: str
    words: str
    marks: tuple[bool, ...]


class Classifier:
    """Tells situations. Without an encoder by letters alone. Learns at first use; safe to use from several threads.

    ``folder`` is where what was learnt is kept for the next start, None for nowhere; ``report`` is told what takes long.

    Raises:
        ExamplesError: an expression is missing or malformed, or a label has no example.
    """

    def __init__(
        self,
        examples: Examples,
        encoder: Encoder | None = None,
        folder: Path | None = None,
        report: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._examples, self._encoder, self._folder, self._report = examples, encoder, folder, report
        rules, shown = examples.rules, examples.shown
        empty = set(SCENARIOS) - {label for label, _ in examples.lines}
        if empty:
            raise ExamplesError(f"文件 {shown} 里缺少情形 {'、'.join(sorted(empty))} 的例句；请在 [label.…] 下补上。")
        try:
            particle = rules["courtesy"]["particle"]
            self._courtesy = {
                name: re.compile(f"{rules['courtesy'][name]}{particle}*") for name in (*COURTESIES, "filler")
            }
            self._nod = re.compile(f"(?:{rules['courtesy']['nod']}{particle}*)+")
            self._asks = re.compile(rules["question"]["asks"])
            self._rhetorical = re.compile(rules["question"]["rhetorical"])
            self._refusal = {name: re.compile(rules["refusal"][name]) for name in get_args(Refusal)}
        except (KeyError, re.error) as error:
            raise ExamplesError(f"文件 {shown} 里缺少一项或有写错的表达式（{error}）；请对照自带的文件改正。") from error
        self._models: dict[str, Model] = {}
        self._learning = threading.Lock()

    def classify(self, text: str) -> Situation:
        """The situation of ``text``; anything that is none of the others is a question."""
        text = _whole(text)
        words = normalise(text)
        if not has_words(words):
            return self._wordless(text, words)
        courtesies, rest, matter = self._without_courtesies(text)
        if not rest and courtesies:
            scenario: Scenario = "goodbye" if "goodbye" in courtesies else courtesies[-1]
            return Situation(scenario, MERE_COURTESY, (), text)
        found = self._probabilities(self._seen(words, courtesies, rest, matter))
        best = max(SCENARIOS, key=lambda name: found[name])
        least = SURE_OF_SHORT if len(letters(words)) <= SHORT_CHARS else SURE
        label = best if found[best] >= least else "question"
        kept: tuple[Scenario, ...] = tuple(name for name in dict.fromkeys(courtesies) if name not in (label, "goodbye"))
        if label == "question":
            kept += tuple(name for name in SCENARIOS if name in COMPLAINTS and found[name] >= TROUBLED)[:1]
        if label in COURTESIES and not courtesies:
            matter = text
        return Situation(label, round(found[label], 3), kept, matter or text)

    def refusal(self, text: str) -> Refusal | None:
        """Why ``text`` must not be answered as a question; None if it may be."""
        words = normalise(_whole(text))
        spellings = (words, letters(words))  # also without what is put between characters to slip through
        # Care first: whoever is in danger is not to be told off.
        return next((name for name in get_args(Refusal) if any(map(self._refusal[name].search, spellings))), None)

    # ------------------------------------------------------------------ learning

    def learnt(self) -> bytes:
        """All that is learnt from the examples, as the file that is packaged. Needs an encoder; reads nothing kept."""
        assert self._encoder is not None
        seen = self._examples_seen()
        words = [one.words for one in seen]
        vectors = fitted.vectors_of(words, self._encoder, report=self._report)
        return fitted.pack(self._key(), words, vectors, {"letters": self._fit(seen), "both": self._fit(seen, vectors)})

    def _probabilities(self, seen: _Seen) -> dict[Scenario, float]:
        import numpy as np

        vector = None
        if self._encoder is not None:
            try:
                vector = self._encoder.questions([seen.words])[0]
            except Exception:  # letters alone tell most situations; the search will meet the same trouble and say so
                logger.exception("no vector of the message, its situation is told by letters alone")
        model = self._model("letters" if vector is None else "both")
        found = model.probabilities(seen.letters, vector, np.array(seen.marks, dtype=np.float32))
        return dict(zip(SCENARIOS, map(float, found), strict=True))

    def _model(self, name: Literal["letters", "both"]) -> Model:
        if name not in self._models:
            with self._learning:
                if name not in self._models:
                    self._models[name] = self._learn(name)
        return self._models[name]

    def _learn(self, name: Literal["letters", "both"]) -> Model:
        lines = [line for _, line in self._examples.lines]
        spelt = Letters([_letters(normalise(line)) for line in lines])
        encoder = self._encoder if name == "both" else None
        kept = self._kept(encoder)
        for one in kept:
            if one.key == self._key() and name in one.fits:
                return Model(spelt, one.vectors if name == "both" else None, one.fits[name])
        seen = self._examples_seen()
        if encoder is None:
            return Model(spelt, None, self._fit(seen))
        words = [one.words for one in seen]
        vectors = fitted.vectors_of(words, encoder, kept, self._report)
        found = self._fit(seen, vectors)
        if self._path is not None:
            fitted.write(self._path, fitted.pack(self._key(), words, vectors, {"both": found}))
        return Model(spelt, vectors, found)

    def _kept(self, encoder: Encoder | None) -> list[fitted.Kept]:
        """What was learnt before: here, and by those who packaged the program; with ``encoder`` only what is its own."""
        found = [fitted.packaged(), fitted.read(self._path) if self._path is not None else None]
        kept = [one for one in found if one is not None]
        if encoder is None:
            return kept
        lines = self._examples.lines
        some = [self._look(line).words for _, line in lines[:: max(1, len(lines) // 40)]]
        return [one for one in kept if fitted.is_of(one, some, encoder)]

    @property
    def _path(self) -> Path | None:
        if self._folder is None or self._encoder is None:
            return None
        return self._folder / f"situations-{re.sub(r'[^0-9A-Za-z]+', '-', self._encoder.name)}.safetensors"

    def _key(self) -> str:
        rules = [sorted(self._examples.rules[table].items()) for table in ("courtesy", "question")]
        return fitted.key_of(self._examples.lines, rules)

    def _fit(self, seen: Sequence[_Seen], vectors: Reals | None = None) -> Fit:
        import numpy as np

        marks = np.array([one.marks for one in seen], dtype=np.float32)
        labels = [SCENARIOS.index(label) for label, _ in self._examples.lines]
        return fit(Letters([one.letters for one in seen]), vectors, marks, labels, len(SCENARIOS))

    def _examples_seen(self) -> list[_Seen]:
        return [self._look(line) for _, line in self._examples.lines]

    # ------------------------------------------------------------------ looking at a message

    def _look(self, text: str) -> _Seen:
        return self._seen(normalise(text), *self._without_courtesies(text))

    def _seen(self, words: str, courtesies: Sequence[Scenario], rest: str, matter: str) -> _Seen:
        asked = rest or words
        marks = (
            self._asks.search(asked) is not None,
            self._rhetorical.search(asked) is not None,
            words.rstrip(" ~。.").endswith("?"),
            "!" in words,
            *(name in courtesies for name in COURTESIES),
            not rest,
            len(words) <= SHORT_CHARS,
            len(words) > LONG_CHARS,
            _LATIN.search(words) is not None,
        )
        return _Seen(_letters(words), core(normalise(matter) or words), marks)

    def _wordless(self, text: str, words: str) -> Situation:
        votes = Counter(self._examples.emoji[sign] for sign in words if sign in self._examples.emoji)
        if votes:
            return Situation(votes.most_common(1)[0][0], 0.7, (), text)
        return Situation("question", 0.3, (), text)

    def _without_courtesies(self, text: str) -> tuple[list[Scenario], str, str]:
        """Courtesies met, the folded rest for judging, and the clauses that are more than courtesy, as written."""
        courtesies: list[Scenario] = []
        rest: list[str] = []
        matter: list[str] = []
        for clause in _CLAUSES.findall(text):
            folded = normalise(clause)
            tail = "".join(sign for sign in folded if sign in "?!")
            stripped = self._strip(_MARKS.sub("", folded), courtesies)
            if stripped:
                rest.append(stripped + tail)
                matter.append(clause)
        return courtesies, " ".join(rest), "".join(matter).strip()

    def _strip(self, clause: str, courtesies: list[Scenario]) -> str:
        """``clause`` without polite words at its ends, which are noted; empty if nothing else is in it."""
        if self._nod.fullmatch(clause):
            return ""
        met: list[Scenario] = []
        rest = clause
        while rest:
            for name, pattern in self._courtesy.items():
                match = pattern.match(rest)
                if match and match.end() and (name != "goodbye" or match.end() == len(rest)):
                    if name in COURTESIES:
                        met.append(name)
                    rest = rest[match.end() :]
                    break
            else:
                break
        if not rest:
            courtesies.extend(met)
            return ""
        for name in ("thanks", "goodbye"):
            match = re.search(f"(?:{self._courtesy[name].pattern})$", rest)
            if match and match.start() > 1:
                met.append(name)  # type: ignore[arg-type]
                rest = rest[: match.start()]
        courtesies.extend(met)
        return rest


def load_classifier(
    own: Path | None = None,
    encoder: Encoder | None = None,
    folder: Path | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Classifier:
    """The classifier over the packaged examples and those of the file ``own``, where it exists; see :class:`Classifier`.

    Raises:
        ExamplesError: the file cannot be used.
    """
    if encoder is None and (own is None or not own.exists()):
        return _packaged()
    return Classifier(load_examples(own), encoder, folder, report)


@functools.cache
def _packaged() -> Classifier:
    return Classifier(load_examples())


def _letters(words: str) -> str:
    return _NO_LETTERS.sub("", words)


def _whole(text: str) -> str:
    """The beginning of ``text`` without halves of characters, which JSON may carry and nothing can encode."""
    return text[:LOOKED_AT_CHARS].encode("utf-8", "replace").decode("utf-8")
