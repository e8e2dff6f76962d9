"""Staff accounts and their logins, in the journal's database."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Literal, get_args

from bot import passwords
from bot.database import Connection, Row, Where, open_database
from bot.errors import AccountError, AccountThrottled

StaffRole = Literal["agent", "editor", "admin"]
"""``agent``: looks up and checks drafts. ``editor``: also changes knowledge. ``admin``: also keeps accounts."""

ROLES: dict[StaffRole, str] = {"agent": "客服", "editor": "知识编辑", "admin": "管理员"}
"""The roles with what they are called; each may do what those before it may."""

FAILURES = 5
"""Wrong passwords for one name from one address within :data:`FAILURE_WINDOW`; further tries from there are refused."""
FAILURES_IN_ALL = 50
"""The same from all addresses together: so many hands are needed to keep a member of staff out for the window."""
FAILURE_WINDOW = timedelta(minutes=10)

FIRST_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff. ``must_change``: the password was made by somebody else and is good for one sign-in only."""

    name: str
    role: StaffRole
    disabled: bool = False
    must_change: bool = False

    def may(self, role: StaffRole) -> bool:
        """Whether this account may do what ``role`` may."""
        order = list(ROLES)
        return not self.disabled and order.index(self.role) >= order.index(role)


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the audit: ``who`` (empty: the program or its command line) did ``action``."""

    at: datetime
    who: str
    action: str
    detail: str


class Accounts:
    """Staff accounts; passwords are kept as argon2id, login tokens as digests.

    ``by`` is who does something: a member of staff, or empty for the command line; the caller has verified it. All
    methods raise :class:`bot.errors.JournalError` when the file cannot be used.
    """

    def __init__(
        self,
        where: Where,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        login_hours: float = 12,
    ) -> None:
        self._database = open_database(where)
        self._clock = clock
        self._login = timedelta(hours=login_hours)

    # ------------------------------------------------------------------ who there is

    def add(self, name: str, role: StaffRole, password: str, *, by: str = "", must_change: bool = False) -> Account:
        """Make an account.

        Raises:
            AccountError: the name is taken or malformed, the role unknown, or the password too short.
        """
        name = name.strip()
        if not 1 <= len(name) <= 40 or not name.isprintable():
            raise AccountError(f"账号名“{name[:40]}”不可用；请用 1 到 40 个可见字符。")
        _check_role(role)
        passwords.check(password, name)
        stored = passwords.digest(password)
        with self._database.write() as connection:
            if self._row(connection, name) is not None:
                raise AccountError(f"账号“{name}”已经存在；要改密码请用 users passwd，或在员工账号页重设密码。")
            connection.execute(
                "INSERT INTO account (name, role, password, created, must_change) VALUES (?, ?, ?, ?, ?)",
                (name, role, stored, self._text(), int(must_change)),
            )
            self._audit(connection, by, "add_account", f"{name}（{ROLES[role]}）")
        return Account(name, role, must_change=must_change)

    def first_admin(self) -> tuple[Account, str] | None:
        """The first administrator with a random password, to be shown once; None where there is an account already."""
        password = passwords.made()
        with self._database.write() as connection:
            if connection.execute("SELECT 1 FROM account LIMIT 1").fetchone() is not None:
                return None
            return self.add(FIRST_ADMIN, "admin", password, must_change=True), password

    def list(self) -> tuple[Account, ...]:
        """All accounts by name."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM account ORDER BY name").fetchall()
        return tuple(_account(row) for row in rows)

    def set_password(self, name: str, password: str, *, by: str = "", must_change: bool = False) -> None:
        """Change a password; all logins of the account end, and a disabled account stays disabled.

        Raises:
            AccountError: there is no such account, or the password is too short.
        """
        passwords.check(password, name)
        stored = passwords.digest(password)
        with self._database.write() as connection:
            self._existing(connection, name)
            connection.execute(
                "UPDATE account SET password = ?, must_change = ? WHERE name = ?", (stored, int(must_change), name)
            )
            self._shut_out(connection, name)
            connection.execute("DELETE FROM login_failure WHERE name = ?", (name,))
            self._audit(connection, by, "set_password", name)

    def set_role(self, name: str, role: StaffRole, *, by: str = "") -> None:
        """Let an account do more or less; its logins end, so that every open page knows.

        Raises:
            AccountError: there is no such account, the role is unknown, or nobody would be left to keep the accounts.
        """
        _check_role(role)
        with self._database.write() as connection:
            row = self._existing(connection, name)
            if role != "admin":
                self._keep_an_admin(connection, row)
            connection.execute("UPDATE account SET role = ? WHERE name = ?", (role, name))
            self._shut_out(connection, name)
            self._audit(connection, by, "set_role", f"{name}（{ROLES[role]}）")

    def disable(self, name: str, *, by: str = "") -> None:
        """Shut an account; its logins end at once.

        Raises:
            AccountError: there is no such account, or nobody would be left to keep the accounts.
        """
        with self._database.write() as connection:
            self._keep_an_admin(connection, self._existing(connection, name))
            connection.execute("UPDATE account SET disabled = ? WHERE name = ?", (self._text(), name))
            self._shut_out(connection, name)
            self._audit(connection, by, "disable_account", name)

    def enable(self, name: str, *, by: str = "") -> None:
        """Open an account that was shut, or that wrong passwords keep out.

        Raises:
            AccountError: there is no such account.
        """
        with self._database.write() as connection:
            self._existing(connection, name)
            connection.execute("UPDATE account SET disabled = NULL WHERE name = ?", (name,))
            connection.execute("DELETE FROM login_failure WHERE name = ?", (name,))
            self._audit(connection, by, "enable_account", name)

    # ------------------------------------------------------------------ logins

    def verify(self, name: str, password: str, address: str = "") -> Account | None:
        """The account whose password this is, or None; unknown names take as long as wrong passwords.

        Raises:
            AccountThrottled: too many wrong passwords for this name, from ``address`` or from everywhere.
        """
        since, origin = self._text(-FAILURE_WINDOW), _digest(address)
        with self._database.read() as connection:
            row = self._row(connection, name)
            here, in_all = connection.execute(
                "SELECT count(CASE WHEN address = ? THEN 1 END), count(*) FROM login_failure WHERE name = ? AND at >= ?",
                (origin, name, since),
            ).fetchone()
        if here >= FAILURES or in_all >= FAILURES_IN_ALL:
            minutes = int(FAILURE_WINDOW.total_seconds() // 60)
            raise AccountThrottled(
                f"账号“{name[:40]}”密码输错次数过多，已暂停登录；请 {minutes} 分钟后再试，或请管理员重设密码。"
            )
        right = passwords.is_right(row["password"] if row is not None else None, password)
        if row is not None and right and row["disabled"] is None:
            with self._database.write() as connection:
                connection.execute("DELETE FROM login_failure WHERE name = ? AND address = ?", (name, origin))
            return _account(row)
        with self._database.write() as connection:
            connection.execute("DELETE FROM login_failure WHERE at < ?", (since,))
            connection.execute(
                "INSERT INTO login_failure (name, at, address) VALUES (?, ?, ?)", (name[:200], self._text(), origin)
            )
        return None

    def open_login(self, name: str) -> str:
        """A random token for a cookie; it stands for ``name`` until it expires or is closed.

        Raises:
            AccountError: there is no such account, or it is disabled.
        """
        token = secrets.token_urlsafe(32)
        with self._database.write() as connection:
            row = self._existing(connection, name)
            if row["disabled"] is not None:
                raise AccountError(f"账号“{name}”已停用；请联系管理员。")
            connection.execute("DELETE FROM login WHERE expires < ?", (self._text(),))
            connection.execute(
                "INSERT INTO login VALUES (?, ?, ?, ?)", (_digest(token), name, self._text(), self._text(self._login))
            )
            self._audit(connection, name, "login", "")
        return token

    def account_of(self, token: str) -> Account | None:
        """Whose login ``token`` is; None when it is unknown, expired, closed, or the account was disabled."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT account.* FROM login JOIN account ON account.name = login.account"
                " WHERE token = ? AND expires >= ? AND disabled IS NULL",
                (_digest(token), self._text()),
            ).fetchone()
        return None if row is None else _account(row)

    def close_login(self, token: str) -> None:
        """End a login; unknown tokens are no error."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM login WHERE token = ?", (_digest(token),))

    # ------------------------------------------------------------------ the audit

    def deeds(self, limit: int = 200, who: str = "") -> tuple[Deed, ...]:
        """What was done, the latest first; by ``who`` alone if given."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT * FROM audit WHERE ? = '' OR who = ? ORDER BY id DESC LIMIT ?", (who, who, limit)
            ).fetchall()
        return tuple(
            Deed(datetime.fromisoformat(row["at"]), row["who"], row["action"], row["detail"]) for row in rows
        )

    def note(self, who: str, action: str, detail: str) -> None:
        """Write to the audit what ``who`` did."""
        with self._database.write() as connection:
            self._audit(connection, who, action, detail)

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self._database.close()

    # ------------------------------------------------------------------ helpers

    def _row(self, connection: Connection, name: str) -> Row | None:
        row: Row | None = connection.execute("SELECT * FROM account WHERE name = ?", (name,)).fetchone()
        return row

    def _existing(self, connection: Connection, name: str) -> Row:
        row = self._row(connection, name)
        if row is None:
            raise AccountError(f"没有账号“{name[:40]}”；可用 users list 查看现有账号。")
        return row

    def _keep_an_admin(self, connection: Connection, row: Row) -> None:
        others = connection.execute(
            "SELECT 1 FROM account WHERE role = 'admin' AND disabled IS NULL AND name <> ? LIMIT 1", (row["name"],)
        ).fetchone()
        if row["role"] == "admin" and row["disabled"] is None and others is None:
            raise AccountError(f"“{row['name']}”是最后一位管理员；请先让另一位同事成为管理员。")

    def _shut_out(self, connection: Connection, name: str) -> None:
        connection.execute("DELETE FROM login WHERE account = ?", (name,))

    def _audit(self, connection: Connection, who: str, action: str, detail: str) -> None:
        connection.execute(
            "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, ?, ?)", (self._text(), who, action, detail)
        )

    def _text(self, offset: timedelta = timedelta(0)) -> str:
        return (self._clock() + offset).astimezone(timezone.utc).isoformat(timespec="milliseconds")


def _account(row: Row) -> Account:
    return Account(row["name"], row["role"], row["disabled"] is not None, bool(row["must_change"]))


def _check_role(role: str) -> None:
    if role not in get_args(StaffRole):
        known = "、".join(f"{key}（{text}）" for key, text in ROLES.items())
        raise AccountError(f"角色“{role}”不可用；可选：{known}。")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
