"""The studio's addresses over real sources: uploads, entries, questions, publishing; every one for editors only."""

from __future__ import annotations

import io
import re
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from starlette.testclient import TestClient

from bot.accounts import Accounts
from bot.journal import Journal
from bot.records import Citation, Reply
from bot.ui.sign_in import COOKIE
from bot.ui.studio.inbox_tab import Inbox
from bot.ui.studio.wiring import Tools, studio_tabs
from bot.unanswered import Unanswered
from ingest.gate import parse_questions
from kb.config import Home, ShopSettings
from kb.errors import GateRefused, InputError
from kb.publishing import BuildStatus, Version
from kb.records import Audience, Entry, Place, SearchResult
from tests.app.browser import DESK, PHONE, Visit, served
from tests.app.doubles import WordChecker
from tests.doubles import hit
from tests.ingest.studio.conftest import FAQ, GUIDE, Studio, studio_at

MOST = 1 << 20


class ScriptedPublisher:
    """Publishes what it is told to, at once."""

    def __init__(self) -> None:
        self.now = BuildStatus("none")
        self.refuse = ""
        self.done: list[tuple[str, ...]] = []

    def status(self) -> BuildStatus:
        return self.now

    def start(self, who: str) -> None:
        if self.now.state == "building":
            raise InputError("已经在生成草稿，请等它完成，或先取消。")
        self.done.append(("start", who))
        self.now = BuildStatus("ready", draft="gen-000002", counts={"entries": 3, "added": 1}, refused=self.refuse)

    def cancel(self) -> None:
        self.now = BuildStatus("cancelled")

    def publish(self, identity: str, who: str, override: str = "") -> None:
        if self.refuse and not override:
            raise GateRefused(self.refuse)
        self.done.append(("publish", identity, who, override))
        self.now = BuildStatus("none")

    def versions(self) -> list[Version]:
        return [Version("gen-000001", "2026-11-27T04:00:00+00:00", "2026-11-27T04:00:00+00:00", True, 3)]

    def rollback(self, who: str) -> str:
        self.done.append(("rollback", who))
        return "gen-000000"


class AskedInVain:
    """Two questions, and what was said became of them."""

    def __init__(self) -> None:
        self.settled: list[tuple[tuple[str, ...], str, str]] = []

    def unanswered(self, *, limit=100, since=None, encoder=None):
        at = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
        wordings = ("<b>能刻字吗", "可以刻字不")
        return [
            Unanswered(wordings[0], 5, at, {"none": 3, "unsolved": 2}, wordings),
            Unanswered("货到付款行不行", 2, at, {"clarify": 2}, ("货到付款行不行",)),
            Unanswered("闲聊", 1, at, {"none": 1}, ("闲聊",), "ignored", "小周", at),
        ]

    def settle(self, questions, state, who):
        self.settled.append((tuple(questions), state, who))


