"""Who may see a document: what the editor said, else a proposal with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.records import Audience

_FOLDERS: dict[str, Audience] = {
    "internal": "internal",
    "staff": "internal",
    "private": "internal",
    "内部": "internal",
    "内部资料": "internal",
    "仅内部": "internal",
    "public": "public",
    "公开": "public",
    "公开资料": "public",
    "对外": "public",
}
_STAFF = re.compile(
    r"(?:客服|客户服务).{0,8}(?:手册|指南|规范|守则|制度|培训|考核|礼仪|用语|流程|技巧|规程|细则|标准)|如何(?:做好|提升|提高).{0,4}(?:客服|客户服务)|话术|禁语|忌语|礼仪|培训|应答规|应答用语|服务用语|服务规范|内部|员工|坐席|"
    r"岗位|绩效|考核|操作细则|操作手册|工作手册|沟通技巧|沟通指南|接待规范|客户类型|交接班|工单|权限|internal|staff"
)
_KEEP_INSIDE = re.compile(r"仅供内部|内部(?:资料|使用|文件)|不得(?:外传|对外|向客户)|请勿外传")
_ONLY_INSIDE = re.compile(r"仅供内部|内部(?:资料|文件)[，,]?\s*(?:不得|请勿|严禁|禁止)")
# Who speaks of “the customer” and “the agent” speaks to colleagues; who speaks to customers says 您.
_TO_STAFF = re.compile(
    r"客服人员|客服代表|客服应|坐席|(?:工作|服务|接待)人员(?:应|要|须|需|在)|员工|(?:与|和|跟|对|向|给|让|使|为|替)(?:客户|顾客)|"
    r"(?:客户|顾客)(?:的(?:需求|感受|情绪|问题|投诉)|满意|情绪|投诉|提出|询问|来电)|留住客户|接待客户|理解客户"
)
_QUOTED = re.compile(r"“[^”\n]*”|「[^」\n]*」")
STAFF_SIGNS = 5
OPENING_CHARS = 2_000
BEGINNING_CHARS = 300
TOP_HEADINGS = 5
"""So many first headings of a document are looked at."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An audience and, in Chinese, why."""

    audience: Audience
    reason: str


def propose(
    source: str,
    folders: Sequence[str],
    headings: Sequence[str],
    opening: str = "",
    *,
    stated: Audience | None = None,
    has_scripts: bool = False,
) -> Proposal:
    """The audience of a document.

    ``stated`` is what its own front matter says; ``folders`` are the folders above it, outermost first; ``headings``
    its first headings and titles, ``opening`` its first ``OPENING_CHARS``, of which the first
    ``BEGINNING_CHARS`` may say who must not see it; both normalised. Without any sign a document
    is public.
    """
    if stated is not None:
        return Proposal(stated, "文件自己写明")
    beginning = opening[:BEGINNING_CHARS]
    only_inside = _ONLY_INSIDE.search(beginning)
    for folder in reversed(folders):
        if folder.lower() in _FOLDERS:
            if only_inside and _FOLDERS[folder.lower()] == "public":
                # A file in the wrong folder: hiding a public text does less harm than showing an internal one.
                return Proposal("internal", f"开头写着“{only_inside.group()}”，虽然放在文件夹“{folder}”里")
            return Proposal(_FOLDERS[folder.lower()], f"所在文件夹“{folder}”")
    name = source.rsplit("/", 1)[-1]
    for text, what in ((name, "文件名"), *((heading, "标题") for heading in headings[:TOP_HEADINGS])):
        match = _STAFF.search(text.lower())
        if match:
            return Proposal("internal", f"{what}含“{match.group()}”，像是写给客服人员的")
    match = _KEEP_INSIDE.search(beginning)
    if match:
        return Proposal("internal", f"开头写着“{match.group()}”")
    if has_scripts:
        return Proposal("internal", "含有√/×应答话术，像是写给客服人员的")
    said = _QUOTED.sub("", opening)
    signs = _TO_STAFF.findall(said)
    if len(signs) >= STAFF_SIGNS and len(signs) > 2 * said.count("您"):
        return Proposal("internal", f"正文以“{max(signs, key=signs.count)}”等说法谈论客户，像是写给客服人员的")
    return Proposal("public", "没有内部资料的标志")
