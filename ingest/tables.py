"""From the rows of a table to blocks: FAQ tables become questions with answers, other tables rows that read alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from ingest.columns import Role, parse_audience, parse_date, roles_of, split_aliases
from ingest.document import Block, FaqFields
from ingest.notices import Notices
from kb.errors import SourceError
from kb.records import Audience

HEADER_ROWS = 10
"""A header row is looked for among this many first rows."""
SHORT_CELL = 30
"""Rows with longer cells are written with one cell per line."""

_PAIR: tuple[tuple[Role, str], ...] = (("question", "问题"), ("answer", "答案"))
_DATES: tuple[tuple[Role, str], ...] = (("valid_from", "生效日期"), ("valid_to", "失效日期"))

Row = tuple[int, tuple[str, ...]]
"""Row number as a spreadsheet shows it, and the cells as text, ``""`` for empty ones."""


@dataclass(frozen=True, slots=True)
class TableBlocks:
    """Blocks of a table, warnings in Chinese, and the number of rows that are a question set for the publish gate."""

    blocks: tuple[Block, ...] = ()
    warnings: tuple[str, ...] = ()
    questions: int = 0


def read_table(rows: Sequence[Row], where: str = "", *, strict: bool = True) -> TableBlocks:
    """Blocks of one table. ``where`` names it in messages (工作表“…”), empty if the file holds nothing else.

    ``strict`` tables (files of their own) must be whole: an answer column without a question column is an error.
    Tables within a page are taken as they are.

    Raises:
        SourceError: a strict table has only one side of questions and answers; the text names the columns found.
    """
    rows = [(number, cells) for number, cells in rows if any(cells)]
    if not rows:
        return TableBlocks()
    found = _find_header(rows)
    if found is not None:
        at, roles = found
        header = rows[at][1]
        if "question" in roles and "expected" in roles:
            return TableBlocks(questions=len(rows) - at - 1)
        if "question" in roles and "answer" in roles:
            return _faq(rows[at + 1 :], roles, where)
        if strict:
            raise SourceError(_one_sided(roles, header, where))
    return TableBlocks(tuple(_plain(rows)))


def as_item(block: Block) -> str:
    """A row of a small table inside a text, as an item of a list."""
    return "- " + block.text.replace("\n", "；")


def _find_header(rows: Sequence[Row]) -> tuple[int, dict[Role, int]] | None:
    """Position of the row that names questions and answers, or at least one of them, and the roles it gives."""
    for at, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        roles = roles_of(cells)
        if "question" in roles and ("answer" in roles or "expected" in roles):
            return at, roles
    at = _plain_header(rows)
    if at == len(rows):
        at = 0
    roles = roles_of(rows[at][1])
    return (at, roles) if "question" in roles or "answer" in roles else None


def _one_sided(roles: dict[Role, int], header: Sequence[str], where: str) -> str:
    there, missing = ("答案", "问题") if "answer" in roles else ("问题", "答案")
    columns = "、".join(f"“{name}”" for name in header if name)
    place = f"{where}的" if where else ""
    return f"{place}表头有{there}列，但找不到{missing}列（现有的列：{columns}）；请加上名为“{missing}”的一列后再试。"


def _faq(rows: Sequence[Row], roles: dict[Role, int], where: str) -> TableBlocks:
    blocks: list[Block] = []
    notices = Notices()
    for number, cells in rows:
        values = {role: cells[column].strip() if column < len(cells) else "" for role, column in roles.items()}
        place = f"{where}第 {number} 行"
        empty = [name for role, name in _PAIR if not values[role]]
        if empty:
            notices.add("空白", f"{place}的{'和'.join(empty)}是空的，这一行没有收录。")
            continue
        fields = _faq_fields(values, place, notices)
        if fields is not None:
            blocks.append(Block(values["answer"], "faq", row=number, faq=fields))
    return TableBlocks(tuple(blocks), tuple(notices))


def _faq_fields(values: dict[Role, str], place: str, notices: Notices) -> FaqFields | None:
    dates: dict[Role, date | None] = {}
    for role, name in _DATES:
        try:
            dates[role] = parse_date(values.get(role, ""))
        except ValueError:
            # Said too early or too late, an answer is a wrong answer: better none until the editor has looked.
            notices.add("日期", f"{place}的{name}“{values[role]}”不是日期，这一行没有收录；请写成 2025-01-31 这样的格式。")
            return None
    start, end = dates["valid_from"], dates["valid_to"]
    if start and end and start > end:
        notices.add("期限", f"{place}的生效日期晚于失效日期，这一行没有收录。")
        return None
    audience: Audience | None
    try:
        audience = parse_audience(values.get("audience", ""))
    except ValueError:
        notices.add("可见范围", f"{place}的可见范围“{values['audience']}”认不出来，暂按内部处理；请写“公开”或“内部”。")
        audience = "internal"
    question = values["question"]
    aliases = split_aliases(values.get("aliases", ""))
    lines = split_aliases(question) if "\n" in question else ()
    if lines:  # one question a line: the first is the standard one
        question, aliases = lines[0], tuple(dict.fromkeys((*lines[1:], *aliases)))
    return FaqFields(
        question=question,
        aliases=tuple(alias for alias in aliases if alias != question),
        counter_examples=split_aliases(values.get("counter_examples", "")),
        category=values.get("category", ""),
        audience=audience,
        valid_from=start,
        valid_to=end,
    )


def _plain(rows: Sequence[Row]) -> Iterator[Block]:
    """Rows as text: every cell with the name of its column, so that a row reads well without its table."""
    at = _plain_header(rows)
    for number, cells in rows[:at]:
        yield Block("；".join(dict.fromkeys(filter(None, cells))), "row", row=number)
    header = rows[at][1] if at < len(rows) else ()
    for number, cells in rows[at + 1 :]:
        pairs = []
        for column, cell in enumerate(cells):
            name = header[column] if column < len(header) else ""
            if cell:
                label = name.rstrip("：: ")
                pairs.append(f"{label}：{cell}" if label and name != cell else cell)
        long = any(len(cell) > SHORT_CELL or "\n" in cell for cell in cells)
        yield Block(("\n" if long else "；").join(pairs), "row", row=number)


def _plain_header(rows: Sequence[Row]) -> int:
    """Position of the header row; ``len(rows)`` if the table has none (one column, or figures in the first row)."""
    widest = max(sum(map(bool, cells)) for _, cells in rows)
    if widest < 2 or len(rows) < 2:
        return len(rows)
    for at, (_, cells) in enumerate(rows[:HEADER_ROWS]):
        filled = [cell for cell in cells if cell]
        if len(filled) >= max(2, widest - 1) and len(set(filled)) >= 2:
            return at if not any(_is_figure(cell) for cell in filled) else len(rows)
    return len(rows)


def _is_figure(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "", 1).lstrip("-+¥￥$").rstrip("%％元").isdigit()
