"""Staff accounts and their logins, in the journal's database."""

from __future__ import annotations

import functools
import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from bot.database import Database
from bot.errors import AccountError, AccountThrottled

if TYPE_CHECKING:
    from argon2 import PasswordHasher

StaffRole = Literal["agent", "editor"]
"""``agent``: looks up and checks drafts. ``editor``: also changes knowledge."""

MIN_PASSWORD_CHARS = 8
MAX_PASSWORD_CHARS = 200
FAILURES = 5
"""Wrong passwords for one name within :data:`FAILURE_WINDOW` after which further tries are refused."""
FAILURE_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff."""

    name: str
    role: StaffRole
    disabled: bool = False


class Accounts:
    """Staff accounts; passwords are kept as argon2id, login tokens as digests.

    All methods raise :class:`bot.errors.JournalError` when the file cannot be used.
    """

    def __init__(
        self,
        path: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        login_hours: float = 12,
    ) -> None:
        self._database = Database(path)
        self._clock = clock
        self._login = timedelta(hours=login_hours)

    def add(self, name: str, role: StaffRole, password: str) -> Account:
        """Make an account.

        Raises:
            AccountError: the name is taken or malformed, the role unknown, or the password too short.
        """
        name = name.strip()
        if not 1 <= len(name) <= 40 or not name.isprintable():
            raise AccountError(f"账号名“{name[:40]}”不可用；请用 1 到 40 个可见字符。")
        if role not in get_args(StaffRole):
            raise AccountError(f"角色“{role}”不可用；可选：agent（客服）、editor（知识编辑）。")
        _check_password(password)
        try:
            with self._database.write() as connection:
                if self._row(connection, name) is not None:
                    raise AccountError(f"账号“{name}”已经存在；要改密码请用 users passwd。")
                connection.execute(
                    "INSERT INTO account (name, role, password, created) VALUES (?, ?, ?, ?)",
                    (name, role, _hasher().hash(password), self._text()),
                )
                self._audit(connection, name, "add_account", role)
        except sqlite3.IntegrityError as error:  # pragma: no cover - the check above holds inside the transaction
            raise AccountError(f"账号“{name}”已经存在；要改密码请用 users passwd。") from error
        return Account(name, role)

    def list(self) -> tuple[Account, ...]:
        """All accounts by name."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT * FROM account ORDER BY name").fetchall()
        return tuple(_account(row) for row in rows)

    def set_password(self, name: str, password: str) -> None:
        """Change a password; all logins of the account end, and a disabled account stays disabled.

        Raises:
            AccountError: there is no such account, or the password is too short.
        """
        _check_password(password)
        with self._database.write() as connection:
            self._existing(connection, name)
            connection.execute("UPDATE account SET password = ? WHERE name = ?", (_hasher().hash(password), name))
            connection.execute("DELETE FROM login WHERE account = ?", (name,))
            connection.execute("DELETE FROM login_failure WHERE name = ?", (name,))
            self._audit(connection, name, "set_password", "")

    def disable(self, name: str) -> None:
        """Shut an account; its logins end at once.

        Raises:
            AccountError: there is no such account.
        """
        with self._database.write() as connection:
            self._existing(connection, name)
            connection.execute("UPDATE account SET disabled = ? WHERE name = ?", (self._text(), name))
            connection.execute("DELETE FROM login WHERE account = ?", (name,))
            self._audit(connection, name, "disable_account", "")

    def verify(self, name: str, password: str) -> Account | None:
        """The account whose password this is, or None; unknown names take as long as wrong passwords.

        Raises:
            AccountThrottled: five wrong passwords for this name within ten minutes.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        since = self._text(-FAILURE_WINDOW)
        with self._database.read() as connection:
            row = self._row(connection, name)
            failures = connection.execute(
                "SELECT count(*) FROM login_failure WHERE name = ? AND at >= ?", (name, since)
            ).fetchone()[0]
        if failures >= FAILURES:
            minutes = int(FAILURE_WINDOW.total_seconds() // 60)
            raise AccountThrottled(
                f"账号“{name[:40]}”密码输错次数过多，已暂停登录；请 {minutes} 分钟后再试，或请管理员重设密码。"
            )
        try:
            _hasher().verify(row["password"] if row is not None else _decoy(), password[:MAX_PASSWORD_CHARS])
            right = row is not None
        except (VerificationError, InvalidHashError):
            right = False
        if row is not None and right and row["disabled"] is None:
            with self._database.write() as connection:
                connection.execute("DELETE FROM login_failure WHERE name = ?", (name,))
            return _account(row)
        with self._database.write() as connection:
            connection.execute("DELETE FROM login_failure WHERE at < ?", (since,))
            connection.execute("INSERT INTO login_failure VALUES (?, ?)", (name[:200], self._text()))
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
                raise AccountError(f"账号“{name}”已停用；请联系知识编辑。")
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

    def close(self) -> None:
        """Give the file back; the next use opens it again."""
        self._database.close()

    def _row(self, connection: sqlite3.Connection, name: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = connection.execute("SELECT * FROM account WHERE name = ?", (name,)).fetchone()
        return row

    def _existing(self, connection: sqlite3.Connection, name: str) -> sqlite3.Row:
        row = self._row(connection, name)
        if row is None:
            raise AccountError(f"没有账号“{name[:40]}”；可用 users list 查看现有账号。")
        return row

    def _audit(self, connection: sqlite3.Connection, who: str, action: str, detail: str) -> None:
        connection.execute(
            "INSERT INTO audit (at, who, action, detail) VALUES (?, ?, ?, ?)", (self._text(), who, action, detail)
        )

    def _text(self, offset: timedelta = timedelta(0)) -> str:
        return (self._clock() + offset).astimezone(timezone.utc).isoformat(timespec="milliseconds")


def _account(row: sqlite3.Row) -> Account:
    return Account(row["name"], row["role"], row["disabled"] is not None)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _check_password(password: str) -> None:
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise AccountError(
            f"密码长度是 {len(password)}，需要 {MIN_PASSWORD_CHARS} 到 {MAX_PASSWORD_CHARS} 个字符；请换一个。"
        )


@functools.cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))
