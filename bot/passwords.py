"""Passwords of staff: what one must look like, one made at random, and argon2id over it."""

from __future__ import annotations

import functools
import secrets
from typing import TYPE_CHECKING

from bot.errors import AccountError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_CHARS = 8
MAX_CHARS = 200
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are mistaken for one another when they are read aloud or copied by hand."""


def made() -> str:
    """A password of four groups of four, 79 bits: to be told once and changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def check(password: str, name: str) -> None:
    """Make sure that ``password`` can be one of ``name``.

    Raises:
        AccountError: it is too short or too long, or is the name itself.
    """
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        raise AccountError(f"密码长度是 {len(password)}，需要 {MIN_CHARS} 到 {MAX_CHARS} 个字符；请换一个。")
    if password.strip().lower() == name.lower():
        raise AccountError("密码不能和账号名相同；请换一个。")


def digest(password: str) -> str:
    """What is stored of a password: argon2id with the library's parameters (RFC 9106, low memory)."""
    return _hasher().hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one of which ``stored`` was kept; takes as long where there is none."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        _hasher().verify(stored if stored is not None else _decoy(), password[:MAX_CHARS])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@functools.cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@functools.cache
def _decoy() -> str:
    return digest(secrets.token_urlsafe(16))
