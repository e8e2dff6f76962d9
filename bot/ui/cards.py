"""What the desk shows of the knowledge and of a draft, as escaped HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.records import Outcome
from bot.ui.views import inline, place_title, prose, source_link
from kb.records import Band, Entry, Hit

if TYPE_CHECKING:
    from bot.checker import Finding

KINDS = {"faq": "常见问题", "passage": "政策文档", "script": "话术"}
AUDIENCES = {"public": "可对顾客说", "internal": "仅供内部"}
BANDS: dict[Band, str] = {"answer": "可以直接回复", "clarify": "请先向顾客确认", "none": "没有把握，建议转专人处理"}
OUTCOMES: dict[Outcome, tuple[Band, str]] = {
    "answer": ("answer", BANDS["answer"]),
    "clarify": ("clarify", BANDS["clarify"]),
    "handoff": ("none", BANDS["none"]),
    "scripted": ("answer", "情境用语，可以直接回复"),
    "refused": ("none", "这句话没有可以答复的内容"),
}
SIGNALS = {
    "dense": "语义相近",
    "lexical": "字词相合",
    "cosine": "余弦相似",
    "bm25": "关键词得分",
    "overlap": "词语覆盖",
    "lift": "高出平常",
    "peak": "高出其他条目",
    "exact": "一字不差",
    "counter": "像反例问",
    "reranker": "重排得分",
}
_SENTENCE_END = re.compile(r"[。！？!?\n]")


def verdict(band: Band, words: str, confidence: float) -> str:
    """How sure the base is."""
    return f'<p class="band {band}"><strong>{words}</strong><span>把握 {confidence:.0%}</span></p>'


def ready_words(entry: Entry) -> str:
    """What of ``entry`` can be said to a customer, to be edited; of a script its first wording, empty if nothing."""
    if entry.only_wrong:
        return ""
    return entry.text.split("\n", 1)[0] if entry.kind == "script" else entry.text


def hit_card(hit: Hit, favourite: bool) -> str:
    """One result: what it is, what it says, where it stands, why it was found, and what can be done with it."""
    entry = hit.entry
    badges = f'<span class="kind">{KINDS[entry.kind]}</span><span class="{entry.audience}">{AUDIENCES[entry.audience]}</span>'
    title = _title(entry)
    heading = f"<h3>{inline(title)}</h3>" if title else ""
    if entry.only_wrong:
        text = '<p class="none">这些话请不要对客户说：</p>'
    elif entry.kind == "script":
        lines = (line for line in hit.text.splitlines() if line.strip())
        text = "".join(f'<p class="right"><b>√</b>{inline(line)}</p>' for line in lines)
    else:
        text = prose(hit.text)
    wrong = "".join(f'<p class="wrong"><b>×</b>{inline(line)}</p>' for line in entry.wrong)
    signals = "".join(f"<li>{inline(SIGNALS.get(name, name))}<b>{value:.2f}</b></li>" for name, value in hit.signals.items())
    why = f"<details><summary>为什么匹配</summary><ul><li>总分<b>{hit.score:.2f}</b></li>{signals}</ul></details>"
    where = inline(place_title(entry.place.source, " › ".join(entry.place.heading) or entry.category))
    link = f'<a class="source" href="{source_link(entry.id)}">{where}</a>'
    foot = f'<div class="foot">{link}<span>{inline(_validity(entry))}</span>{why}</div>'
    return f'<article class="card hit" tabindex="-1" data-entry="{inline(entry.id)}"><div class="badges">{badges}</div>{heading}{text}{wrong}{foot}{_doing(entry, favourite)}</article>'


def favourite_card(entry: Entry) -> str:
    """A favourite in one line, with what can be done with it."""
    words = _title(entry) or entry.text[:40]
    return f'<li data-entry="{inline(entry.id)}"><span>{inline(words)}</span>{_use(entry)}{_star(entry, True)}</li>'


def findings(draft: str, found: Sequence[Finding]) -> str:
    """What is wrong with ``draft``, each with its better wording and a button that puts that in."""
    if not found:
        return '<p class="good">用语检查通过，没有发现问题。</p>'
    lines = "".join(_finding(draft, finding) for finding in found)
    return f'<p class="bad">用语检查发现 {len(found)} 处需要修改：</p><ul class="findings">{lines}</ul>'


def _finding(draft: str, finding: Finding) -> str:
    start, end = finding.span
    words = f"<q>{inline(draft[start:end])}</q>" if end > start else ""
    better = ""
    if finding.suggestion:
        start, end = _replaced(draft, finding)
        better = (
            f'<span class="better">建议：{inline(finding.suggestion)}</span><button type="button" class="accept"'
            f' data-start="{start}" data-end="{end}" data-words="{inline(finding.suggestion)}">采纳建议</button>'
        )
    return f"<li>{words}{inline(finding.message)}{better}</li>"


def _replaced(draft: str, finding: Finding) -> tuple[int, int]:
    """What a suggestion takes the place of: a whole sentence where it is one, else just the words found."""
    start, end = finding.span
    if not _SENTENCE_END.search(finding.suggestion[-1]):
        return start, end
    before = [match.end() for match in _SENTENCE_END.finditer(draft, 0, start)]
    after = _SENTENCE_END.search(draft, max(start, end - 1))
    stop = (after.end() if after[0] != "\n" else after.start()) if after else len(draft)
    return (before[-1] if before else 0), stop


def _title(entry: Entry) -> str:
    return entry.question or (entry.place.heading[-1] if entry.place.heading else "")


def _doing(entry: Entry, favourite: bool) -> str:
    report = '<button type="button" class="report" data-kind="wrong">内容有误</button>'
    return f'<div class="doing">{_use(entry)}{_star(entry, favourite)}{report}</div>'


def _use(entry: Entry) -> str:
    words = ready_words(entry)
    lines = "&#10;".join(inline(line) for line in words.splitlines())
    return f'<button type="button" class="use" data-words="{lines}">用这条回复</button>' if words else ""


def _star(entry: Entry, on: bool) -> str:
    return f'<button type="button" class="star" aria-pressed="{str(on).lower()}" title="{"取消收藏" if on else "收藏"}">{"★" if on else "☆"}<span class="quiet">收藏</span></button>'


def _validity(entry: Entry) -> str:
    start, end = entry.valid_from, entry.valid_to
    if start and end:
        return f"有效期 {start} 至 {end}"
    if start:
        return f"{start} 起有效"
    return f"有效期至 {end}" if end else "长期有效"
