"""Building the studio's draft in the background, and putting it live: every step in a child process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ingest.workspace import Workspace
from kb.config import Home
from kb.durable import disk_errors, replace_file
from kb.errors import GateRefused, InputError, StoreDamaged, StoreError, StoreLocked
from kb.generations import Generations
from kb.publishing import BuildStatus, Version

PUBLISH_SECONDS = 600.0
_ERRORS = {6: GateRefused, 3: StoreLocked, 4: StoreDamaged}


class Publisher:
    """See :class:`bot.ui.studio.seams.Publisher`; ``settled`` is told when a draft begun at a time is live."""

    def __init__(
        self,
        home: Home,
        settled: Callable[[float], None] = lambda since: None,
        command: Sequence[str] = (sys.executable, "-m", "ingest.studio.builder"),
    ) -> None:
        self._home = home
        self._workspace = Workspace(home.sources)
        self._settled = settled
        self._command = command
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._status = self._remembered()

    def status(self) -> BuildStatus:
        """Where the last build is."""
        with self._lock:
            status = self._status
        if status.state in ("ready", "unchanged"):
            status = replace(status, outdated=self._workspace.changed_at() > status.since)
        return status

    def start(self, who: str) -> None:
        """Begin to build a draft."""
        with self._lock:
            if self._status.state == "building":
                by = f"（{self._status.who} 开始的）" if self._status.who else ""
                raise InputError(f"已经在生成草稿{by}，请等它完成，或先取消。")
            since = time.time()
            self._status = BuildStatus("building", who=who, since=since)
            try:
                self._child = subprocess.Popen(
                    [*self._command, "--home", str(self._home.path)],
                    cwd=Path(__file__).parents[2],
                    stdin=subprocess.PIPE,  # closes when this process is gone: then the child ends
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except OSError as error:
                self._status = BuildStatus("failed", lines=(f"生成程序启动不了（{error.strerror}）；请稍后再试。",))
                return
            threading.Thread(target=self._follow, args=(self._child, who, since), daemon=True).start()

    def cancel(self) -> None:
        """Stop a build that is running."""
        with self._lock:
            if self._status.state != "building" or self._child is None:
                return
            self._status = BuildStatus("cancelled", who=self._status.who, since=self._status.since)
            child = self._child
        child.kill()
        child.wait()

    def publish(self, identity: str, who: str, override: str = "") -> None:
        """Put a draft through the gate and live."""
        status = self.status()
        if identity != status.draft:
            raise InputError("这份草稿已经不是最新的；请刷新页面，看过新的草稿再发布。")
        self._run("publish", identity, *(["--override", override] if override else []))
        self._note(identity, who, "publish")
        with contextlib.suppress(StoreError):  # it is live; former versions are only kept longer
            self._settled(status.since)
        with self._lock:
            if self._status.draft == identity:
                self._status = BuildStatus("none")
        self._remember(BuildStatus("none"))

    def rollback(self, who: str) -> str:
        """Make the version live that was before."""
        identity = str(self._run("rollback")["live"])
        self._note(identity, who, "rollback")
        return identity

    def versions(self) -> list[Version]:
        """All generations, newest first."""
        store = Generations(self._home.store)
        live = None
        with contextlib.suppress(StoreDamaged):
            live = store.current()
        who = {line["id"]: line["who"] for line in self._notes()}
        found = []
        for identity in store.ids():
            try:
                made = store.manifest(identity)
            except StoreError as error:
                found.append(Version(identity, live=identity == live, problem=str(error)))
                continue
            entries, by = made.counts.get("entries", 0), who.get(identity, "")
            found.append(Version(identity, made.created, made.published, identity == live, entries, made.figures, made.override, by))  # fmt: skip
        return found

    def _follow(self, child: subprocess.Popen[bytes], who: str, since: float) -> None:
        """Take the child's lines until it ends; the last of them is the outcome."""
        assert child.stdout is not None and child.stderr is not None
        said: list[bytes] = []
        listener = threading.Thread(target=lambda: said.extend(child.stderr or ()), daemon=True)
        listener.start()
        outcome: dict[str, Any] | None = None
        begun = {"": since}
        for raw in child.stdout:
            line = json.loads(raw)
            if "state" in line:
                outcome = line
                continue
            stage, done, total = line["stage"], line["done"], line["total"]
            start = begun.setdefault(stage, time.time())
            left = (time.time() - start) * (total - done) / done if done else None
            self._put(child, BuildStatus("building", stage, done, total, left, who, since))
        child.wait()
        listener.join()
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                stream.close()
        if outcome is None:
            last = said[-1].decode("utf-8", "replace").strip()[:200] if said else ""
            status = BuildStatus("failed", lines=(f"生成程序意外退出了{'：' + last if last else ''}；请再试一次。",))
        else:
            status = _status_of(outcome)
        status = replace(status, who=who, since=since)
        if self._put(child, status):
            self._remember(status)

    def _put(self, child: subprocess.Popen[bytes], status: BuildStatus) -> bool:
        with self._lock:
            if self._child is not child or self._status.state == "cancelled":
                return False
            self._status = status
            return True

    def _run(self, *arguments: str) -> dict[str, Any]:
        """One verb of ``python -m ingest``; its JSON.

        Raises:
            GateRefused, StoreError: it says no, in its own words.
        """
        command = [sys.executable, "-m", "ingest", *arguments, "--json", "--home", str(self._home.path)]
        try:
            done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, timeout=PUBLISH_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise StoreError(
                f"发布用了 {PUBLISH_SECONDS:.0f} 秒还没有完成，已放弃；正式版不受影响，请稍后再试。"
            ) from error
        if done.returncode:
            lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            text = "\n".join(line.removeprefix("错误：") for line in lines[-1:]) or "没有成功，请稍后再试。"
            raise _ERRORS.get(done.returncode, StoreError)(text)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def _note(self, identity: str, who: str, deed: str) -> None:
        when = datetime.now(timezone.utc).isoformat(timespec="seconds")
        lines = [*self._notes(), {"id": identity, "who": who, "deed": deed, "when": when}]
        with self._workspace.changing():
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            replace_file(self._home.sources / "published.jsonl", text.encode("utf-8"))

    def _notes(self) -> list[dict[str, str]]:
        try:
            lines = (self._home.sources / "published.jsonl").read_text(encoding="utf-8").splitlines()
            return [json.loads(line) for line in lines]
        except (OSError, ValueError):
            return []

    def _remember(self, status: BuildStatus) -> None:
        with contextlib.suppress(StoreError), disk_errors(self._home.sources):
            self._home.sources.mkdir(parents=True, exist_ok=True)
            replace_file(self._home.sources / ".build.json", json.dumps(asdict(status), ensure_ascii=False).encode())

    def _remembered(self) -> BuildStatus:
        """The draft that was ready when the server stopped, if it can still be published."""
        try:
            status = _status_of(json.loads((self._home.sources / ".build.json").read_bytes()))
            store = Generations(self._home.store)
            manifest = store.manifest(status.draft)
            if status.state == "ready" and manifest.parent == store.current() and not manifest.published:
                return status
        except (OSError, ValueError, TypeError, KeyError, StoreError):
            pass
        return BuildStatus("none")


def _status_of(values: dict[str, Any]) -> BuildStatus:
    lists = {name: tuple(values[name]) for name in ("lines", "changes", "impact", "files")}
    return BuildStatus(**{**values, **lists})
