"""The conversation behind the customer page, without a server."""

from __future__ import annotations

import json

import pytest

from bot.form import Filled
from bot.records import Reply
from bot.ui.chat import APOLOGY, CROWD, STOPPED, Chat
from bot.ui.visitors import Allowance
from kb.errors import KBError
from tests.app.conftest import ANSWER, CLARIFY
from tests.app.doubles import KeptRatings, ScriptedAssistant


@pytest.fixture
def ratings() -> KeptRatings:
    return KeptRatings()


@pytest.fixture
def assistant() -> ScriptedAssistant:
    return ScriptedAssistant({"可以货到付款吗？": ANSWER, "退": CLARIFY})


@pytest.fixture
def chat(assistant, ratings) -> Chat:
    return Chat(assistant, ratings, Allowance(1000), sleep=lambda seconds: None)


def text_of(view) -> str:
    return json.dumps(view.messages, ensure_ascii=False)


def test_a_new_visitor_is_welcomed_with_questions_to_click(chat):
    view = chat.opened("a")
    assert "很高兴为您服务" in text_of(view)
    assert view.messages[0]["options"] == [{"value": "可以货到付款吗？", "label": "可以货到付款吗？"}]
    assert not view.rateable and not view.busy


def test_a_question_waits_grows_and_is_answered(chat):
    views = list(chat.asked("a", "可以货到付款吗？"))
    assert "waiting" in text_of(views[0]) and views[0].busy
    assert "可以货到付款吗？" in views[0].messages[-2]["content"]
    assert len(views) >= 3, "the reply must come in pieces"
    assert views[-1].rateable and not views[-1].busy
    assert '<a class="source" href="/source/cod1#here">' in views[-1].messages[-1]["content"]
    assert "options" not in views[-1].messages[0], "the welcome's choices are past"


def test_opened_again_shows_what_was_said(chat):
    last = list(chat.asked("a", "可以货到付款吗？"))[-1]
    again = chat.opened("a")
    assert again.messages == last.messages and again.rateable


def test_choices_come_back_after_a_reload(chat):
    list(chat.asked("a", "退"))
    view = chat.opened("a")
    assert [option["value"] for option in view.messages[-1]["options"]] == list(CLARIFY.choices)
    assert not view.rateable


def test_visitors_are_apart(chat):
    list(chat.asked("a", "我的订单号是甲"))
    assert "订单号" not in text_of(chat.opened("b"))
    assert chat.praised("b") != chat.praised("a") or not chat.ratings.ratings


def test_nothing_is_asked_with_empty_words(chat, assistant):
    assert list(chat.asked("a", " \n　")) == []
    assert not assistant.said


def test_a_rating_is_for_the_last_answer_of_this_visitor(chat, ratings):
    list(chat.asked("a", "可以货到付款吗？"))
    list(chat.asked("b", "可以货到付款吗？"))
    assert "感谢" in chat.praised("a")
    assert [(session, value) for _, session, value in ratings.ratings] == [("a", "up")]


def test_what_was_not_solved_is_met_with_other_questions(chat, assistant):
    list(chat.asked("a", "可以货到付款吗？"))
    answer = assistant.transcript("a")[-1].turn
    views = list(chat.unsolved("a"))
    assert assistant.in_vain == [answer]
    assert [option["value"] for option in views[-1].messages[-1]["options"]] == ["怎么退货？"]
    assert views[0].busy and not views[-1].busy and not views[-1].rateable


def test_not_solved_without_an_answer_is_an_apology_and_nothing_is_noted(chat, assistant):
    views = list(chat.unsolved("a"))
    assert APOLOGY in text_of(views[-1]) and not assistant.in_vain


def test_only_answers_can_be_rated(chat, ratings):
    list(chat.asked("a", "退"))
    chat.praised("a")
    assert not ratings.ratings


def test_a_failed_rating_is_said(assistant):
    class Full(KeptRatings):
        def rate(self, *arguments):
            raise KBError("对话记录文件写不进去；请检查磁盘空间。")

    chat = Chat(assistant, Full(), Allowance(1000), sleep=lambda seconds: None)
    list(chat.asked("a", "可以货到付款吗？"))
    line = chat.praised("a")
    assert "感谢" not in line and "没有记下" in line and "磁盘" not in line


def test_a_crash_is_an_apology_and_never_its_text(chat, assistant, caplog):
    assistant.fail = RuntimeError("secret /srv/path")
    views = list(chat.asked("a", "你好"))
    assert APOLOGY in text_of(views[-1]) and "secret" not in text_of(views[-1])
    assert not views[-1].busy
    assert "secret" in caplog.text, "the log keeps what happened"


def test_history_that_cannot_be_read_is_said_and_the_visitor_can_ask(chat, assistant, monkeypatch):
    def fail(session):
        raise KBError("对话记录文件读不出来")

    monkeypatch.setattr(assistant, "transcript", fail)
    assert "之前的对话暂时无法显示" in text_of(chat.opened("a"))
    assert "货到付款" in text_of(list(chat.asked("a", "可以货到付款吗？"))[-1])


