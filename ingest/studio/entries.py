"""Single entries of the draft: changed, hidden, put back; and the questions of the studio's own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timezone

from ingest.edits import Edit
from ingest.entries import read_entries
from ingest.naming import name_of
from ingest.studio.drafts import OWN_TABLE, Draft, Drafts
from ingest.studio.table import own_table
from kb.durable import replace_file
from kb.editing import Conflict, Fields, Invalid, heart_of, original_of
from kb.errors import InputError
from kb.records import Entry
from kb.shelf import Piece


class Entries:
    """See :class:`bot.ui.studio.seams.Entries`."""

    def __init__(self, drafts: Drafts, clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)) -> None:
        self._drafts = drafts
        self._workspace = drafts.workspace
        self._clock = clock

    def questions(self) -> list[Piece]:
        """All questions with answers, of all files."""
        return self._drafts.now().questions()

    def piece(self, identity: str) -> Piece:
        """One entry."""
        return self._drafts.now().piece(identity)

    def edit(self, identity: str, version: str, fields: Fields, who: str) -> Piece:
        """Change what an entry says."""
        with self._workspace.changing():
            draft = self._drafts.now()
            piece = self._seen(draft, identity, version)
            if piece.original.kind == "faq":
                check_unique(draft, [fields], {identity})
            if piece.own:
                self._write_own(draft, {identity: fields})
                return self._own(fields)
            changes = fields.changed(piece.original)
            self._put(draft, piece, who, changes=changes, hidden=False)
        return self.piece(identity)

    def hide(self, identity: str, version: str, hidden: bool, who: str) -> Piece:
        """Take an entry out of the base, or put it back."""
        with self._workspace.changing():
            draft = self._drafts.now()
            piece = self._seen(draft, identity, version)
            if piece.own:
                raise InputError("这一条是在工作室里写的，没有原件；不要它了，请用“删除”。")
            known = draft.edits.get(identity)
            changes = known.changes if known and known.made_for == original_of(piece.original) else {}
            self._put(draft, piece, who, changes=changes, hidden=hidden)
        return self.piece(identity)

    def revert(self, identity: str, version: str) -> Piece:
        """Forget what editors changed in an entry."""
        with self._workspace.changing():
            draft = self._drafts.now()
            self._seen(draft, identity, version)
            self._workspace.write_edits(edit for edit in draft.edits.values() if edit.entry != identity)
        return self.piece(identity)

    def lost(self) -> list[Edit]:
        """Edits whose entry is not in any file now."""
        draft = self._drafts.now()
        there = {entry.id for _, entries in draft.results() for entry in entries}
        return [edit for edit in draft.edits.values() if edit.entry not in there]

    def drop_lost(self, identity: str) -> None:
        """Forget such an edit, once somebody has looked."""
        with self._workspace.changing():
            edits = self._workspace.edits()
            edits.pop(identity, None)
            self._workspace.write_edits(edits.values())

    def add(self, fields: Fields, who: str) -> Piece:
        """A new question in the studio's own table."""
        with self._workspace.changing():
            draft = self._drafts.now()
            check_unique(draft, [fields], set())
            self._write_own(draft, {}, [fields])
        return self._own(fields)

    def remove(self, identity: str, version: str) -> None:
        """Take a row out of the studio's own table."""
        with self._workspace.changing():
            draft = self._drafts.now()
            piece = self._seen(draft, identity, version)
            if not piece.own:
                raise InputError("这一条来自文件，不能单独删除；不要它了，请用“隐藏”。")
            self._write_own(draft, {identity: None})

    def take_rows(self, changed: Mapping[str, Fields], added: Sequence[Fields], who: str) -> None:
        """Many at once, as :meth:`edit` and :meth:`add` would; all or none of the studio's own rows."""
        with self._workspace.changing():
            draft = self._drafts.now()
            pieces = {identity: draft.piece(identity) for identity in changed}
            own = {identity: fields for identity, fields in changed.items() if pieces[identity].own}
            self._write_own(draft, own, added)
            edits = dict(draft.edits)
            for identity, fields in changed.items():
                if identity not in own:
                    edits[identity] = self._edit(
                        pieces[identity], who, fields.changed(pieces[identity].original), False
                    )
            if len(own) < len(changed):
                self._workspace.write_edits(edits.values())

    def _seen(self, draft: Draft, identity: str, version: str) -> Piece:
        piece = draft.piece(identity)
        if piece.version != version:
            by = f"（{piece.who}）" if piece.who else ""
            raise Conflict(f"这一条刚被别人{by}改过，您的修改还没有保存；请复制好您写的内容，刷新后再改。")
        return piece

    def _put(self, draft: Draft, piece: Piece, who: str, *, changes: Mapping[str, object], hidden: bool) -> None:
        edits = {**draft.edits, piece.original.id: self._edit(piece, who, changes, hidden)}
        if not changes and not hidden:
            del edits[piece.original.id]
        self._workspace.write_edits(edits.values())

    def _edit(self, piece: Piece, who: str, changes: Mapping[str, object], hidden: bool) -> Edit:
        original = piece.original
        when = self._clock().isoformat(timespec="milliseconds")
        name = name_of(original)[:80]
        return Edit(original.id, original_of(original), hidden, changes, original.place.source, name, who, when)

    def _write_own(self, draft: Draft, changed: Mapping[str, Fields | None], added: Sequence[Fields] = ()) -> None:
        path = self._workspace.root / "public" / OWN_TABLE
        rows: list[Fields] = []
        for entry in dict(draft.results()).get(OWN_TABLE, ()):
            fields = changed.get(entry.id, Fields.of(entry))
            if fields is not None:
                rows.append(fields)
        rows.extend(added)
        path.parent.mkdir(parents=True, exist_ok=True)
        if not rows:
            path.unlink(missing_ok=True)  # a table of no rows would be a file that cannot be read
            return
        data = own_table(rows)
        read = read_entries(data, OWN_TABLE, self._drafts.shop, folders=("public",)).entries
        kept = {Fields.of(entry) for entry in read}
        lost = next((fields for fields in rows if fields not in kept), None)
        if lost is not None:
            raise Invalid(
                {
                    "text": f"“{lost.question}”里有一部分会被当作网页残留清理掉（如版权声明、乱码），存下来就不一样了；请改写后再保存。"
                }
            )
        replace_file(path, data)

    def _own(self, fields: Fields) -> Piece:
        return [piece for piece in self.questions() if piece.own and Fields.of(piece.entry) == fields][-1]


def check_unique(draft: Draft, rows: Sequence[Fields], but: set[str]) -> None:
    """Make sure that nobody is asked the same twice at the same time.

    Raises:
        Invalid: another question of the same audience and time, hidden ones and those of ``but`` aside, asks the same.
    """
    asked: dict[tuple[str, str], list[Entry]] = {}
    for piece in draft.questions():
        if piece.state != "hidden" and piece.original.id not in but:
            asked.setdefault((heart_of(piece.entry.question), piece.entry.audience), []).append(piece.entry)
    for fields in rows:
        for other in asked.get((heart_of(fields.question), fields.audience), ()):
            if _overlap(fields, other):
                raise Invalid(
                    {
                        "question": f"“{fields.question}”已经有了（在“{other.place.source}”里）；请直接修改那一条，或写清不同之处。"
                    }
                )


def _overlap(one: Fields, other: Entry) -> bool:
    start = max(one.valid_from or date.min, other.valid_from or date.min)
    return start <= min(one.valid_to or date.max, other.valid_to or date.max)
