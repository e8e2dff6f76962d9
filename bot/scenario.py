"""What kind of moment a message makes: one of fourteen situations, told by example utterances and a few sure rules.

A message is first freed of its courtesies ("你好", "麻烦问下", "多谢啦"), because the courtesy says nothing about
the matter. What is left is compared with the examples by character pairs and weighed by rules; a message that asks
something is a question, whatever polite or angry words stand around it.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from bot.datafiles import parse_toml, read_text
from bot.errors import ExamplesError
from bot.records import COMPLAINTS, SCENARIOS, Scenario
from kb.text import has_words, normalise

COURTESIES: tuple[Scenario, ...] = ("greeting", "thanks", "goodbye", "customer_apology")
"""Situations that may merely accompany a matter."""

Refusal = Literal["care", "other_customer", "internal"]
"""``care``: somebody may harm themselves. ``other_customer``: data of other people. ``internal``: what customers must
not see, or an attempt to turn the program against its rules."""

SURE, HINT, ASKS, NEAREST, UNKNOWN = 1.0, 0.3, 0.8, 1.2, 0.25
"""Weights of a sure rule, of a first hint (further ones count half), of the marks of a question, of the likeness to
the nearest example, and of being a question when nothing is recognised."""
LIGHT: frozenset[Scenario] = frozenset(
    {"thanks", "goodbye", "customer_apology", "praise", "no_more_questions", *COMPLAINTS}
)
"""Situations that yield to a plain question in the same message: their rules then count for a part only."""
YIELDING = 0.4
TOLD: frozenset[Scenario] = frozenset({"suggestion", "praise", *COMPLAINTS})
"""Situations that are told in statements about the same things that questions are about."""
CHANCE = 0.3
"""Likeness that any two messages may have; less says nothing."""
ALONE = 0.6
"""Score that likeness must reach where no rule and no hint speaks for a label."""
LOOKED_AT_CHARS = 400
"""Longer messages are judged by their beginning."""

_EMOJI: Mapping[str, Scenario] = {
    **dict.fromkeys("👍💯🌹🥰😍❤💖👏🎉😘💐🏆", "praise"),
    **dict.fromkeys("🙏🤝", "thanks"),
    **dict.fromkeys("😡🤬😠👎💢😤", "complaint_other"),
    **dict.fromkeys("👋🙋", "greeting"),
    **dict.fromkeys("🖕💩", "abusive"),
    **dict.fromkeys("👌🆗", "no_more_questions"),
}
_CLAUSES = re.compile(r"[^，。！？；,.!?;~～…、\s]+[，。！？；,.!?;~～…、\s]*")
_MARKS = re.compile(r"[^\w\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a message is.

    ``confidence`` in [0, 1]. ``courtesies``: polite situations that go with a question, to be answered in kind.
    ``matter``: the message without clauses that are mere courtesy, as written.
    """

    scenario: Scenario
    confidence: float
    courtesies: tuple[Scenario, ...] = ()
    matter: str = ""