def test_too_many_messages_are_slowed_in_words(assistant, ratings):
    chat = Chat(assistant, ratings, Allowance(1, clock=lambda: 0.0), sleep=lambda seconds: None)
    list(chat.asked("a", "你好"))
    views = list(chat.asked("a", "你好"))
    assert len(views) == 1 and "请稍等" in text_of(views[0])
    assert [turn.role for turn in assistant.said["a"]].count("customer") == 1, "the second was not asked"
    assert "请稍等" not in text_of(list(chat.asked("b", "你好"))[-1])


def test_a_stopped_reply_leaves_the_question_and_a_way_on(chat, assistant):
    view = chat.stopped("a", "可以货到付款吗？")
    assert "可以货到付款吗？" in view.messages[-2]["content"] and STOPPED in view.messages[-1]["content"]
    assert view.messages[-1]["options"][0]["value"] == "转人工"
    list(chat.asked("a", "可以货到付款吗？"))
    view = chat.stopped("a", "可以货到付款吗？")
    assert sum("可以货到付款吗？</p>" in message["content"] for message in view.messages) == 1


def test_a_second_message_waits_for_the_first_reply_unless_it_was_stopped(chat, assistant):
    first = chat.asked("a", "你好")
    next(first)
    assert list(chat.asked("a", "还在吗")) == [], "a double click or an impatient Enter"
    assert list(chat.asked("b", "你好")), "other visitors do not wait"
    chat.stopped("a", "你好")
    assert "货到付款" in text_of(list(chat.asked("a", "可以货到付款吗？"))[-1])
    first.close()
    assert list(chat.asked("a", "你好")), "the stopped one leaves nothing behind"


def test_a_stopped_reply_that_ended_meanwhile_is_shown_with_the_next(chat, assistant):
    first = chat.asked("a", "你好")
    next(first)
    chat.stopped("a", "你好")
    second = chat.asked("a", "可以货到付款吗？")
    next(second)
    list(first)
    shown = text_of(list(second)[-1])
    assert "您问的是：你好" in shown and "货到付款" in shown


def test_a_short_memory_takes_nothing_off_the_page(chat, assistant, monkeypatch):
    list(chat.asked("a", "你好"))
    whole = assistant.transcript("a")
    monkeypatch.setattr(assistant, "transcript", lambda session: whole)
    views = chat.asked("a", "可以货到付款吗？")
    next(views)
    monkeypatch.setattr(assistant, "transcript", lambda session: assistant.said[session][-2:])
    shown = text_of(list(views)[-1])
    assert "您问的是：你好" in shown and "货到付款" in shown


def test_a_person_is_called_at_once(chat, assistant):
    views = list(chat.handed_off("a"))
    assert "正在为您转接" in text_of(views[0])
    assert "转接客服专员" in text_of(views[-1])


def test_ten_thousand_characters_reach_the_assistant_whole(chat, assistant):
    assistant.replies["长" * 10_000] = Reply("您的问题有点长。", "refused", "question")
    assert "有点长" in text_of(list(chat.asked("a", "长" * 10_000))[-1])


def test_fields_that_were_asked_for_are_shown_and_sent(chat, assistant):
    assistant.fields = ("order", "contact")
    view = list(chat.asked("a", "你们发错货了"))[-1]
    assert view.fields == ("order", "contact") and chat.opened("a").fields == ("order", "contact"), "after a reload too"
    sent = Filled(order=" 20251127001234 ", contact="13800138000")
    assert list(chat.filled("a", sent))[-1].fields == ()
    assert assistant.filled == [sent.trimmed()]


@pytest.mark.parametrize(
    "fields", [Filled(contact="1380013"), Filled(order="不记得<b>"), Filled(name="=HYPERLINK(1)")], ids=["contact", "order", "name"]
)
def test_a_field_that_cannot_be_kept_is_named_and_nothing_is_sent(chat, assistant, fields):
    assistant.fields = ("order", "name", "contact")
    [view] = chat.filled("a", fields)
    assert view.problem and view.fields == ("order", "name", "contact") and not assistant.filled


def test_passing_the_fields_over_is_a_message_too(chat, assistant):
    assistant.fields = ("contact",)
    assert list(chat.filled("a", Filled()))[-1].fields == ()
    assert assistant.filled == [Filled()] and "跳过" in text_of(chat.opened("a"))


def test_why_an_answer_did_not_help_is_kept_for_that_answer(chat, assistant, ratings):
    list(chat.asked("a", "可以货到付款吗？"))
    answer = assistant.said["a"][-1].turn
    assert list(chat.unsolved("a"))[-1].why
    assert "抱歉" in chat.explained("a", ["wrong"], "金额不对")
    assert ratings.given == [(answer, "a", "down", "金额不对", ("wrong",))]
    assert chat.explained("b", ["wrong"], "") and len(ratings.given) == 1, "others have nothing to explain"


def test_in_a_crowd_a_reply_comes_whole_and_keeps_nobody_waiting(assistant, ratings):
    slept: list[float] = []
    chat = Chat(assistant, ratings, Allowance(1000), sleep=slept.append)
    others = [chat.asked(f"visitor{number}", "可以货到付款吗？") for number in range(CROWD)]
    for views in others:
        assert "waiting" in text_of(next(views)), "each of them is under way"
    assert len(list(chat.asked("one more", "可以货到付款吗？"))) == 2 and not slept
    for views in others:
        list(views)
    assert len(list(chat.asked("alone", "可以货到付款吗？"))) > 2 and slept
