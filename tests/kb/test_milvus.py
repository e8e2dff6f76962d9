"""Vectors in Milvus, against milvus-lite's own server in this process."""

from __future__ import annotations

import json
import uuid

import numpy as np
import pytest

pytest.importorskip("milvus_lite", reason="milvus-lite is not installed: pip install -e '.[test]'")

from kb.config import Home
from kb.errors import SettingsError, StoreDamaged, StoreError
from kb.milvus import MilvusServer, MilvusVectors
from kb.search import HybridRetriever
from kb.store import Store, open_store
from tests.contracts import VectorHomeContract, unit
from tests.doubles import BigramEncoder, faq

pytestmark = pytest.mark.filterwarnings("ignore")  # pandas, protobuf and grpc warn of one another

COD = faq("可以货到付款吗？", "支持货到付款。")
SECRET = faq("供货价是多少？", "供货价只给内部看。", audience="internal")


@pytest.fixture(scope="module")
def uri(tmp_path_factory) -> str:
    return str(tmp_path_factory.mktemp("milvus") / "vectors.db")


@pytest.fixture
def server(uri) -> MilvusServer:
    return MilvusServer(uri, prefix=f"t{uuid.uuid4().hex[:8]}")


@pytest.fixture
def home(server) -> MilvusVectors:
    return MilvusVectors(server)


@pytest.fixture
def store(tmp_path, home) -> Store:
    return Store(tmp_path / "store", home)


def collections(home: MilvusVectors) -> set[str]:
    return {name for name in home._call("list_collections") if name.startswith(home._server.prefix)}


def collection_of(store: Store, identity: str, audience: str) -> str:
    return json.loads(store.pointers(identity)[f"{audience}/vectors-0.milvus.json"])["collection"]


class TestMilvusVectors(VectorHomeContract):
    @pytest.fixture
    def home(self, server):
        return MilvusVectors(server)


def test_a_base_answers_the_same_from_either_home(tmp_path, store):
    entries, encoder = [COD, SECRET, faq("怎么开发票？", "在订单页面申请。", "发票呢")], BigramEncoder()
    answers = []
    for one in (store, Store(tmp_path / "local")):
        identity = one.write(entries, [encoder]).id
        retriever = HybridRetriever(one.load(identity, "internal"), [encoder], generation=identity)
        answers.append([(hit.entry.id, hit.signals) for hit in retriever.search("能货到付款吗").hits])
    remote, local = answers
    assert [identity for identity, _ in remote] == [identity for identity, _ in local]
    assert [signals["cosine"] for _, signals in remote] == pytest.approx([signals["cosine"] for _, signals in local], abs=1e-3)


def test_no_internal_row_lies_in_the_public_collection(store, home):
    identity = store.write([COD, SECRET], [BigramEncoder()]).id
    public, internal = (store.load(identity, audience) for audience in ("public", "internal"))
    assert collection_of(store, identity, "public") != collection_of(store, identity, "internal")
    secret = BigramEncoder().passages([SECRET.question])
    secret = internal.centres[0].passages(secret)[0]
    assert public.vectors[0].nearest(secret, 1)[1][0] < 0.9 < internal.vectors[0].nearest(secret, 1)[1][0]


def test_the_alias_follows_what_is_live(store, home):
    first, second = (store.write([COD, SECRET, *more], [BigramEncoder()]).id for more in ([], [faq("几点下班？", "十点。")]))
    alias = f"{home._server.prefix}_public_0"
    for identity in (first, second):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "check_fresh", lambda identity: None)
            store.publish(identity)
        assert home._call("describe_alias", alias)["collection_name"] == collection_of(store, identity, "public")


def test_tidying_up_drops_what_no_version_refers_to(store, home):
    identities = []
    for number in range(3):
        identities.append(store.write([COD, faq(f"第{number}问？", "答")], [BigramEncoder()]).id)
        store.publish(identities[-1])
    assert len(collections(home)) == 3
    assert store.gc(keep=1) == [identities[0]]  # the live one's parent stays
    assert collections(home) == {collection_of(store, identity, "public") for identity in identities[1:]}


def test_a_build_that_dies_while_it_sends_leaves_nothing_live_and_the_next_one_works(store, home, monkeypatch):
    store.publish(store.write([COD], [BigramEncoder()]).id)
    live, real = store.current(), home._call

    def dies(method, *arguments, **options):
        if method == "rename_collection":
            raise KeyboardInterrupt
        return real(method, *arguments, **options)

    monkeypatch.setattr(home, "_call", dies)
    with pytest.raises(KeyboardInterrupt):
        store.write([COD, SECRET], [BigramEncoder()])
    monkeypatch.undo()
    assert store.ids() == [live] and store.current() == live
    assert any(name.endswith("_partial") for name in collections(home))
    store.publish(store.write([COD, SECRET], [BigramEncoder()]).id)
    store.gc(keep=0)
    assert not any(name.endswith("_partial") for name in collections(home))


def test_a_dropped_collection_is_a_damaged_version(store, home):
    identity = store.write([COD], [BigramEncoder()]).id
    home._call("drop_collection", collection_of(store, identity, "public"))
    with pytest.raises(StoreDamaged, match="不存在"):
        store.load(identity, "public")


def test_rows_that_are_there_are_not_sent_again(home, monkeypatch):
    home.build(16, [unit(20)])
    sent, real = [], home._call
    monkeypatch.setattr(home, "_call", lambda method, *a, **o: (sent.append(method), real(method, *a, **o))[1])
    home.build(16, [unit(20)])
    assert "insert" not in sent


def test_a_server_that_is_not_there_is_said_in_one_line():
    away = MilvusVectors(MilvusServer("http://127.0.0.1:1"))
    with pytest.raises(StoreError, match=r"Milvus（http://127.0.0.1:1）.*milvus_uri") as caught:
        away.build(16, [unit(3)])
    assert "\n" not in str(caught.value)


def test_a_connection_that_breaks_while_serving_is_said_not_hidden(home):
    index = home.build(16, [unit(30)])
    home._client.close()
    with pytest.raises(StoreError, match="Milvus"):
        index.nearest(unit(1)[0], 3)


def test_one_setting_chooses(tmp_path, uri):
    (tmp_path / "settings.toml").write_text(f'[search]\nvector_index = "milvus"\nmilvus_uri = "{uri}"\n', "utf-8")
    assert open_store(Home(tmp_path)).vectors.kind == "milvus"
    (tmp_path / "settings.toml").write_text('[search]\nvector_index = "milvus"\n', "utf-8")
    with pytest.raises(SettingsError, match="milvus_uri"):
        open_store(Home(tmp_path))


def test_a_version_is_read_whatever_is_set_now_or_the_reason_is_said(tmp_path, store, home):
    local = Store(tmp_path / "both")
    identity = local.write([COD], [BigramEncoder()]).id
    assert Store(local.root, home).load(identity, "public").vectors[0].rows == 2
    remote = store.write([COD], [BigramEncoder()]).id
    with pytest.raises(StoreError, match="vector_index"):
        Store(store.root).load(remote, "public")
    assert np.isfinite(store.load(remote, "public").vectors[0].sample(4)).all()