class Classifier:
    """Tells situations by the data of ``scenarios.toml``; about half a millisecond a message.

    Raises:
        ExamplesError: a label is unknown or missing, or an expression is malformed.
    """

    def __init__(self, data: Mapping[str, Any], shown: str = "scenarios.toml") -> None:
        labels = data.get("label", {})
        unknown, missing = set(labels) - set(SCENARIOS), set(SCENARIOS) - set(labels)
        if unknown or missing:
            names = "、".join(sorted(unknown or missing))
            raise ExamplesError(f"文件 {shown} 里{'有不认识的' if unknown else '缺少'}情形 {names}；请改正 [label.…] 的名字。")
        try:
            particle = data["courtesy"]["particle"]
            self._courtesy = {
                name: re.compile(f"{data['courtesy'][name]}{particle}*") for name in (*COURTESIES, "filler")
            }
            self._nod = re.compile(f"(?:{data['courtesy']['nod']}{particle}*)+")
            self._asks = re.compile(data["question"]["asks"])
            self._rhetorical = re.compile(data["question"]["rhetorical"])
            self._refusal = {name: re.compile(data["refusal"][name]) for name in get_args(Refusal)}
            self._sure = {label: _any(labels[label].get("sure", ())) for label in SCENARIOS}
            self._hint = {label: re.compile(labels[label].get("hint") or r"(?!)") for label in SCENARIOS}
        except (KeyError, re.error) as error:
            raise ExamplesError(f"文件 {shown} 里缺少一项或有写错的表达式（{error}）；请对照自带的文件改正。") from error
        examples = [
            (label, _bare(normalise(line)))
            for label in SCENARIOS
            for line in labels[label].get("examples", "").splitlines()
            if line.strip()
        ]
        self._nearest = _Nearest(examples)

    def classify(self, text: str) -> Situation:
        """The situation of ``text``; anything that is none of the others is a question."""
        text = _whole(text)
        words = normalise(text)
        if not has_words(words):
            return self._wordless(text, words)
        courtesies, core, matter = self._without_courtesies(text)
        if not core and courtesies:
            return Situation("goodbye" if "goodbye" in courtesies else courtesies[-1], 0.97, (), text)
        core = core or words
        scores = self._scores(_bare(words), _bare(core), core)
        if courtesies and courtesies[-1] != "greeting" and not self._asks.search(core):
            # "有你真好，谢谢": what stands beside such a courtesy and is like nothing known belongs to it.
            scores[courtesies[-1]] += UNKNOWN + HINT
        label = max(reversed(SCENARIOS), key=lambda name: scores[name])  # a question where nothing speaks
        if "goodbye" in courtesies and label in ("no_more_questions", "thanks", "praise", "customer_apology"):
            return Situation("goodbye", 0.9, (), text)
        second = max(score for name, score in scores.items() if name != label)
        if label in COURTESIES and not courtesies:
            matter = text
        kept: tuple[Scenario, ...] = tuple(name for name in dict.fromkeys(courtesies) if name != label and name != "goodbye")
        if label == "question":
            kept += tuple(name for name in SCENARIOS if name in COMPLAINTS and self._sure[name].search(core))[:1]
        return Situation(label, round(_confidence(scores[label], second), 3), kept, matter or text)

    def refusal(self, text: str) -> Refusal | None:
        """Why ``text`` must not be answered as a question; None if it may be."""
        words = normalise(_whole(text))
        # Care first: whoever is in danger is not to be told off.
        return next((name for name in get_args(Refusal) if self._refusal[name].search(words)), None)

    def _wordless(self, text: str, words: str) -> Situation:
        votes = Counter(_EMOJI[sign] for sign in words if sign in _EMOJI)
        if votes:
            return Situation(votes.most_common(1)[0][0], 0.7, (), text)
        return Situation("question", 0.3, (), text)

    def _without_courtesies(self, text: str) -> tuple[list[Scenario], str, str]:
        """Courtesies met, the folded rest for judging, and the clauses that are more than courtesy, as written."""
        courtesies: list[Scenario] = []
        core: list[str] = []
        matter: list[str] = []
        for clause in _CLAUSES.findall(text):
            folded = normalise(clause)
            tail = "".join(sign for sign in folded if sign in "?!")
            rest = self._strip(_MARKS.sub("", folded), courtesies)
            if rest:
                core.append(rest + tail)
                matter.append(clause)
        return courtesies, " ".join(core), "".join(matter).strip()

    def _strip(self, clause: str, courtesies: list[Scenario]) -> str:
        """``clause`` without polite words at its ends, which are noted; empty if nothing else is in it."""
        if self._nod.fullmatch(clause):
            return ""
        met: list[Scenario] = []
        rest = clause
        while rest:
            for name, pattern in self._courtesy.items():
                match = pattern.match(rest)
                if match and (name != "goodbye" or match.end() == len(rest)):
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

    def _scores(self, whole: str, core: str, asked: str) -> dict[Scenario, float]:
        near_whole, near_core = self._nearest.likeness(whole), self._nearest.likeness(core)
        rhetorical = self._rhetorical.search(core) is not None
        asks = not rhetorical and self._asks.search(asked) is not None
        hints = {label: len(set(self._hint[label].findall(core))) for label in SCENARIOS}
        told = not asks and (rhetorical or any(hints[label] for label in TOLD))
        scores: dict[Scenario, float] = {}
        for label in SCENARIOS:
            score = NEAREST * max(near_whole.get(label, 0.0), near_core.get(label, 0.0))
            # "你好吗" is no question about anything: pleasantries are looked for in the whole message.
            bonus = SURE if self._sure[label].search(whole if label == "greeting" else core) else 0.0
            bonus += HINT * min(1 + hints[label], 4) / 2 if hints[label] else 0.0
            if not bonus and score < ALONE and label != "question":
                score = 0.0
            if label == "question" and told:
                # Complaints and wishes name the same things as questions do; the things alone decide nothing.
                score, bonus = score * YIELDING, 0.0
            scores[label] = score + (bonus * YIELDING if asks and label in LIGHT else bonus)
        if asks:
            scores["question"] += ASKS
        elif not told:
            scores["question"] += UNKNOWN
        if any(scores[label] > SURE for label in COMPLAINTS - {"complaint_other"}):
            # "我要投诉，发货太慢了": the named trouble tells more than the bare word 投诉.
            scores["complaint_other"] -= HINT
        return scores


