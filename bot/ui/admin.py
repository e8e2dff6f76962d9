"""``/account`` for one's own password, ``/admin/users`` and ``/admin/audit`` for administrators; plain pages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Annotated, Any, Protocol, cast

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bot import passwords
from bot.accounts import ROLES, Account, Deed, StaffRole
from bot.errors import AccountError, JournalError
from bot.ui.pages import error_page, page
from bot.ui.sign_in import AccountBook, address_of, signed_in

log = logging.getLogger(__name__)

ACTIONS = {
    "login": "登录", "add_account": "新建账号", "set_password": "修改或重设密码", "set_role": "调整角色",
    "disable_account": "停用账号", "enable_account": "启用账号", "settle_question": "处理没答上的问题",
    "view_contact": "查看联系方式", "retain": "清理过期数据", "export_visitor": "导出访客数据", "delete_visitor": "删除访客数据",
    "studio_upload": "上传资料", "studio_file": "整理资料", "studio_entry": "修改知识", "studio_import": "批量导入问答",
    "studio_publish": "发布知识", "studio_rollback": "退回上一版知识", "studio_text": "修改话术与设置",
    "backup": "备份对话记录", "restore": "恢复对话记录",
}  # fmt: skip
"""The deeds of the audit in words; others are shown by their own names."""

SHOWN = 200
NOT_ADMIN = "员工账号由管理员管理，您的账号没有这个权限；如有需要，请联系您店里的管理员。"
MUST_CHANGE = "您的密码是别人设定的，请先换成只有您自己知道的密码。"


class StaffBook(AccountBook, Protocol):
    """The part of :class:`bot.accounts.Accounts` these pages need."""

    def list(self) -> tuple[Account, ...]:
        """All accounts by name."""

    def add(self, name: str, role: StaffRole, password: str, *, by: str = "", must_change: bool = False) -> Account:
        """Make an account."""

    def set_password(self, name: str, password: str, *, by: str = "", must_change: bool = False) -> None:
        """Change a password; all logins of the account end."""

    def set_role(self, name: str, role: StaffRole, *, by: str = "") -> None:
        """Let an account do more or less."""

    def disable(self, name: str, *, by: str = "") -> None:
        """Shut an account."""

    def enable(self, name: str, *, by: str = "") -> None:
        """Open an account again."""

    def note(self, who: str, action: str, detail: str) -> None:
        """Write to the audit what ``who`` did."""

    def deeds(self, limit: int = 200, who: str = "") -> tuple[Deed, ...]:
        """What was done, the latest first."""


def admin_routes(app: FastAPI, accounts: StaffBook, zone: tzinfo, sign_in: Any) -> None:
    """The three pages and what their forms send.

    ``sign_in(response, token)`` sets the cookie of a new login: changing one's password ends all the others.
    """

    def administrator(request: Request) -> Account | None:
        account = signed_in(accounts, request)
        return account if account is not None and account.may("admin") else None

    @app.get("/account")
    def own(request: Request) -> Response:
        account = signed_in(accounts, request)
        return HTMLResponse(_account_page(account)) if account is not None else RedirectResponse("/sign-in", 303)

    @app.post("/account")
    def change(
        request: Request,
        present: Annotated[str, Form()] = "",
        wanted: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        account = signed_in(accounts, request)
        if account is None:
            return RedirectResponse("/sign-in", 303)
        try:
            if wanted != again:
                raise AccountError("两次输入的新密码不一样，请再输一次。")
            if wanted == present:
                raise AccountError("新密码和现在的密码相同，请换一个。")
            if accounts.verify(account.name, present, address_of(request)) is None:
                raise AccountError("现在的密码不对，请您核对后再试。")
            accounts.set_password(account.name, wanted, by=account.name)
            token = accounts.open_login(account.name)
        except AccountError as error:
            return HTMLResponse(_account_page(account, str(error)), 400)
        except JournalError as error:
            return _unwritable(error)
        answer = HTMLResponse(_account_page(Account(account.name, account.role), done="密码已更新，其他设备上的登录已全部退出。"))
        sign_in(answer, token)
        return answer

    @app.get("/admin/users")
    def users(request: Request) -> Response:
        account = administrator(request)
        return _refused() if account is None else HTMLResponse(_users_page(account, accounts.list()))

    @app.post("/admin/users")
    def work(
        request: Request,
        action: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = "agent",
    ) -> Response:
        account = administrator(request)
        if account is None:
            return _refused()
        name, by = name.strip(), account.name
        secret, done = "", ""
        try:
            if action in {"disable", "role", "reset"} and name == by:
                raise AccountError("这是您自己的账号：改密码请到“我的账号”，其他调整请由另一位管理员来做。")
            if action == "add":
                secret = passwords.made()
                name = accounts.add(name, cast(StaffRole, role), secret, by=by, must_change=True).name
                done = f"已建立账号“{name}”。"
            elif action == "reset":
                secret = passwords.made()
                accounts.set_password(name, secret, by=by, must_change=True)
                done = f"已重设“{name}”的密码，他的登录已全部退出。"
            elif action == "role":
                accounts.set_role(name, cast(StaffRole, role), by=by)
                done = f"“{name}”现在是{ROLES[cast(StaffRole, role)]}，下次登录生效。"
            elif action == "disable":
                accounts.disable(name, by=by)
                done = f"账号“{name}”已停用，他的登录已全部退出。"
            elif action == "enable":
                accounts.enable(name, by=by)
                done = f"账号“{name}”可以登录了。"
            else:
                raise AccountError("没有这个操作，请刷新页面再试。")
        except AccountError as error:
            return HTMLResponse(_users_page(account, accounts.list(), problem=str(error)), 400)
        except JournalError as error:
            return _unwritable(error)
        return HTMLResponse(_users_page(account, accounts.list(), done=done, secret=secret))

    @app.get("/admin/audit")
    def audit(request: Request, who: str = "") -> Response:
        account = administrator(request)
        if account is None:
            return _refused()
        return HTMLResponse(_audit_page(accounts.deeds(SHOWN, who.strip()[:40]), accounts.list(), who, zone))


def _refused() -> Response:
    return HTMLResponse(error_page("没有权限", NOT_ADMIN), 403)


def _unwritable(error: JournalError) -> Response:
    log.error("accounts cannot be written: %s", error)
    return HTMLResponse(error_page("这次没有保存", "系统正在维护，您的改动没有保存，请稍后再试。"), 503)


def _heads(account_page: bool = False) -> str:
    links = [("/", "返回工作台"), ("/account", "我的账号"), ("/admin/users", "员工账号"), ("/admin/audit", "操作记录")]
    shown = links[:1] if account_page else links
    return "<nav>" + "".join(f'<a href="{address}">{text}</a>' for address, text in shown) + "</nav>"


def _notice(problem: str, done: str) -> str:
    if problem:
        return f'<p class="message" role="alert">{escape(problem)}</p>'
    return f'<p class="message good" role="status">{escape(done)}</p>' if done else ""


def _account_page(account: Account, problem: str = "", done: str = "") -> str:
    hint = f'<p class="message">{MUST_CHANGE}</p>' if account.must_change and not problem else ""
    fields = "".join(
        f'<label for="{key}">{label}</label><input id="{key}" name="{key}" type="password" required'
        f' maxlength="{passwords.MAX_CHARS}" autocomplete="{kind}">'
        for key, label, kind in (
            ("present", "现在的密码", "current-password"),
            ("wanted", f"新密码（至少 {passwords.MIN_CHARS} 个字符）", "new-password"),
            ("again", "再输一次新密码", "new-password"),
        )
    )
    body = (
        f"<main>{_heads(account_page=True) if not account.must_change else ''}"
        f'<form method="post" action="/account"><h1>我的账号</h1>'
        f'<p class="hint">{escape(account.name)}（{ROLES[account.role]}）</p>{hint}{_notice(problem, done)}{fields}'
        '<button type="submit">修改密码</button></form>'
        '<form method="post" action="/sign-out" class="leave"><button type="submit" class="plain">退出登录</button></form></main>'
    )
    return page("我的账号", body, "sign-in")


def _users_page(
    me: Account, accounts: Sequence[Account], problem: str = "", done: str = "", secret: str = ""
) -> str:
    told = ""
    if secret:
        told = (
            f'<p class="secret">一次性密码：<code>{secret}</code></p>'
            '<p class="hint">只显示这一次，请当面或用安全的方式告诉本人；首次登录后需要修改。</p>'
        )
    adding = (
        '<form method="post" class="add"><input type="hidden" name="action" value="add">'
        '<label for="new-name">新账号名</label><input id="new-name" name="name" required maxlength="40" autocomplete="off">'
        f'<label for="new-role">角色</label>{_roles("new-role", "agent")}<button type="submit">建立账号</button></form>'
    )
    rows = "".join(_user(account, account.name == me.name) for account in accounts)
    body = (
        f"<main>{_heads()}<h1>员工账号</h1>{_notice(problem, done)}{told}"
        f'<section>{adding}</section><h2>现有账号（{len(accounts)}）</h2><div class="users">{rows}</div></main>'
    )
    return page("员工账号", body, "admin")


def _user(account: Account, own: bool) -> str:
    name = escape(account.name)
    state = "已停用" if account.disabled else "等待首次改密码" if account.must_change else "使用中"
    head = f'<h3>{name}<span class="state">{state}</span></h3>'
    if own:
        return f'<section>{head}<p>{ROLES[account.role]}（您自己）　<a href="/account">修改密码</a></p></section>'
    hidden = f'<input type="hidden" name="name" value="{name}">'

    def one(action: str, text: str, more: str = "", ask: str = "") -> str:
        inside = f'{hidden}<input type="hidden" name="action" value="{action}">{more}'
        if not ask:
            return f'<form method="post">{inside}<button type="submit" class="plain">{text}</button></form>'
        sure = f'<p>{escape(ask)}</p><button type="submit" class="plain">确认{text}</button>'
        return f"<details><summary>{text}</summary><form method=\"post\">{inside}{sure}</form></details>"

    label = f'<label class="quiet" for="role-{name}">{name}的角色</label>'
    doing = one("role", "调整角色", label + _roles(f"role-{name}", account.role)) + one(
        "reset", "重设密码", ask=f"重设“{account.name}”的密码？他会被退出登录。"
    )
    doing += (
        one("enable", "启用")
        if account.disabled
        else one("enable", "解除登录限制") + one("disable", "停用", ask=f"停用“{account.name}”？他会马上被退出登录。")
    )
    return f'<section>{head}<div class="doing">{doing}</div></section>'


def _roles(identity: str, chosen: str) -> str:
    options = "".join(
        f'<option value="{key}"{" selected" if key == chosen else ""}>{text}</option>' for key, text in ROLES.items()
    )
    return f'<select id="{escape(identity)}" name="role">{options}</select>'


def _audit_page(deeds: Sequence[Deed], accounts: Sequence[Account], who: str, zone: tzinfo) -> str:
    options = "".join(
        f'<option value="{escape(account.name)}"{" selected" if account.name == who else ""}>{escape(account.name)}</option>'
        for account in accounts
    )
    choosing = (
        '<form method="get" class="add"><label for="who">只看谁</label>'
        f'<select id="who" name="who"><option value="">全部</option>{options}</select><button type="submit">查看</button></form>'
    )
    rows = "".join(
        f"<tr><td>{_moment(deed.at, zone)}</td><td>{escape(deed.who or '系统')}</td>"
        f"<td>{escape(ACTIONS.get(deed.action, deed.action))}</td><td>{escape(deed.detail)}</td></tr>"
        for deed in deeds
    )
    table = (
        '<div class="wide"><table><thead><tr><th>时间</th><th>谁</th><th>做了什么</th><th>对象</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        if deeds
        else "<p>还没有记录。</p>"
    )
    body = f"<main>{_heads()}<h1>操作记录</h1><p class=\"hint\">最近 {SHOWN} 条，最新的在前。</p><section>{choosing}{table}</section></main>"
    return page("操作记录", body, "admin")


def _moment(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
