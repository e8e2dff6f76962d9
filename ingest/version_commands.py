"""The verbs of ``python -m ingest`` that look after versions: list, publish, go back, check, tidy, keep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kb import archive
from kb.config import Home, SearchSettings, load
from kb.console import emit, home_option, json_option, say
from kb.errors import StoreDamaged, StoreEmpty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kb.manifest import Manifest
    from kb.store import Store

_BARS = "▁▂▃▄▅▆▇█"
_MOST_BARS = 60

override_option = click.option(
    "--override",
    default="",
    metavar="REASON",
    callback=lambda context, parameter, value: value.strip(),
    help="Publish even if the gate refuses; the reason is kept with the version.",
)


@click.command()
@home_option
@json_option
def versions(home: Home, as_json: bool) -> None:
    """List all versions, newest first; the live one is marked. Ends with what they reached on the question set.

    \b
    Example:
      python -m ingest versions
    """
    store = _store(home)
    live = store.current()
    identities = store.ids()
    if not identities and not as_json:
        emit("还没有任何版本；请先运行 python -m ingest build 资料文件夹。")
    reached = []
    for identity in identities:
        try:
            manifest = store.manifest(identity)
        except StoreDamaged as error:  # named, and the others are still listed
            say(f"错误：{error}")
        else:
            reached.append(manifest.figures.get("gate_passed"))
            emit(_version_json(manifest, live) if as_json else _version_line(manifest, live))
    shares = [share for share in reversed(reached) if share is not None]
    if len(shares) > 1 and not as_json:
        emit(f"问题集通过率的走势（旧 → 新）：{trend(shares)}  {shares[0]:.1%} → {shares[-1]:.1%}")


@click.command()
@click.argument("version", metavar="ID")
@override_option
@home_option
@json_option
def publish(version: str, override: str, home: Home, as_json: bool) -> None:
    """Make version ID live, after the same comparison with the live one as in build.

    A draft that was built before the live version was published is refused: build it again.

    \b
    Examples:
      python -m ingest publish gen-000007
      python -m ingest publish gen-000007 --override "旧活动已经结束"
    """
    from ingest.gate import Gate
    from kb.encoder import load_encoders

    store = _store(home)
    with store.lock(f"发布 {version}"):
        store.verify(version)
        store.check_fresh(version)
        encoders = load_encoders(load(SearchSettings, home), say) if home.question_set.exists() else ()
        live = None
        try:
            live = store.current()
        except StoreDamaged as error:  # which publishing mends
            say(str(error))
        result = Gate(store, encoders, home.question_set, report=say, override=override).check(version, live)
        store.publish(version, figures=result.figures() or None, override=result.override)
    emit({"live": version, "figures": result.figures()} if as_json else f"已发布版本 {version}。")


@click.command()
@home_option
@json_option
def rollback(home: Home, as_json: bool) -> None:
    """Make the version live that was live before.

    \b
    Example:
      python -m ingest rollback
    """
    version = _store(home).rollback()
    emit({"live": version} if as_json else f"已回到版本 {version}。")


@click.command()
@click.argument("version", required=False, metavar="[ID]")
@home_option
@json_option
def verify(version: str | None, home: Home, as_json: bool) -> int:
    """Check every file of one version, or of all of them, against its manifest.

    \b
    Example:
      python -m ingest verify
    """
    store = _store(home)
    store.current()
    identities = [version] if version else store.ids()
    if not identities:
        raise StoreEmpty("还没有任何版本可以检查；请先运行 python -m ingest build 资料文件夹。")
    damaged = 0
    for identity in identities:
        problem = ""
        try:
            store.verify(identity)
        except StoreDamaged as error:
            problem = str(error)
            damaged += 1
        if as_json:
            emit({"id": identity, "ok": not problem, "problem": problem})
        else:
            emit(f"{identity}：{problem or '完好'}")
    return StoreDamaged.exit_code if damaged else 0


@click.command()
@click.option("--keep", default=5, show_default=True, type=click.IntRange(1), help="How many of the newest versions stay.")
@home_option
@json_option
def gc(keep: int, home: Home, as_json: bool) -> None:
    """Delete old versions; the live one and the one before it always stay.

    \b
    Example:
      python -m ingest gc --keep 3
    """
    deleted = _store(home).gc(keep)
    emit({"deleted": deleted} if as_json else f"已删除 {len(deleted)} 个旧版本{'：' if deleted else '。'}{'、'.join(deleted)}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@home_option
@json_option
def backup(file: Path, home: Home, as_json: bool) -> None:
    """Write the live version into one archive. Conversations and tickets are kept by `python -m bot backup`.

    \b
    Example:
      python -m ingest backup knowledge-2025-01-31.tar
    """
    archive.backup(_store(home), file)
    emit({"file": str(file)} if as_json else f"已备份到 {file}。")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@home_option
@json_option
def restore(file: Path, home: Home, as_json: bool) -> None:
    """Bring back the version in a backup as a new, live one.

    \b
    Example:
      python -m ingest restore knowledge-2025-01-31.tar
    """
    version = archive.restore(_store(home), file)
    emit({"live": version} if as_json else f"已恢复并发布为版本 {version}。")


COMMANDS = (versions, publish, rollback, verify, gc, backup, restore)
"""Added to the group in :mod:`ingest.cli`."""


def _store(home: Home) -> Store:
    from kb.store import open_store

    return open_store(home)


def _version_json(manifest: Manifest, live: str | None) -> dict[str, Any]:
    return {
        "id": manifest.id,
        "live": manifest.id == live,
        "created": manifest.created,
        "parent": manifest.parent,
        "encoders": [encoder.name for encoder in manifest.encoders],
        "counts": dict(manifest.counts),
        "figures": dict(manifest.figures),
        "sources": len(manifest.sources),
        "note": manifest.note,
        "published": manifest.published,
        "override": manifest.override,
    }


def _version_line(manifest: Manifest, live: str | None) -> str:
    counts = manifest.counts
    passed = manifest.figures.get("gate_passed")
    parts = [
        f"{'*' if manifest.id == live else ' '} {manifest.id}",
        manifest.created.replace("T", " "),
        f"{counts.get('entries', 0)} 条（公开 {counts.get('public', 0)}、内部 {counts.get('internal', 0)}）",
        "、".join(encoder.name for encoder in manifest.encoders),
        "" if passed is None else f"问题集通过 {passed:.1%}",
        manifest.note,
        f"放行理由：{manifest.override}" if manifest.override else "",
    ]
    return "  ".join(filter(None, parts))


def trend(shares: Sequence[float]) -> str:
    """Shares in [0, 1] as a line of bars; the lowest bar stands for the lowest of them, or for half if none is lower."""
    floor = min(0.5, *shares)
    steps = [round((share - floor) / max(1 - floor, 1e-6) * (len(_BARS) - 1)) for share in shares[-_MOST_BARS:]]
    return "".join(_BARS[step] for step in steps)
