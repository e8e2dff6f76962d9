from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import pytest

from kb.config import Home, SearchSettings, ShopSettings, load, resolve_home
from kb.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Sample:
    TABLE: ClassVar[str] = "bot"

    name: str = "x"
    count: int = 1
    share: float = 0.5
    on: bool = False
    names: tuple[str, ...] = ()
    mode: Literal["a", "b"] = "a"


def write(home: Home, text: str) -> None:
    home.path.mkdir(parents=True, exist_ok=True)
    home.settings_file.write_text(text, encoding="utf-8")


def test_defaults_need_no_file(home):
    assert load(SearchSettings, home, {}) == SearchSettings(encoders=("e5",))


def test_the_file_overrides_defaults_and_the_environment_the_file(home):
    write(home, '[shop]\nbrand = "春风小铺"\nservice_hours = "9:00–18:00"\n')
    settings = load(ShopSettings, home, {"KB_SHOP_SERVICE_HOURS": "全天"})
    assert (settings.brand, settings.service_hours) == ("春风小铺", "全天")


def test_values_take_the_type_of_their_field(home):
    write(home, '[bot]\nnames = ["甲", "乙"]\nshare = 1\n')
    environ = {"KB_BOT_COUNT": "3", "KB_BOT_ON": "true", "KB_BOT_MODE": "b"}
    assert load(Sample, home, environ) == Sample("x", 3, 1.0, True, ("甲", "乙"), "b")
    assert load(Sample, home, {"KB_BOT_NAMES": "丙, 丁"}).names == ("丙", "丁")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[shop]\nbrnad = 'x'", "brnad"),
        ("[shops]\nbrand = 'x'", r"\[shops\]"),
        ("[bot]\ncount = 'many'", "many.*整数"),
        ("[bot]\ncount = 1.5", "1.5.*整数"),
        ("[bot]\non = 1", "true 或 false"),
        ("[bot]\nmode = 'c'", "可选：a、b"),
        ("[bot]\nname = 3", "文字"),
        ("[bot", "TOML"),
    ],
)
def test_a_bad_setting_is_named_with_what_is_wanted(home, text, named):
    write(home, text)
    with pytest.raises(SettingsError, match=named):
        load(Sample if "bot" in text else ShopSettings, home, {})


def test_the_flag_wins_over_the_environment(tmp_path):
    assert resolve_home(tmp_path / "flag", {"KB_HOME": "/env"}).path == tmp_path / "flag"
    assert str(resolve_home(None, {"KB_HOME": str(tmp_path)}).path) == str(tmp_path)
