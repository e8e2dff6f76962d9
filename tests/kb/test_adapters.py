from __future__ import annotations

import pytest

from kb.adapters import KnowledgeRetriever
from kb.records import SearchResult
from tests.doubles import ScriptedRetriever, faq, hit

COD = faq("可以货到付款吗？", "部分地区支持货到付款。")


def retriever(band: str, **options) -> KnowledgeRetriever:
    found = SearchResult("货到付款", band, 0.4, (hit(COD),), "gen-000001")
    return KnowledgeRetriever(base=ScriptedRetriever({"货到付款": found}), **options)


def test_entries_become_documents_with_their_sources():
    (document,) = retriever("answer").invoke("货到付款")
    assert document.page_content == COD.text and document.id == COD.id
    assert document.metadata["source"] == "faq.csv" and document.metadata["confidence"] == 0.4


@pytest.mark.parametrize(("band", "count"), [("answer", 1), ("clarify", 0), ("none", 0)])
def test_a_chain_sees_no_evidence_where_there_is_none(band, count):
    assert len(retriever(band, only_confident=True).invoke("货到付款")) == count
    assert len(retriever(band).invoke("货到付款")) == 1