class Live:
    """Finds every question of the draft, as if it were live."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio

    def search(self, question: str, k: int = 5) -> SearchResult:
        found = tuple(hit(piece.entry, 0.5) for piece in self.studio.entries.questions())
        return SearchResult(question, "clarify", 0.5, found[:k], "gen-000001")


class Answers:
    """Says what it was asked, as the draft only."""

    def compare(self, identity: str, audience: Audience, question: str):
        entry = Entry("x", "faq", audience, f"{identity} 答：{question}", Place("a.csv"), question=question)
        before = SearchResult(question, "none", 0.1, (), "gen-000001")
        return before, SearchResult(question, "answer", 0.9, (hit(entry, 0.9),), identity)


def tools_over(studio: Studio, publisher: ScriptedPublisher) -> Tools:
    return Tools(studio.files, studio.entries, studio.exchange, publisher, Answers(), MOST, parse_questions)


@pytest.fixture(scope="module")
def editors(tmp_path_factory) -> Iterator[Accounts]:
    accounts = Accounts(Path(tmp_path_factory.mktemp("tabs")) / "journal.sqlite3")
    accounts.add("小林", "agent", "correct horse")
    accounts.add("小周", "editor", "correct horse")
    yield accounts
    accounts.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Studio:
    return studio_at(tmp_path_factory.mktemp("shelf") / "sources")


@pytest.fixture(scope="module")
def publisher() -> ScriptedPublisher:
    return ScriptedPublisher()


@pytest.fixture(scope="module")
def vain() -> AskedInVain:
    return AskedInVain()


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Iterator[Journal]:
    """A journal of its own, in the home whose texts are edited."""
    journal = Journal(tmp_path_factory.mktemp("kept") / "journal.sqlite3")
    yield journal
    journal.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def app(desk, editors, base, server, shelf, publisher, vain, journal, kept, home):
    from zoneinfo import ZoneInfo

    from bot.ui.server import create_staff_app

    checker = WordChecker(没办法="我帮您想想别的办法")
    inbox = Inbox(vain, journal.reports, Live(shelf))
    tabs = studio_tabs(tools_over(shelf, publisher), home, base, kept, inbox, checker, ZoneInfo("Asia/Shanghai"))
    return create_staff_app(desk, editors, base, ShopSettings(), server, tabs=tabs)


@pytest.fixture(scope="module")
def _client(app) -> Iterator[TestClient]:
    with TestClient(app, base_url="http://desk.example.com") as client:
        yield client


@pytest.fixture
def studio(shelf, publisher) -> Studio:
    """Two files, as new."""
    import shutil

    shutil.rmtree(shelf.workspace.root, ignore_errors=True)
    for name, text in (("faq.csv", FAQ), ("退货政策.md", GUIDE)):
        path = shelf.workspace.root / "public" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    publisher.now, publisher.refuse = BuildStatus("none"), ""
    publisher.done.clear()
    return shelf


@pytest.fixture
def editor(_client, editors, studio) -> TestClient:
    _client.cookies.clear()
    _client.cookies.set(COOKIE, editors.open_login("小周"))
    return _client


def put(client: TestClient, name: str, data: bytes | str, audience: str = "auto"):
    content = data.encode() if isinstance(data, str) else data
    return client.put("/studio/files/upload", params={"name": name, "audience": audience}, content=content)


def hidden(html: str, question: str) -> dict[str, str]:
    """The id and version on the card of a question."""
    part = html[html.index(f"<h3>{question}</h3>") :]
    return {name: re.search(rf'name="{name}" value="(\w+)"', part).group(1) for name in ("id", "version")}


def own_routes(app) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return [(method.upper(), path) for path in paths if path.startswith("/studio/") for method in paths[path]]


def test_every_address_refuses_strangers_and_agents_at_the_gate_and_behind_it(
    app, _client, editors, studio, monkeypatch
):
    addresses = [(method, path) for method, path in own_routes(app) if not path.startswith("/studio/ui/")]
    assert len(addresses) > 20
    for behind in (False, True):
        if behind:
            monkeypatch.setattr("bot.ui.sign_in.under", lambda path, prefixes: False)
        for name in (None, "小林"):
            _client.cookies.clear()
            if name:
                _client.cookies.set(COOKIE, editors.open_login(name))
            for method, path in addresses:
                answer = _client.request(method, path, follow_redirects=False)
                refused = answer.status_code in ({303, 401} if name is None else {403})
                assert refused and "货到付款" not in answer.text, (behind, name, method, path, answer.status_code)


def test_another_site_can_neither_upload_nor_change(editor, studio):
    foreign = {"origin": "http://evil.example"}
    assert editor.put("/studio/files/upload?name=a.md", content=b"# a", headers=foreign).status_code == 403
    assert editor.post("/studio/entry/hide", data={"id": "x", "version": "x"}, headers=foreign).status_code == 403
    assert len(studio.files.files()) == 2


def test_uploads_get_a_verdict_each(editor, studio):
    said = put(editor, "发票.md", "# 发票\n\n下单时可以选择开具电子发票，发票会发到您的邮箱。\n").json()
    assert said["outcome"] == "added" and "1 段正文" in said["lines"][0]
    assert put(editor, "坏.docx", b"PK\x03\x04no").json()["outcome"] == "rejected"
    said = put(editor, "faq.csv", FAQ.replace("三到五天", "两天"), "internal").json()
    assert said["outcome"] == "replaced" and (studio.workspace.root / "internal/faq.csv").is_file()
    assert not (studio.workspace.root / "public/faq.csv").exists()


@pytest.mark.parametrize("name", ["../../x.md", "a/b.md", "x\x00.md", "\u202egnp.md", "<script>.md", "", "x.exe"])
def test_bad_names_are_refused_with_a_reason(editor, studio, name):
    answer = put(editor, name, "# x")
    assert answer.status_code in {400, 422} and re.search("[一-龟]", answer.json()["error"])
    assert len(studio.files.files()) == 2


def test_too_much_is_refused_by_its_announced_length_before_it_comes(editor, studio):
    too_much = {"content-length": str(200 << 20)}
    answer = editor.put("/studio/files/upload?name=a.md", content=iter([b"x"]), headers=too_much)
    assert answer.status_code == 413 and "1 MB" in answer.json()["error"]
    grown = editor.put("/studio/files/upload?name=a.md", content=(b"x" * 65536 for _ in range(20)))
    assert grown.status_code == 413
    assert not any((studio.workspace.root / ".incoming").glob("*"))
    assert editor.post("/studio/files/upload?name=a.md", content=b"x" * (300 << 10)).status_code == 413, "PUT only"


def test_an_upload_cut_in_the_middle_leaves_nothing(app, editors, studio):
    with served(app) as address:
        host = urlsplit(address)
        with socket.create_connection((host.hostname, host.port)) as line:
            path = f"/studio/files/upload?name={quote('半个.md')}&audience=public"
            head = f"PUT {path} HTTP/1.1\r\nHost: {host.netloc}\r\nCookie: {COOKIE}={editors.open_login('小周')}\r\n"
            line.sendall(f"{head}Content-Length: 400000\r\n\r\n".encode() + b"# x\n\n" + b"y" * 200_000)
            folder = studio.workspace.root / ".incoming"
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and not (folder.is_dir() and any(folder.iterdir())):
                time.sleep(0.02)
            assert any(folder.iterdir()), "it has begun"
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(folder.iterdir()):
            time.sleep(0.02)
    assert not any(folder.iterdir()) and len(studio.files.files()) == 2


def test_names_and_contents_stay_text(editor):
    evil = "# <img src=x onerror=alert(1)>\n\n正文 </p><script>alert(1)</script> 您好，请注意查收。\n"
    put(editor, "a'&.md", evil)
    for path in ("/studio/files", "/studio/files/view?name=a%27%26.md"):
        html = editor.get(path).text
        assert "<script" not in html and "<img" not in html
    assert "&lt;img" in editor.get("/studio/files/view?name=a%27%26.md").text


def test_a_file_is_previewed_with_headings_audience_and_doubts(editor):
    put(editor, "短.md", "# 短\n\n好的。\n")
    html = editor.get("/studio/files/view", params={"name": "短.md"}).text
    assert "正文" in html and "公开" in html and "请留意" in html
    guide = editor.get("/studio/files/view", params={"name": "退货政策.md"}).text
    assert "<h3>七天无理由</h3>" in guide and "退货政策" in guide
    assert editor.get("/studio/files/view", params={"name": "没有.md"}).status_code == 400


def test_an_entry_is_changed_in_place_and_put_back(editor):
    about = hidden(editor.get("/studio/faq").text, "多久能收到货？")
    form = editor.get("/studio/entry/form", params={"id": about["id"]}).text
    assert "一般三到五天。" in form and about["version"] in form
    saved = editor.post("/studio/entry/save", data={**about, "question": "多久能收到货？", "text": "两天左右。"})
    assert "两天左右" in saved.text and "改过（小周" in saved.text
    late = editor.post("/studio/entry/save", data={**about, "question": "多久能收到货？", "text": "三天。"})
    assert late.status_code == 409 and "小周" in late.json()["error"]
    about = hidden(saved.text, "多久能收到货？")
    assert "已隐藏" in editor.post("/studio/entry/hide", data=about).text
    about = hidden(editor.get("/studio/entry", params={"id": about["id"]}).text, "多久能收到货？")
    shown = editor.post("/studio/entry/show", data=about).text
    back = editor.post("/studio/entry/revert", data=hidden(shown, "多久能收到货？")).text
    assert "一般三到五天。" in back and "改过" not in back


def test_what_is_wrong_with_a_question_stands_beside_its_field(editor):
    form = {"id": "new", "question": "可以货到付款吗", "text": "", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}
    html = editor.post("/studio/entry/save", data=form).text
    assert "请写上答案" in html and "早于生效日期" in html and 'aria-invalid="true"' in html
    html = editor.post("/studio/entry/save", data={**form, "text": "可以。", "valid_to": ""}).text
    assert "已经有了" in html and 'value="2026-02-01"' in html, "what was written is still there"


def test_wording_that_breaks_the_house_is_pointed_out_before_it_is_kept(editor, studio):
    form = {"id": "new", "question": "能开发票吗？", "text": "这个没办法。"}
    html = editor.post("/studio/entry/save", data=form).text
    assert "我帮您想想别的办法" in html and "仍然保存" in html and len(studio.entries.questions()) == 2
    seen = re.search(r'name="seen" value="(\w+)"', html).group(1)
    assert "用语检查" in editor.post("/studio/entry/save", data={**form, "text": "真没办法。", "seen": seen}).text
    assert "已保存" in editor.post("/studio/entry/save", data={**form, "seen": seen}).text


def test_questions_are_searched_and_filtered(editor):
    assert "共 1 条问答（全部 2 条）" in editor.get("/studio/faq", params={"q": "结算"}).text
    assert "共 1 条" in editor.get("/studio/faq", params={"category": "配送"}).text
    assert "没有找到" in editor.get("/studio/faq", params={"q": "龘"}).text
    assert "共 0 条" in editor.get("/studio/faq", params={"audience": "internal"}).text


def test_a_table_is_tried_then_taken_and_comes_back_out(editor, studio):
    table = "问题,答案\n能开发票吗？,<b>可以</b>。\n,没有问题\n"
    tried = editor.put("/studio/faq/import", params={"name": "表.csv"}, content=table.encode())
    assert (
        "新增 1 条，修改 0 条" in tried.text
        and "有问题的行（1）" in tried.text
        and len(studio.entries.questions()) == 2
    )
    token = re.search(r'name="token" value="([\w.]+)"', tried.text).group(1)
    assert "&lt;b&gt;可以" in editor.post("/studio/faq/import", data={"token": token}).text
    book = editor.get("/studio/faq/export?kind=xlsx")
    assert "attachment" in book.headers["content-disposition"]
    from openpyxl import load_workbook

    questions = [row[0].value for row in load_workbook(io.BytesIO(book.content)).active.iter_rows(min_row=2)]
    assert questions == ["能开发票吗？", "可以货到付款吗？", "多久能收到货？"]
    assert editor.get("/studio/faq/export?kind=csv").content.startswith(b"\xef\xbb\xbf")
    assert editor.put("/studio/faq/import?name=x.pdf", content=b"x").status_code == 400


def test_a_draft_is_built_weighed_and_published_with_a_reason_where_the_gate_says_no(editor, publisher):
    assert "生成草稿" in editor.get("/studio/publish").text
    publisher.refuse = "2 题答得比正式版差。"
    ready = editor.post("/studio/publish/build").text
    assert "gen-000002" in ready and "2 题答得比正式版差" in ready and "仍然发布" in ready
    refused = editor.post("/studio/publish/live", data={"draft": "gen-000002"}).text
    assert "答得比正式版差" in refused and ("start", "小周") in publisher.done
    editor.post("/studio/publish/live", data={"draft": "gen-000002", "reason": "旧活动 已结束"})
    assert publisher.done[-1] == ("publish", "gen-000002", "小周", "旧活动 已结束")
    editor.post("/studio/publish/rollback")
    assert publisher.done[-1] == ("rollback", "小周")


def test_a_draft_can_be_asked_beside_the_live_version(editor, publisher):
    publisher.start("小周")
    assert "试问草稿" in editor.get("/studio/publish").text
    asked = {"draft": "gen-000002", "q": "<b>能退吗"}
    said = editor.get("/studio/publish/try", params=asked).text
    assert "正式版：不回答" in said and "草稿：直接回答（把握 90%）" in said and "&lt;b&gt;能退吗" in said
    assert editor.get("/studio/publish/try", params={**asked, "q": " "}).status_code == 400


def test_a_second_build_is_refused_in_words(editor, publisher):
    publisher.now = BuildStatus("building", "embed", 5, 10, 12.0, "小吴")
    assert "正在计算向量 5/10，大约还要 12 秒（小吴 开始的）" in editor.get("/studio/publish").text
    assert editor.post("/studio/publish/build").status_code == 400


def test_what_was_asked_in_vain_becomes_a_question_or_another_wording_of_one(editor, studio, vain):
    html = editor.get("/studio/inbox").text
    assert "&lt;b&gt;能刻字吗" in html and "问过 5 次" in html and "没有答案 3" in html and "闲聊" not in html
    assert "不用管（小周）" in editor.get("/studio/inbox", params={"state": "ignored"}).text
    form = editor.get("/studio/entry/form", params={"id": "new", "question": "能刻字吗", "aliases": "可以刻字不"}).text
    assert 'value="能刻字吗"' in form and "可以刻字不</textarea>" in form
    near = editor.get("/studio/inbox/near", params={"q": "货到付款行不行"}).text
    about = {name: re.search(rf'name="{name}" value="(\w+)"', near).group(1) for name in ("id", "version")}
    added = editor.post("/studio/inbox/alias", data={**about, "alias": "货到付款行不行"}).text
    assert "已加上" in added and studio.asked("可以货到付款吗？").entry.aliases == ("货到付款行不行",)
    editor.post("/studio/inbox/settle", data={"wording": ["货到付款行不行"], "state": "handled"})
    assert vain.settled == [(("货到付款行不行",), "handled", "小周")]
    assert editor.post("/studio/inbox/settle", data={"wording": ["x"], "state": "gone"}).status_code == 422


def test_reports_of_agents_are_seen_to(editor, studio, journal):
    entry = studio.asked("多久能收到货？").entry.id
    journal.reports.report("小林", "wrong", "几天能到", entry, "<i>现在是两天</i>")
    html = editor.get("/studio/inbox").text
    assert "内容有误" in html and "&lt;i&gt;现在是两天" in html and f"id={entry}" in html
    number = re.search(r'name="number" value="(\d+)"', html).group(1)
    editor.post("/studio/inbox/report", data={"number": number})
    assert "现在是两天" not in editor.get("/studio/inbox").text


def test_who_did_what_is_in_the_audit(editor, editors):
    put(editor, "发票.md", "# 发票\n\n下单时可以选择开具电子发票，发票会发到您的邮箱。\n")
    editor.post("/studio/entry/save", data={"id": "new", "question": "能刻字吗？", "text": "可以的。"})
    deeds = [(deed.who, deed.action, deed.detail) for deed in editors.deeds(10)]
    assert ("小周", "studio_entry", "新增：能刻字吗？") in deeds
    assert any(who == "小周" and action == "studio_upload" and "发票.md" in detail for who, action, detail in deeds)


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_upload_preview_edit_and_publish_in_a_browser(browser, app, editors, studio, publisher, size):
    with served(app) as address:
        window = Visit(browser, address, size)
        window.context.add_cookies([{"name": COOKIE, "value": editors.open_login("小周"), "url": address}])
        page = window.page
        page.goto(f"{address}/studio/")
        page.locator("article.file").first.wait_for()
        page.set_input_files(
            "#upload-files",
            [
                {
                    "name": "发票.md",
                    "mimeType": "text/markdown",
                    "buffer": "# 发票\n\n下单时可以选择开具电子发票。\n".encode(),
                },
                {"name": "坏.docx", "mimeType": "application/zip", "buffer": b"PK\x03\x04no"},
            ],
        )
        page.locator("#uploads .added", has_text="发票.md").wait_for()
        page.locator("#uploads .rejected", has_text="坏.docx").wait_for()
        file = page.locator("article.file", has=page.locator("h3", has_text="发票.md"))
        file.get_by_role("button", name="查看内容").click()
        page.get_by_role("button", name="修改", exact=True).click()
        box = page.get_by_label("内容")
        assert box.evaluate("element => element === document.activeElement"), (
            "the keyboard goes on where the form opens"
        )
        box.fill("下单时可以选电子发票，<b>当天</b>发到邮箱。")
        page.get_by_role("button", name="保存").click()
        page.locator(".card", has_text="<b>当天</b>").wait_for()
        page.get_by_role("tab", name="发布").click()
        page.get_by_role("button", name="生成草稿").click()
        page.get_by_role("button", name="发布", exact=True).click()
        page.get_by_role("button", name="确定发布？").click()
        page.locator(".said.seen", has_text="已发布").wait_for()
        assert not window.sideways()
        window.close()
    assert publisher.done[-1] == ("publish", "gen-000002", "小周", "")


# ------------------------------------------------------------------ figures, texts, mistaken entries


def test_figures_of_days_without_and_with_customers(editor, kept):
    from datetime import datetime, timezone
    from zoneinfo import ZoneInfo

    answer = Reply("您好，可以。", "answer", "question", 0.9, (Citation("cod1", "faq.csv", "货到付款", "可以。"),), ms=80.0)
    turn = kept.turn("s", "customer", "可以货到付款吗", answer)
    kept.rate(turn, "s", "down", reasons=["wrong"])
    kept.turn("agent", "agent", "客服自己查的", answer)
    found = kept.figures(7, ZoneInfo("Asia/Shanghai"))
    assert len(found.days) == 7 and found.days[-1].day == datetime.now(timezone.utc).astimezone(ZoneInfo("Asia/Shanghai")).date()
    assert found.total("answer") == 1 and found.satisfaction == 0.0 and found.top == (("cod1", 1),)
    shown = editor.get("/studio/figures").text
    for part in ("顾客消息", "满意率", "可以货到付款吗？", "内容有误或过时", "<svg", "每天的数字"):
        assert part in shown, part
    assert "客服自己查的" not in shown


def text_form(client: TestClient, key: str) -> dict[str, str]:
    shown = client.get(f"/studio/texts/{key}").text
    return {"version": re.search(r'name="version" value="(\w+)"', shown).group(1)}


def test_a_broken_wording_is_refused_with_the_place_and_nothing_is_lost(editor, home):
    from bot.datafiles import read_text
    from bot.errors import WordingError

    packaged = read_text("wording.toml", None, WordingError)[0]
    broken = packaged.replace("祝您购物愉快", "真没办法", 1)
    shown = editor.post("/studio/texts/wording", data={**text_form(editor, "wording"), "text": broken}).text
    assert "wording.toml" in shown and "真没办法" in shown and "/tmp" not in shown
    assert not home.wording.exists()


def test_a_text_is_stored_with_the_one_before_and_two_editors_do_not_lose_a_change(editor, home, kept):
    first = text_form(editor, "synonyms")
    assert "已保存" in editor.post("/studio/texts/synonyms", data={**first, "text": "货到付款 hdfk\n"}).text
    late = editor.post("/studio/texts/synonyms", data={**first, "text": "退货 推货\n"}).text
    assert "已被别人改过" in late and "退货 推货" in late
    path = home.path / "synonyms.txt"
    assert path.read_text(encoding="utf-8") == "货到付款 hdfk\n"
    assert "第 1 行只有一个词" in editor.post("/studio/texts/synonyms", data={**text_form(editor, "synonyms"), "text": "退货"}).text
    editor.post("/studio/texts/synonyms", data={**text_form(editor, "synonyms"), "text": "退货 推货\n"})
    assert "hdfk" in editor.get("/studio/texts/synonyms", params={"take": "before"}).text


def test_a_question_set_names_the_row_that_is_wrong(editor, home):
    sent = {**text_form(editor, "questions"), "text": "问题,期望\n可以退货吗,\n"}
    assert "第 2 行缺少问题或期望" in editor.post("/studio/texts/questions", data=sent).text
    assert not home.question_set.exists()
    assert editor.get("/studio/texts/passwd").status_code == 400


def test_entries_that_are_mistaken_stand_side_by_side():
    from bot.ui.studio.fragment import fragment
    from bot.ui.studio.twins_tab import _pane
    from kb.twins import Twin

    one = Entry("a", "faq", "public", "可以。", Place("a.csv"), question="能退货吗<b>")
    other = Entry("b", "faq", "internal", "不可以。", Place("a.csv"), question="能退款吗")
    shown = fragment(*_pane([Twin(one, other, "能退货吗", "能退款吗", 0.91)])).body.decode()
    assert "0.91" in shown and "&lt;b&gt;" in shown and "仅内部" in shown
    assert "没有过于相近" in fragment(*_pane([])).body.decode()
