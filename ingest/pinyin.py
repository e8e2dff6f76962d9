"""The cleaning step that undoes what a site did when it wrote pinyin into a text (see :mod:`ingest.mend` for how)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ingest.annotations import has_tone_marks, is_annotated
from ingest.mend import is_shifted, mender_for
from kb.text import to_simplified

UNMENDED = "文字损坏，无法确定原文，已保持原样，请核对"


def remove_pinyin(texts: Sequence[str], note: Callable[[str, str], None]) -> Callable[[str], str] | None:
    """What mends each text of a document that has the damage; None for any other document."""
    annotated = any(map(has_tone_marks, texts)) and is_annotated(texts)
    if not annotated and not any(map(is_shifted, texts)):
        return None
    mender = mender_for(texts)

    def apply(text: str) -> str:
        already = len(mender.unmended)
        mended = mender.mend(text)
        for place in mender.unmended[already:]:
            note(UNMENDED, place)
        # Only annotated texts are known to have been Simplified before the site got them.
        return to_simplified(mended) if annotated else mended

    return apply

