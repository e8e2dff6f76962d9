"""What a site puts around the documents it shows: notes on downloads and rights, buttons, file facts.

Any of these lines could stand in a shop's own guide as well (下载, 会员, 版权, 温馨提示; a warning against fraud has them
all). So nothing goes unless the document shows that it was taken from such a site, and then only lines in which the site
speaks, with the lines among them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_SITE = (
    r"本文档|该文档|此文档|文库|VIP[^，,。]{0,4}文档|网站文档|文档(?:下载|分享|贡献|一经付费)"
    r"|本(?:网)?站(?:的|所有|提供的?)*(?:文档|资源|资料|RAR)"
)
_DEED = (
    r"下载|上传|付费|VIP|会员|收益|侵权|版权|著作权|举报|免责|阅读器|压缩|预览|图纸|存储空间|商业|盈利|审核|"
    r"用户(?:提供|AI)|网友|权益|不承担|不保证|一切责任"
)
_UNMISTAKABLE = "unread"
_SIGNS = (
    (
        _UNMISTAKABLE,
        r".*(?:还剩|剩余)\s*\d+\s*页未读|.*(?:该|此|本)文档为VIP文档|.*本文档由用户\S{0,12}上传"
        r"|(?:您好[，,!！]?\s*)?欢迎(?:访问|来到|光临)\S{0,10}(?:文档|文库|资料库|下载站)(?:网|站)?[!！。]?$",
    ),
    ("page", r".{1,60}_第\s*\d+\s*页$"),
    ("name", r"本文(?:标题|来源)\s*[:：]"),
    ("link", r"本文(?:链接|地址|网址)\s*[:：]|(?:链接|本页|原文)(?:地址|链接)?\s*[:：]\s*https?://\S*(?:doc|wenku)"),
    (
        "facts",
        r"[-•·*]?\s*(?:格式\s*[:：]\s*(?:docx?|pptx?|xlsx?|pdf|txt|wps|rar|zip)|(?:文件|文档)?大小\s*[:：]\s*[\d.]+\s*[KMG]B?"
        r"|文档(?:页数|编号|类型|格式)\s*[:：]\s*\w+)$",
    ),
    ("talk", rf"(?=.*(?:{_SITE}))(?=.*(?:{_DEED}))"),
)
_SIGN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SIGNS), re.IGNORECASE)
_AMONG_KIND = "among"
ENOUGH_KINDS = 2
ENOUGH_ALIKE = 3
"""So many different signs, or so many lines with the same one, show where a document comes from."""
_AMONG = re.compile(
    rf"(?=.*(?:本站|本网站))(?=.*(?:{_DEED}))"
    r"|(?=.*(?:文档|文件|资源|资料|内容|图纸|RAR|VIP|PDF))(?=.*(?:下载|上传|侵权|版权|著作权|盈利|商业用途|举报|付费|解压|阅读器|预览|权益))"
    r"|.{1,80}\.(?:docx?|pptx?|xlsx?|pdf|txt|wps)(?:VIP)?$"
    r"|(?:温馨提示|文档简介|内容简介|资源描述|文档介绍|版权(?:说明|声明|提示)|免责声明|下载(?:须知|说明|声明|提示))[:：]?$"
    r"|(?:查看更多|展开(?:全文|更多)?|收起|更多|(?:最新|相关|热门|推荐|猜你喜欢的?|精品)(?:文档|资源|推荐|文章|阅读|资料)|相关(?:搜索|标签)|合集下载)$"
    r"|(?:文档)?评论\s*(?:\(\d+\))?$|\d+/\d{2,4}$|(?:提交|发表|全部|我要)评论$|(?:实名认证|文档贡献者|认证用户|官方认证|内容提供方|关注|收藏|分享|点赞|打印|举报|反馈|下载|上一篇|下一篇|返回顶部)$"
    r"|\S{1,24}\s?\+\s?关注$|该用户\S{0,4}懒.{0,20}$|[-•·*]?\s*(?:页数|上传(?:时间|者|人)|下载(?:次数|量)|浏览(?:次数|量)|积分|金币)\s*[:：]\s*\S{1,20}$",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"文档|文库|本站|本网站|未读|_第\s*\d+\s*页|(?:本文|链接|原文|本页)(?:标题|链接|地址|网址)|格式\s*[:：]|大小\s*[:：]",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[\s•·*\-]*(?:\(?\d{1,2}[.、)）][\s\d.、]*)?")
LONGEST_LINE = 300
"""Longer lines are text, whatever they speak of."""


def is_scraped(texts: Iterable[str]) -> bool:
    """Whether the texts of a document show that it was taken from a site that shares documents."""
    found: Counter[str] = Counter()
    for text in texts:
        if _HINT.search(text):
            found.update(kind for kind in map(_kind, text.split("\n")) if kind and kind != _AMONG_KIND)
            if found[_UNMISTAKABLE] or len(found) >= ENOUGH_KINDS or max(found.values(), default=0) >= ENOUGH_ALIKE:
                return True
    return False


def without_boilerplate(text: str) -> tuple[str, tuple[str, ...]]:
    """``text`` of a scraped document without what the site added, and the lines that went."""
    if not _HINT.search(text):
        return text, ()
    lines = text.split("\n")
    kinds = [_kind(line) for line in lines]
    gone: set[int] = set()
    run: list[int] = []
    for at in (*range(len(lines)), -1):
        if at >= 0 and not lines[at].strip():
            continue
        if at >= 0 and kinds[at]:
            run.append(at)
            continue
        if any(kinds[place] != _AMONG_KIND for place in run):
            gone.update(run)
        run = []
    kept = [line for at, line in enumerate(lines) if at not in gone]
    return "\n".join(kept), tuple(lines[at].strip() for at in sorted(gone))


def _kind(line: str) -> str:
    """The sign of a site that ``line`` is, ``among`` if it may be one's beside others, nothing for text."""
    plain = line.strip()
    if not plain or len(plain) > LONGEST_LINE:
        return ""
    item = _BULLET.sub("", plain)
    sign = _SIGN.match(plain) or _SIGN.match(item)
    if sign:
        return sign.lastgroup or ""
    return _AMONG_KIND if _AMONG.match(plain) or _AMONG.match(item) else ""