def load_classifier(replacement: Path | None = None) -> Classifier:
    """The classifier over the packaged examples, or over ``replacement`` where that file exists.

    Raises:
        ExamplesError: the file cannot be used.
    """
    if replacement is None or not replacement.exists():
        return _packaged()
    text, shown = read_text("scenarios.toml", replacement, ExamplesError)
    return Classifier(parse_toml(text, shown, ExamplesError), shown)


@functools.cache
def _packaged() -> Classifier:
    text, shown = read_text("scenarios.toml", None, ExamplesError)
    return Classifier(parse_toml(text, shown, ExamplesError), shown)


class _Nearest:
    """Cosine of weighted character pairs to the nearest examples of each label."""

    def __init__(self, examples: Sequence[tuple[Scenario, str]]) -> None:
        self._labels = [label for label, _ in examples]
        pairs = [Counter(_pairs(text)) for _, text in examples]
        frequency = Counter(pair for counts in pairs for pair in counts)
        self._weight = {pair: math.log(1 + len(pairs) / count) for pair, count in frequency.items()}
        self._unseen = math.log(1 + len(pairs))
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, counts in enumerate(pairs):
            norm = math.sqrt(sum((self._weight[pair] * count) ** 2 for pair, count in counts.items())) or 1.0
            for pair, count in counts.items():
                self._postings[pair].append((row, self._weight[pair] * count / norm))

    def likeness(self, text: str) -> dict[Scenario, float]:
        """For each label met: the likeness in [0, 1] of its nearest example, softened by the second nearest."""
        counts = Counter(_pairs(text))
        scores: dict[int, float] = defaultdict(float)
        total = 0.0
        for pair, count in counts.items():
            weight = self._weight.get(pair, self._unseen) * count
            total += weight * weight
            for row, share in self._postings.get(pair, ()):
                scores[row] += weight * share
        norm = math.sqrt(total) or 1.0
        best: dict[Scenario, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for row, score in scores.items():
            two = best[self._labels[row]]
            value = score / norm
            if value > two[0]:
                two[0], two[1] = value, two[0]
            elif value > two[1]:
                two[1] = value
        return {label: 0.85 * first + 0.15 * second for label, (first, second) in best.items() if first >= CHANCE}


def _whole(text: str) -> str:
    """The beginning of ``text`` without halves of characters, which JSON may carry and nothing can encode."""
    return text[:LOOKED_AT_CHARS].encode("utf-8", "replace").decode("utf-8")


def _pairs(text: str) -> list[str]:
    framed = f"^{text}$"
    return [framed[i : i + 2] for i in range(len(framed) - 1)] + list(text)


def _bare(text: str) -> str:
    return _MARKS.sub("", text)


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")


def _confidence(best: float, second: float) -> float:
    """The margin between the two best labels as a probability; the slope was fitted by eye on the test set."""
    return 1 / (1 + math.exp(-(0.6 + 3.5 * (best - second))))
