from __future__ import annotations

import pytest

from bot.accounts import FAILURES, ROLES, Account, Accounts
from bot.errors import AccountError, AccountThrottled, JournalError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "journal.sqlite3"


@pytest.fixture
def accounts(where, clock) -> Accounts:
    return Accounts(where, clock, login_hours=12)


def test_the_right_password_and_nothing_else_opens(accounts):
    accounts.add("小王", "agent", "一二三四五六七八")
    assert accounts.verify("小王", "一二三四五六七八") == Account("小王", "agent")
    assert accounts.verify("小王", "一二三四五六七九") is None
    assert accounts.verify("小王", "") is None
    assert accounts.verify("nobody", "一二三四五六七八") is None


def test_passwords_and_tokens_are_not_in_the_file(accounts, path):
    accounts.add("小王", "agent", "correct horse")
    token = accounts.open_login("小王")
    accounts.close()
    stored = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"correct horse" not in stored and token.encode() not in stored
    assert b"$argon2id$" in stored


@pytest.mark.parametrize(
    ("name", "role", "password", "said"),
    [
        ("小王", "agent", "12345678", "已经存在"),
        (" 小王 ", "agent", "12345678", "已经存在"),
        ("", "agent", "12345678", "账号名"),
        ("a\nb", "agent", "12345678", "账号名"),
        ("x" * 41, "agent", "12345678", "账号名"),
        ("小李", "boss", "12345678", "boss"),
        ("小李", "agent", "1234567", "7"),
        ("小李", "agent", "x" * 201, "201"),
    ],
)
def test_what_cannot_be_an_account_is_told(accounts, name, role, password, said):
    accounts.add("小王", "agent", "12345678")
    with pytest.raises(AccountError, match=said):
        accounts.add(name, role, password)
    assert [account.name for account in accounts.list()] == ["小王"]


def test_guessing_is_throttled_and_ends(accounts, clock):
    accounts.add("小王", "agent", "12345678")
    for _ in range(FAILURES):
        assert accounts.verify("小王", "wrong") is None
    with pytest.raises(AccountThrottled, match="10 分钟"):
        accounts.verify("小王", "12345678")
    clock.pass_(minutes=11)
    assert accounts.verify("小王", "12345678") is not None


def test_unknown_names_are_throttled_alike(accounts):
    for _ in range(FAILURES):
        assert accounts.verify("nobody", "wrong") is None
    with pytest.raises(AccountThrottled):
        accounts.verify("nobody", "wrong")


def test_a_right_password_clears_the_count(accounts):
    accounts.add("小王", "agent", "12345678")
    for _ in range(3):
        for _ in range(FAILURES - 1):
            accounts.verify("小王", "wrong")
        assert accounts.verify("小王", "12345678") is not None


def test_logins_expire_close_and_end_with_the_account(accounts, clock):
    accounts.add("小王", "editor", "12345678")
    token, other = accounts.open_login("小王"), accounts.open_login("小王")
    assert token != other and len(token) >= 40
    assert accounts.account_of(token) == Account("小王", "editor")
    accounts.close_login(token)
    accounts.close_login("unknown")
    assert accounts.account_of(token) is None and accounts.account_of("") is None
    assert accounts.account_of(other) is not None
    clock.pass_(hours=13)
    assert accounts.account_of(other) is None
    third = accounts.open_login("小王")
    accounts.set_password("小王", "87654321")
    assert accounts.account_of(third) is None
    fourth = accounts.open_login("小王")
    accounts.disable("小王")
    assert accounts.account_of(fourth) is None
    assert accounts.verify("小王", "87654321") is None
    with pytest.raises(AccountError, match="停用"):
        accounts.open_login("小王")
    assert accounts.list() == (Account("小王", "editor", True),)


@pytest.mark.parametrize("use", [lambda a: a.disable("x"), lambda a: a.set_password("x", "12345678"), lambda a: a.open_login("x")])
def test_unknown_accounts_are_named(accounts, use):
    with pytest.raises(AccountError, match="没有账号“x”"):
        use(accounts)


def test_an_unusable_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError):
        Accounts(tmp_path / "file" / "j").list()


def test_who_knows_a_name_cannot_keep_its_owner_out_from_elsewhere(accounts):
    accounts.add("小王", "agent", "12345678")
    for _ in range(FAILURES):
        assert accounts.verify("小王", "wrong", "10.0.0.1") is None
    with pytest.raises(AccountThrottled):
        accounts.verify("小王", "12345678", "10.0.0.1")
    assert accounts.verify("小王", "12345678", "10.0.0.2") is not None


def test_many_addresses_together_are_stopped(accounts, monkeypatch):
    monkeypatch.setattr("bot.accounts.FAILURES_IN_ALL", 6)
    accounts.add("小王", "agent", "12345678")
    for number in range(6):
        assert accounts.verify("小王", "wrong", f"10.0.0.{number}") is None
    with pytest.raises(AccountThrottled):
        accounts.verify("小王", "12345678", "10.1.0.1")
    accounts.enable("小王", by="店长")
    assert accounts.verify("小王", "12345678", "10.1.0.1") is not None


def test_each_role_may_what_those_before_it_may(accounts):
    made = {role: accounts.add(role, role, "12345678") for role in ROLES}
    may = {role: [account.may(other) for other in ROLES] for role, account in made.items()}
    assert may == {
        "agent": [True, False, False], "editor": [True, True, False], "admin": [True, True, True],
    }  # fmt: skip
    assert not Account("小王", "admin", disabled=True).may("agent")


def test_somebody_is_left_to_keep_the_accounts(accounts):
    accounts.add("店长", "admin", "12345678")
    for step in (lambda: accounts.disable("店长"), lambda: accounts.set_role("店长", "agent")):
        with pytest.raises(AccountError, match="最后一位管理员"):
            step()
    accounts.add("副店长", "admin", "12345678")
    accounts.set_role("店长", "editor", by="副店长")
    assert [account.role for account in accounts.list()] == ["admin", "editor"]


def test_a_new_role_ends_the_logins(accounts):
    accounts.add("小王", "editor", "12345678")
    token = accounts.open_login("小王")
    accounts.set_role("小王", "agent")
    assert accounts.account_of(token) is None


def test_the_first_administrator_is_made_once(tmp_path, clock):
    accounts = Accounts(tmp_path / "journal.sqlite3", clock)
    account, password = accounts.first_admin()
    assert account.must_change and accounts.verify(account.name, password) == account
    assert accounts.first_admin() is None
    accounts.set_password(account.name, "my own password", by=account.name)
    assert not accounts.verify(account.name, "my own password").must_change


def test_what_was_done_is_told_the_latest_first(accounts):
    accounts.add("店长", "admin", "12345678")
    accounts.add("小王", "agent", "12345678", by="店长")
    accounts.disable("小王", by="店长")
    assert [(deed.who, deed.action, deed.detail) for deed in accounts.deeds()] == [
        ("店长", "disable_account", "小王"), ("店长", "add_account", "小王（客服）"), ("", "add_account", "店长（管理员）"),
    ]  # fmt: skip
    assert [deed.action for deed in accounts.deeds(1, "店长")] == ["disable_account"]
    assert "12345678" not in str(accounts.deeds())
