"""What the columns of a table mean, and what their cells say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from kb.records import Audience
from kb.text import normalise

Role = Literal[
    "question", "answer", "aliases", "counter_examples", "category", "audience", "valid_from", "valid_to", "expected"
]

_NAMES: dict[Role, str] = {
    "question": "问题 标准问 标准问题 标准问法 常见问题 客户问题 顾客问题 用户问题 咨询问题 提问 问法 question std_question query",
    "answer": "答案 回答 标准答案 标准回答 答复 回复 标准回复 回复内容 回答内容 答案内容 解答 参考答案 answer reply response",
    "aliases": "相似问 相似问题 相似问法 扩展问 扩展问题 同义问 同义问题 同义问法 别名 其他问法 其它问法 aliases alias "
    "similar similar_questions similar_question variants",
    "counter_examples": "反例 反例问 反例问题 反例问法 负例 counter_examples counter_example negatives negative",
    "category": "分类 类别 类目 目录 主题 栏目 标签 所属分类 问题分类 问题类型 category categories type tag tags topic",
    "audience": "可见范围 可见 公开范围 适用对象 使用范围 对象 受众 权限 audience visibility scope",
    "valid_from": "生效日期 生效时间 开始日期 开始时间 起始日期 有效期起 valid_from start_date effective_from start",
    "valid_to": "失效日期 失效时间 结束日期 结束时间 截止日期 到期日期 有效期止 有效期至 valid_to end_date expires expire_date end",
    "expected": "期望 期望问题 期望结果 期望答案 预期 预期结果 expected expect",
}
_WEAK: dict[Role, str] = {
    "question": "标题 分段标题 题目 title name",
    "answer": "内容 正文 分段内容 详情 说明 content text body detail details",
}
"""Names that mean a question or an answer only beside a clear one of the other."""

_SHORT_PAIRS = (("问", "答"), ("q", "a"), ("问句", "答句"))
"""Names too short to mean anything but together."""

_ROLE_OF = {name: role for role, names in _NAMES.items() for name in names.split()}
_WEAK_ROLE_OF = {name: role for role, names in _WEAK.items() for name in names.split()}
_REMARK = re.compile(r"[（(【\[].*$")
_DECORATION = re.compile(r"[\s*＊:：_\-]+")

_AUDIENCES: dict[Audience, str] = {
    "public": "公开 对外 外部 客户 顾客 客户可见 顾客可见 公开可见 所有人 全部 全员 公共 均可 public external customer customers "
    "all everyone",
    "internal": "内部 对内 仅内部 内部可见 仅内部可见 客服 仅客服 客服可见 员工 仅员工 员工可见 坐席 保密 internal private staff agent "
    "agents",
}
_AUDIENCE_OF = {word: audience for audience, words in _AUDIENCES.items() for word in words.split()}
_NO_LIMIT = frozenset({"长期", "长期有效", "永久", "永久有效", "无", "不限", "至今", "-", "—", "/", "空", "none", "null", "n/a"})
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[t\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_ALIAS_SEPARATOR = re.compile(r"[|｜;；\n]+")


def roles_of(header: Sequence[str]) -> dict[Role, int]:
    """Which column plays which role, by the names in a header row; the first column of a name wins.

    A vague name such as 内容 counts only where the other side of the pair is named clearly.
    """
    names = [_name(cell) for cell in header]
    roles: dict[Role, int] = {}
    for column, name in enumerate(names):
        role = _ROLE_OF.get(name)
        if role is not None:
            roles.setdefault(role, column)
    for question, answer in _SHORT_PAIRS:
        if question in names and answer in names:
            roles.setdefault("question", names.index(question))
            roles.setdefault("answer", names.index(answer))
    pair: tuple[tuple[Role, Role], ...] = (("question", "answer"), ("answer", "question"))
    for role, other in pair:
        if role not in roles and other in roles:
            weak = [column for column, name in enumerate(names) if _WEAK_ROLE_OF.get(name) == role]
            if weak:
                roles[role] = weak[0]
    return roles


def role_of(name: str) -> Role | None:
    """The role a single name stands for, in a table's header or in front matter."""
    return _ROLE_OF.get(_name(name))


def _name(cell: str) -> str:
    name = _REMARK.sub("", normalise(cell))
    return re.sub(r"\s+", "_", name.strip("*＊:： ")) if name.isascii() else _DECORATION.sub("", name)


def split_aliases(cell: str) -> tuple[str, ...]:
    """The questions in one cell, separated by | ； or line ends; without repeats, order kept."""
    parts = _ALIAS_SEPARATOR.split(cell) if cell else ()
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def parse_audience(cell: str) -> Audience | None:
    """Who may see it, None for an empty cell.

    Raises:
        ValueError: the word is not one that says public or internal.
    """
    word = normalise(cell).strip() if cell else ""
    if not word:
        return None
    if word not in _AUDIENCE_OF:
        raise ValueError(f"not an audience: {cell!r}")
    return _AUDIENCE_OF[word]


def parse_date(cell: str | date) -> date | None:
    """The day in a cell, None if it is empty or says that there is no limit.

    Raises:
        ValueError: it is not a date, or a date that does not exist.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    word = normalise(cell).strip() if cell else ""
    if not word or word in _NO_LIMIT:
        return None
    match = _DATE.fullmatch(word) or _COMPACT_DATE.fullmatch(word)
    if match is None:
        raise ValueError(f"not a date: {cell!r}")
    year, month, day = map(int, match.groups())
    return date(year, month, day)
