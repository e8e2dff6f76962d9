"""Mend text whose GBK bytes were pulled apart when a site wrote pinyin into them.

What happened, worked out from scraped pages. The site looked for the bytes of some Traditional characters and wrote
``(pinyin)`` behind them, without regard to where characters begin. In 當的 (AE94 B5C4) it found 數 (94B5) and wrote
``(shù)`` behind B5. Read as GBK again, ``B5 (`` is not a character and became a question mark, bracket and all, and C4
joined the first byte of the next character, and so on: every character is read half a character off, until a byte
stands alone again. It also cut the text at the bytes of ，？； and read the pieces one by one, so in 。客 (A1A3 BFCD),
where A3BF is ？, the A1 was left alone at the end of a piece and lost.

So the text is turned into bytes again, the lost byte is put back, and the bytes are read from where they were whole.
The pinyin tells the lost byte; where nothing does, the most plausible wording is taken if it is far ahead, and else the
place stays as it is and is reported.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.annotations import completions, is_cut_off, is_traditional, mark_at, marks, reads
from ingest.gbk import LEADS, TRAILS, bytes_of, narrow, to_bytes, to_char
from ingest.misread import State
from ingest.plausible import Judge
from kb.text import to_simplified

UNKNOWN = "\x1a"
"""Stands in a candidate for a sign that was there and that nothing tells."""
LOST = frozenset("?\ufffd")
_CUTS = frozenset("，？；！,?;!")
"""Signs at which the text was cut before it was read as GBK, as they are or as a later hand has narrowed them."""
_PLACE = re.compile(
    r"\((?=[^)\n]{0,8}(?:\)|$))|\ufffd|\?(?=[，？；！,?;!]|[^\x00-\x40\u3000-\uffff]{1,8} ?\))"
    r"|(?<=[^\x00-\x7f])[a-zɡɑ]+(?=[^\x00-\x7f]?[a-zɡɑ]{0,4} ?\))"
)
"""Where to look twice."""
_PRIVATE = re.compile("[\ue000-\ue765]")
_SHIFTED = re.compile(r"[?\ufffd][，？；！,?;!]?[\u00b7-\u9fff]{0,40}[\ue000-\ue765]")
_DAMAGE = re.compile("[?\ufffd\ue000-\uf8ff]")
_SUSPICIOUS = re.compile(r"[?\ufffd](?:[，；,;]|.{0,6}[?\ufffd\ue000-\uf8ff])")
_LINE_START = re.compile(r"\d{1,3}[.、)）]|[-*•#>] |[一二三四五六七八九十]{1,3}、")
_AROUND = 8
"""So many characters on each side are judged together with what stands between."""
_PARAGRAPH = 80
"""So many before it are looked at for an open quotation mark."""
FAR_AHEAD = 3.5
"""The best wording must be so much more probable (e to this power) than the second to be taken for the true one."""
CLEAR_DAMAGE = 6.0
"""And so much more than the text as it is, where only a question mark hints at damage."""
LONGEST_RUN = 300
"""A run that goes on for more characters is not followed."""
_NOISE = 7.0
"""What a character of noise costs, so that runs of different length can be compared."""
_KNOWN = 10
"""A rarer character (in the dictionary's count) is not what anybody wrote."""
_MOST_CANDIDATES = 1_600
_MOST_BYTES = 40
"""So many likely values of a byte are tried where nothing tells which one was lost."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a damaged run that ends at ``end`` may have been; ``doubtful`` are places in ``text`` made of lost bytes."""

    text: str
    end: int
    doubtful: tuple[int, ...] = ()


@dataclass(slots=True)
class Mender:
    """Mends the texts of one document.

    ``bracket_lost``: whether this reader of bytes lost the sign after a lost byte as well. ``narrowed``: whether the
    document has lost its full-width signs since, so that mended ones are narrowed, too.
    """

    judge: Judge
    bracket_lost: bool = True
    narrowed: bool = False
    unmended: list[str] = field(default_factory=list)

    def mend(self, text: str) -> str:
        """``text`` without annotations and with whole characters; places that stay damaged go to ``unmended``."""
        out: list[str] = []
        at = 0
        while at < len(text):
            place = _PLACE.search(text, at)
            start = place.start() if place else len(text)
            out.append(text[at:start])
            if place is None:
                break
            at = self._mend_at(text, start, out)
        return "".join(out)

    def _mend_at(self, text: str, at: int, out: list[str]) -> int:
        """Write to ``out`` what the place at ``at`` was, and say where the text goes on."""
        left = "".join(out[-_PARAGRAPH:])[-_PARAGRAPH:]
        mark = mark_at(text, at)
        if mark and not mark.lost and left:
            if (mark.toned or is_traditional(left[-1])) and any(reads(char, mark.pinyin) for char in _ends(left)):
                return mark.end
            if not mark.toned:
                out.append(text[at])
                return at + 1
        if mark is None and text[at] == "(":
            if is_cut_off(text, at):
                return len(text)
            out.append("(")
            return at + 1
        chosen = self._choose(text, at, left, sure=mark is not None)
        if chosen is None:
            out.append(text[at])
            return at + 1
        out.append(narrow(chosen.text) if self.narrowed else chosen.text)
        return chosen.end

    def _choose(self, text: str, at: int, left: str, *, sure: bool) -> Candidate | None:
        candidates = self._candidates(text, at, left)
        ranked = sorted(((self._score(text, left, one), one) for one in candidates), key=lambda pair: -pair[0])
        if not sure:
            end = max((one.end for one in candidates), default=at)
            least = self._score(text, left, Candidate(_without_marks(text[at:end]), end)) + CLEAR_DAMAGE
            ranked = [pair for pair in ranked if pair[0] > least]
            if not ranked and not _SUSPICIOUS.match(text, at):
                return None
        if not ranked or UNKNOWN in ranked[0][1].text or (len(ranked) > 1 and ranked[0][0] - ranked[1][0] < FAR_AHEAD):
            self.unmended.append(text[max(0, at - _AROUND) : at + _AROUND])
            return None
        return ranked[0][1]

    def _score(self, text: str, left: str, candidate: Candidate) -> float:
        """What speaks for ``candidate``: how much likelier its text is than noise of the same length."""
        left, before = left[-_AROUND:], left[:-_AROUND]
        doubtful = [len(left) + place for place in candidate.doubtful]
        rest = text[candidate.end : candidate.end + 3 * _AROUND]
        wording = left + candidate.text + _following(rest)
        return self.judge.score(wording, doubtful, before) + _NOISE * len(wording)

    def _candidates(self, text: str, at: int, left: str) -> list[Candidate]:
        """What the run may have been; letters are taken for narrowed full-width ones only if nothing else makes sense."""
        code = to_bytes(left[-1]) if left else None
        state = State(last=code[-1] if code else None)
        found: list[Candidate] = []
        for wide in (False, True) if self.narrowed else (False,):
            options = itertools.islice(self._read(text, at, state, at, wide), _MOST_CANDIDATES)
            found = [one for one in options if self._makes_sense(one, text, left)]
            if found:
                break
        return found

    def _makes_sense(self, candidate: Candidate, text: str, left: str) -> bool:
        rest = text[candidate.end : candidate.end + 3 * _AROUND]
        wording = left[-2:] + candidate.text + _following(rest)[:2]
        return self.judge.believes(wording) and not _misread(candidate.text, rest)

    def _read(self, text: str, at: int, state: State, start: int, wide: bool) -> Iterator[Candidate]:
        """All ways to read the bytes from ``at`` on, until characters are whole again."""
        while True:
            if at > start and state.pending is None:
                yield Candidate(state.text, at, state.doubtful)
                return
            if at == len(text) or at - start > LONGEST_RUN:
                return
            mark = mark_at(text, at)
            if mark and not mark.lost and state.completes(mark):
                at = mark.end
                continue
            if mark and (mark.lost or mark.toned):
                for byte in completions(state.last, mark.pinyin) if state.last is not None else ():
                    after = state.feed(byte, lost=True)
                    if after:
                        yield from self._read(text, mark.end, after, start, wide)
                return
            char = text[at]
            if char in LOST and (at == start or (state.pending is not None and not state.just_lost)):
                yield from self._read_lost(text, at, state, start, wide)
                if at == start:
                    return
            ways = [after for option in bytes_of(char) if (after := state.feed_all(option))]
            for way in ways[1:] if wide else ():
                yield from self._read(text, at + 1, way, start, wide)
            if not ways:
                return
            state, at = ways[0], at + 1

    def _read_lost(self, text: str, at: int, state: State, start: int, wide: bool) -> Iterator[Candidate]:
        """A byte was lost without a trace; before a sign at which the text was cut it went alone."""
        following = text[at + 1 : at + 2]
        alone = (
            not following or following in _CUTS or following.isspace() or text[at] == "\ufffd" or not self.bracket_lost
        )
        sign = None if alone else self._swallowed(text, at + 1)
        for byte in self._likely(text, at + 1, state):
            after = state.feed(byte, lost=True, bare=True)
            if after and (alone or after.pending is not None):
                yield from self._read(text, at + 1, after, start, wide)
            elif after:
                yield Candidate(after.text + (sign or UNKNOWN), at + 1, after.doubtful)

    def _likely(self, text: str, at: int, state: State) -> list[int]:
        """Bytes worth trying for a lost one, by how common the characters are that come of them."""
        if state.pending is not None:
            options = {byte: to_char(state.pending, byte) for byte in TRAILS}
        else:
            following = {code[0] for code in bytes_of(text[at : at + 1]) if code[0] >= 0x40}
            options = {byte: to_char(byte, trail) for byte in LEADS for trail in following}
        common = {byte: self.judge.frequency(char) for byte, char in options.items() if char}
        return sorted((byte for byte in common if common[byte] >= _KNOWN), key=lambda byte: -common[byte])[:_MOST_BYTES]

    def _swallowed(self, text: str, at: int) -> str | None:
        """The sign that was lost before ``at``: the one that the document has there elsewhere, if it has just one."""
        following = _without_marks(text[at : at + 3 * _AROUND])
        for length in range(_AROUND, 2, -1):
            found = [sign for sign in self.judge.before(following[:length]) if "!" <= sign <= ">" or sign == "\n"]
            if found:
                return found[0] if len(found) == 1 else None
        return "\n" if _LINE_START.match(following) else None


def _following(rest: str) -> str:
    """What follows, up to the next damage; the end of the text is the end of a line."""
    following = _without_marks(rest)[:_AROUND] or "\n"
    damage = _DAMAGE.search(following)
    return following[: damage.start()] if damage else following


def _misread(before: str, rest: str) -> bool:
    """Whether the next annotation does not fit the character that it stands behind."""
    mark = next(iter(marks(rest[:_AROUND])), None)
    if mark is None or mark.lost or not mark.toned:
        return False
    return not any(reads(char, mark.pinyin) for char in _ends((before + rest[: mark.start])[-2:] or "\n"))


def _ends(text: str) -> Iterator[str]:
    """What the site may have seen at the end of ``text``: the last character, or a Latin letter with a byte before it."""
    yield text[-1]
    if text[-1].isascii():
        codes = bytes_of(text[-2:-1])
        yield from filter(None, (to_char(code[-1], ord(text[-1])) for code in codes))


def _without_marks(text: str) -> str:
    kept, at = [], 0
    for mark in marks(text):
        kept.append(text[at : mark.start])
        at = mark.end
    return "".join((*kept, text[at:]))


def is_shifted(text: str) -> bool:
    """Whether ``text`` has what only misread bytes leave: a question mark and, soon after, a private-use character."""
    return _PRIVATE.search(text) is not None and _SHIFTED.search(text) is not None


def mender_for(texts: Sequence[str]) -> Mender:
    """A mender that knows the texts of one document."""
    whole = "\n".join(texts)
    lost = [mark for mark in marks(whole) if mark.lost and mark.toned]
    opened = sum("(" in whole[mark.start : mark.end] for mark in lost)
    return Mender(
        Judge(to_simplified(_without_marks(whole))),
        bracket_lost=opened * 2 <= len(lost),
        narrowed=not any("\uff01" <= char <= "\uff5e" for char in whole),
    )
