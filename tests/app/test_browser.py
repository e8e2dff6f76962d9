"""The pages in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb.config import Home
from tests.app.browser import DESK, PHONE, SMALL_PHONE, Visit, served

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, DESK], ids=["360", "390", "1280"])
def test_a_question_is_asked_answered_and_its_source_opens(visit, size):
    window = visit(size)
    page = window.page
    assert page.title() == "掌柜生活馆 · 在线客服" and page.evaluate("document.documentElement.lang") == "zh-CN"
    window.ask("可以货到付款吗？")
    assert "结算时选择“货到付款”" in window.last()
    page.locator("#talk a.source").click()
    source = page.frame_locator("dialog iframe")
    source.locator("#here").wait_for()
    assert "可以货到付款吗？" in source.locator("#here h3").inner_text()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert not window.sideways()
    assert page.locator("#words textarea").is_visible() and page.locator("#human").is_visible()
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the composer must stay in sight"


def test_nothing_english_and_nothing_of_gradio_is_left(visit):
    window = visit()
    window.ask("可以货到付款吗？")
    text = window.page.locator("body").inner_text()
    assert not [word for word in ("Gradio", "API", "Built", "Settings", "Clear", "Error") if word in text]
    labels = window.page.evaluate(
        "[...document.querySelectorAll('[aria-label]')].map(e => e.getAttribute('aria-label'))"
    )
    assert not [label for label in labels if label.isascii()]
    assert (
        window.page.evaluate("parseFloat(getComputedStyle(document.querySelector('#words textarea')).fontSize)") >= 16
    )
    assert window.page.evaluate("parseFloat(getComputedStyle(document.querySelector('#talk .say p')).fontSize)") >= 16


def test_the_notice_says_that_a_program_answers(visit):
    assert "智能客服程序自动回答" in visit().page.locator("#notice").inner_text()


def test_a_waiting_mark_is_seen_at_once(visit, assistant, monkeypatch):
    import threading

    go_on = threading.Event()
    reply = assistant.reply

    def slow(session, text):
        go_on.wait(10)
        return reply(session, text)

    monkeypatch.setattr(assistant, "reply", slow)
    window = visit()
    window.page.locator("#words textarea").fill("在吗")
    window.page.keyboard.press("Enter")
    window.page.locator("#talk .waiting").wait_for(timeout=3000)
    assert window.page.locator("#words textarea").input_value() == ""
    window.page.locator("#words textarea").fill("边等边写")
    go_on.set()
    window.settle()
    assert window.page.locator("#words textarea").input_value() == "边等边写", "what is being written is not lost"


def test_a_reply_can_be_stopped(visit, assistant, monkeypatch):
    import threading

    go_on = threading.Event()
    monkeypatch.setattr(assistant, "reply", lambda session, text: go_on.wait(10) and None)
    window = visit()
    window.page.locator("#words textarea").fill("在吗")
    window.page.keyboard.press("Enter")
    window.page.locator("#words .stop-button").click()
    window.page.get_by_text("已经停下").wait_for()
    go_on.set()
    monkeypatch.undo()
    window.page.locator("#talk .option", has_text="转人工").wait_for()
    window.page.locator("#words textarea").fill("可以货到付款吗？")
    window.page.keyboard.press("Enter")
    window.page.get_by_text("结算时选择").wait_for()


def test_an_empty_message_changes_nothing(visit, assistant):
    window = visit()
    window.ask("可以货到付款吗？")
    before = window.page.locator("#talk").inner_text()
    for words in ("", "  "):
        window.page.locator("#words textarea").fill(words)
        window.page.keyboard.press("Enter")
        window.page.wait_for_timeout(500)
    assert window.page.locator("#talk").inner_text() == before
    (turns,) = assistant.said.values()
    assert [turn.role for turn in turns].count("customer") == 1


def test_a_lost_connection_is_said_in_chinese(visit):
    window = visit()
    window.page.route("**/queue/join*", lambda route: route.abort())
    window.page.locator("#words textarea").fill("在吗")
    window.page.keyboard.press("Enter")
    notice = window.page.locator(".toast-wrap").first
    notice.get_by_text("重新连接").wait_for()
    assert "onnection" not in notice.inner_text() and "Error" not in notice.inner_text()


def test_too_much_at_once_is_said_in_our_words(visit):
    window = visit()
    refusal = {"status": 429, "json": {"detail": "您发得有点快，请稍等 3 秒再发。"}}
    window.page.route("**/queue/join*", lambda route: route.fulfill(**refusal))
    window.page.locator("#words textarea").fill("在吗")
    window.page.keyboard.press("Enter")
    window.page.get_by_text("请稍等 3 秒再发").wait_for()
    assert window.page.locator("#words textarea").input_value() == "在吗", "nothing that was written is lost"


def test_a_rating_that_fails_is_said(visit):
    window = visit()
    window.ask("可以货到付款吗？")
    window.page.route("**/gradio_api/run/**", lambda route: route.abort())
    window.page.locator("#helpful").click()
    window.page.get_by_role("alert").get_by_text("网络不太稳定").wait_for()
    window.page.unroute("**/gradio_api/run/**")
    window.page.route("**/gradio_api/run/**", lambda route: route.fulfill(status=500, json={"error": None}))
    window.page.locator("#helpful").click()
    window.page.get_by_role("alert").get_by_text("再试一次").wait_for()


def test_choices_are_clicked(visit):
    window = visit()
    window.page.locator("#talk .option", has_text="可以货到付款吗？").click()
    window.page.get_by_text("结算时选择").wait_for()
    window.ask("退")
    options = window.page.locator("#talk .option")
    assert options.all_inner_texts() == ["可以货到付款吗？", "怎么退货？"]
    options.first.click()
    window.page.locator("#talk .user", has_text="可以货到付款吗？").nth(1).wait_for()


def test_a_person_is_one_click_away(visit):
    window = visit()
    window.page.locator("#human").click()
    window.page.get_by_text("转接客服专员").wait_for()


def test_an_answer_is_rated(visit, ratings):
    window = visit()
    assert not window.page.locator("#rate").is_visible()
    window.ask("可以货到付款吗？")
    window.page.locator("#helpful").click()
    window.page.get_by_text("感谢").wait_for()
    assert [one[2] for one in ratings.ratings] == ["up"]


def test_what_was_not_solved_brings_other_questions_to_click(visit, assistant):
    window = visit()
    window.ask("可以货到付款吗？")
    before = len(assistant.in_vain)
    window.page.locator("#unsolved").click()
    window.page.locator("#talk button", has_text="怎么退货？").wait_for()
    assert len(assistant.in_vain) == before + 1 and not window.page.locator("#rate").is_visible()


def test_a_case_is_filled_in_and_a_wrong_number_is_not_lost(visit, assistant):
    window = visit(SMALL_PHONE)
    page = window.page
    assistant.fields = ("order", "contact")
    window.ask("你们发错货了")
    page.locator("#form").wait_for()
    assert not page.locator("#field-name").is_visible()
    page.get_by_label("手机号或邮箱").fill("1380013")
    page.locator("#form-send").click()
    page.locator("#form-problem").get_by_text("11 位").wait_for()
    assert page.get_by_label("手机号或邮箱").input_value() == "1380013"
    assert not window.sideways() and page.locator("#words textarea").is_visible()
    page.get_by_label("手机号或邮箱").fill("13800138000")
    page.locator("#form-send").click()
    page.locator("#form").wait_for(state="hidden")
    window.settle()
    assert [fields.contact for fields in assistant.filled] == ["13800138000"]


def test_why_an_answer_did_not_help_can_be_told(visit, ratings):
    window = visit()
    window.ask("可以货到付款吗？")
    window.page.locator("#unsolved").click()
    window.page.get_by_label("内容有误或过时").check()
    window.page.get_by_label("想补充一句的话").fill("手续费变了")
    window.page.locator("#explain").click()
    window.page.locator("#said").get_by_text("抱歉").wait_for()
    [(_, _, value, words, reasons)] = ratings.given
    assert (value, words, reasons) == ("down", "手续费变了", ("wrong",))


def test_a_reload_keeps_the_history_and_another_visitor_sees_none(visit):
    window = visit()
    window.ask("我姓王，怎么退货")
    window.page.reload()
    window.page.locator("#talk .user", has_text="我姓王").wait_for()
    assert window.page.locator("#talk .user").count() == 1
    other = visit()
    assert "我姓王" not in other.page.locator("body").inner_text()


@pytest.fixture(scope="session")
def sample_home(e5_folder, tmp_path_factory) -> Home:
    """A home with the sample shop's knowledge about payment, made with the real encoder."""
    from ingest.build import build

    home = Home(tmp_path_factory.mktemp("sample"))
    public = ROOT / "knowledge" / "public"
    build([public / "faq" / "cod.csv", public / "faq" / "payment.csv", public / "guides" / "支付与发票指南.md"], home)
    return home


@pytest.mark.model
def test_a_newcomer_asks_the_sample_shop(browser, sample_home):
    from bot.ui.serve import customer_app

    with served(customer_app(sample_home, print)) as address:
        window = Visit(browser, address, PHONE).open()
        window.ask("可以货到付款吗？")
        reply = window.last()
        assert "您好" in reply and "货到付款" in reply and "元" in reply
        window.page.locator("#talk a.source").first.click()
        marked = window.page.frame_locator("dialog iframe").locator("#here")
        assert "货到付款" in marked.inner_text()
        window.close()
