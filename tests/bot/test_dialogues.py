"""Whole conversations: outcomes, what is on the ticket, and the parts of the wording that matter."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest

from bot.assistant import Assistant
from bot.checker import load_checker
from bot.form import Filled
from bot.journal import Journal
from bot.records import Reply
from bot.tickets import STATES
from kb.errors import InputError
from tests.bot.conftest import COD, FEE, RETURN, found

ORDER, PHONE = "20261123987654", "13812345678"


def talk(assistant: Assistant, *turns: str, session: str = "v") -> Reply:
    """The reply to the last of ``turns``; every reply keeps the house rules."""
    checker = load_checker()
    for turn in turns:
        reply = assistant.reply(session, turn)
        assert not checker.check(reply.text, reply.scenario), (turn, reply.text)
    return reply


def test_a_complaint_from_apology_to_number_and_due_time(assistant, journal):
    reply = talk(assistant, "你们发货太慢了，等了三天！")
    assert reply.scenario == "complaint_slow" and reply.outcome == "scripted" and "歉" in reply.text
    assert "您反映的是：“你们发货太慢了，等了三天”" in reply.text and "24小时" in reply.text and "订单号" in reply.text
    (first,) = journal.tickets.listed()
    assert first.id == reply.ticket  # open from the first message on
    assert "怎么称呼您" in talk(assistant, ORDER).text
    assert "手机号或邮箱" in talk(assistant, "王女士").text
    repeated = talk(assistant, PHONE).text
    for part in ("“你们发货太慢了，等了三天”", "尾号7654", "王女士", "138****5678", "请问您还有其他要补充的吗"):
        assert part in repeated
    assert PHONE not in repeated and ORDER not in repeated
    last = talk(assistant, "没有了")
    assert (last.outcome, last.scenario) == ("scripted", "complaint_slow")
    assert f"登记号是{first.id}" in last.text and "明天14:00前" in last.text and "王女士" in last.text
    (ticket,) = journal.tickets.listed()
    assert (ticket.facts.order, ticket.facts.name, ticket.contact) == ("****7654", "王女士", PHONE)
    assert ticket.due - ticket.at == timedelta(hours=24)


def test_every_step_says_how_to_skip_and_how_to_leave(assistant):
    for turn in ("我要投诉", "发错货了", "跳过", "跳过"):
        reply = talk(assistant, turn)
        assert "“跳过”" in reply.text and "“转人工”" in reply.text and "“不投诉了”" in reply.text


def test_all_told_in_one_message_is_not_asked_again(assistant, journal):
    reply = talk(assistant, f"我要投诉，订单{ORDER}发错货了，我是王女士，电话{PHONE}")
    assert "请问您还有其他要补充的吗" in reply.text and "怎么称呼" not in reply.text and "手机号" not in reply.text
    assert "登记号" in talk(assistant, "没了").text
    (ticket,) = journal.tickets.listed()
    assert (ticket.facts.order, ticket.facts.name, ticket.contact) == ("****7654", "王女士", PHONE)


def test_the_fields_of_a_page_are_taken_as_they_stand(assistant, journal):
    talk(assistant, "我要投诉")
    assert assistant.wanted("v") == ("what", "order", "name", "contact")
    story = "客服一直让我转人工，说不投诉了才处理"  # words that mean something else when they are typed as a message
    reply = assistant.fill("v", Filled(story, ORDER, "王女士", PHONE))
    assert "请问您还有其他要补充的吗" in reply.text and reply.choices == ("没有了",) and not assistant.wanted("v")
    for part in ("尾号7654", "王女士", "138****5678"):
        assert part in reply.text
    assert "登记号" in talk(assistant, "没有了").text
    (ticket,) = journal.tickets.listed()
    assert (ticket.facts.order, ticket.facts.name, ticket.contact) == ("****7654", "王女士", PHONE)
    assert ticket.facts.what == story
    stored = "".join(view.text for view in journal.turns("v"))
    assert PHONE not in stored and ORDER not in stored


def test_fields_left_empty_are_not_asked_again(assistant):
    talk(assistant, "你们发错货了")
    assistant.fill("v", Filled(order=ORDER))
    assert not assistant.wanted("v")
    assert "请问您还有其他要补充的吗" in assistant.transcript("v")[-1].text


def test_a_contact_is_wanted_while_a_person_cannot_reach_the_customer(assistant, journal):
    assistant.hand_off("v")
    assert assistant.wanted("v") == ("contact",)
    with pytest.raises(InputError, match="11 位"):
        assistant.fill("v", Filled(contact="138"))
    assistant.fill("v", Filled(contact=PHONE))
    assert not assistant.wanted("v") and journal.tickets.listed()[0].contact == PHONE


def test_a_contact_that_was_passed_over_is_not_wanted_any_more(assistant, journal):
    ticket = assistant.hand_off("v").ticket
    reply = assistant.fill("v", Filled())
    assert ticket in reply.text and not assistant.wanted("v") and journal.tickets.listed()[0].state == "open"


def test_two_facts_in_one_step_skip_two_steps(assistant):
    reply = talk(assistant, "客服态度太差了", f"订单号{ORDER}，我姓陈")
    assert "手机号或邮箱" in reply.text


def test_what_happened_is_asked_when_it_was_not_told(assistant, journal):
    assert "什么情况" in talk(assistant, "我要投诉").text
    assert "订单号" in talk(assistant, "昨天到的锅是坏的，盖子也裂了").text
    assert journal.tickets.listed()[0].facts.what == "昨天到的锅是坏的，盖子也裂了"


def test_what_happened_may_be_told_as_a_question(assistant, journal):
    reply = talk(assistant, "我要投诉", "为什么三天了还没发货？")
    assert "订单号" in reply.text
    assert journal.tickets.listed()[0].facts.what == "为什么三天了还没发货？"


@pytest.mark.parametrize("words", ["跳过", "没有", "没有订单号", "不记得了", "找不到了", "订单号忘了", "不想说", "暂时没有", "不方便提供", "手边没有订单号", "不告诉你"])
def test_a_step_can_be_left_out_in_many_words(assistant, words):
    reply = talk(assistant, "你们发货太慢了", words)
    assert "怎么称呼您" in reply.text


def test_a_short_number_is_asked_about_once_and_then_believed(assistant, journal):
    talk(assistant, "你们发货太慢了", "跳过", "跳过")
    doubted = talk(assistant, "1381234567")
    assert "10位" in doubted.text and "核对" in doubted.text and not journal.tickets.listed()[0].contact
    assert "还有其他要补充的吗" in talk(assistant, "1381234567").text
    assert journal.tickets.listed()[0].contact == "1381234567"


def test_a_short_number_put_right(assistant, journal):
    talk(assistant, "你们发货太慢了", "跳过", "跳过", "1381234567", "写错了，是13812345678")
    assert journal.tickets.listed()[0].contact == PHONE


def test_a_question_in_between_is_answered_and_the_step_comes_back(assistant, journal):
    reply = talk(assistant, "客服态度太差了", "可以货到付款吗？")
    assert (reply.outcome, reply.scenario) == ("answer", "question") and COD.text in reply.text
    assert reply.text.splitlines()[-1].startswith("刚才的投诉") and "订单号" in reply.text.splitlines()[-1]
    assert "怎么称呼您" in talk(assistant, ORDER).text
    assert len(journal.tickets.listed()) == 1


def test_a_question_in_between_that_nobody_knows_goes_with_the_complaint(assistant, journal):
    reply = talk(assistant, "客服态度太差了", "火星上能收货吗？")
    assert reply.outcome == "handoff" and "订单号" in reply.text
    (ticket,) = journal.tickets.listed()
    assert ticket.id == reply.ticket and ticket.details == ("火星上能收货吗？",)


def test_choices_in_between_are_left_to_be_chosen_first(assistant):
    reply = talk(assistant, "客服态度太差了", "请问退货的钱？")
    reply = reply if reply.choices else talk(assistant, "退货的钱")
    if reply.outcome == "clarify":
        assert "订单号" not in reply.text
        picked = talk(assistant, "1")
        assert picked.outcome == "answer" and "订单号" in picked.text


def test_further_trouble_is_kept_and_met_with_an_apology(assistant, journal):
    reply = talk(assistant, "你们发货太慢了", "客服态度也很差")
    assert "歉" in reply.text and "订单号" in reply.text
    assert journal.tickets.listed()[0].details == ("客服态度也很差",)


def test_more_is_taken_down_until_there_is_no_more(assistant, journal):
    talk(assistant, "你们发货太慢了", "跳过", "跳过", "跳过", "包装也是破的")
    reply = talk(assistant, "盒子里还少了说明书")
    assert "还有其他要补充的吗" in reply.text
    assert "登记号" in talk(assistant, "就这些").text
    assert journal.tickets.listed()[0].details == ("包装也是破的", "盒子里还少了说明书")


@pytest.mark.parametrize("at", range(5))
def test_a_person_is_met_at_once_from_every_step(assistant, journal, at):
    turns = ["你们发货太慢了", ORDER, "王女士", PHONE][:at]
    talk(assistant, *turns) if turns else None
    reply = talk(assistant, "转人工")
    assert (reply.outcome, reply.scenario) == ("handoff", "human_agent")
    (ticket,) = journal.tickets.listed()
    assert reply.ticket == ticket.id and ticket.due - ticket.at == timedelta(hours=2)
    assert ("手机号" in reply.text) == (at < 4), "the contact is asked for only where it is not known"


@pytest.mark.parametrize("words", ["不投诉了", "算了不投诉了", "我不想投诉了", "取消投诉", "撤回投诉"])
def test_a_complaint_can_be_taken_back(assistant, journal, words):
    reply = talk(assistant, "你们发货太慢了", ORDER, words)
    assert "撤回" in reply.text and "歉" in reply.text
    (ticket,) = journal.tickets.listed(STATES)
    assert (ticket.state, ticket.result) == ("closed", "顾客已撤回")
    assert talk(assistant, "可以货到付款吗？").outcome == "answer"


@pytest.mark.parametrize("words", ["算了", "不说了", "再见", "先这样吧"])
def test_who_leaves_loses_nothing(assistant, journal, words):
    reply = talk(assistant, "你们发货太慢了", words)
    assert "登记号" in reply.text and "明天14:00前" in reply.text
    assert journal.tickets.listed()[0].state == "open"
    assert "撤回" in talk(assistant, "不投诉了").text


def test_there_is_nothing_to_take_back(assistant, journal):
    assert talk(assistant, "不投诉了").outcome == "scripted"
    assert journal.tickets.listed(STATES) == []


def test_insults_during_a_complaint_are_met_calmly_then_by_a_person(assistant, journal):
    calm = talk(assistant, "你们发货太慢了", "傻逼客服")
    assert calm.outcome == "scripted" and "理解" in calm.text and "傻" not in calm.text
    person = talk(assistant, "你们都是骗子")
    assert person.outcome == "handoff" and person.ticket == calm.ticket
    assert len(journal.tickets.listed()) == 1


def test_courtesies_in_between_come_back_to_the_step(assistant):
    for words in ("谢谢", "好的", "嗯嗯", "😀", "你好"):
        assert "订单号" in talk(assistant, "你们发货太慢了", words, session=f"v{words}").text


def test_a_complaint_outlives_a_restart(make, journal):
    talk(make(), "你们发货太慢了", ORDER)
    again = make()
    assert "手机号或邮箱" in talk(again, "王女士").text
    talk(make(), PHONE)
    last = talk(make(), "没有了")
    (ticket,) = journal.tickets.listed()
    assert last.ticket == ticket.id and "王女士" in last.text
    assert (ticket.facts.order, ticket.contact) == ("****7654", PHONE)


def test_what_was_asked_outlives_a_restart(make, base):
    base.results["退货运费"] = found("退货运费", "answer", 0.9, FEE)
    talk(make(), "怎么退货")
    assert FEE.text in talk(make(), "那运费呢").text


def test_no_number_is_kept_in_what_outlives_a_restart(assistant, journal, tmp_path):
    talk(assistant, "你们发货太慢了", ORDER, "王女士", PHONE, "没有了")
    journal.tickets.withdraw(journal.tickets.listed()[0].id, "v")
    state = str(journal.remembered("v", datetime(2026, 1, 1, tzinfo=timezone.utc)))
    assert PHONE not in state and ORDER not in state


def test_a_step_that_could_not_be_stored_is_asked_again(make, journal, monkeypatch):
    assistant = make()
    talk(assistant, "你们发货太慢了")
    from bot.errors import JournalError

    def full(*_: object, **__: object) -> str:
        raise JournalError("磁盘满了")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "turn", full)
        failed = assistant.reply("v", ORDER)
        assert "没能保存" in failed.text and failed.ticket is None
    assert journal.tickets.listed()[0].facts.order == ""
    assert "怎么称呼您" in talk(assistant, ORDER).text
    assert journal.tickets.listed()[0].facts.order == "****7654"


def test_a_number_that_was_closed_meanwhile_is_never_named(assistant, journal):
    first = talk(assistant, "你们发货太慢了", "跳过", "跳过", "跳过").ticket
    first = journal.tickets.listed()[0].id
    journal.tickets.close(first, "小王")
    reply = talk(assistant, "没有了")
    assert reply.ticket not in (None, first) and reply.ticket in reply.text and first not in reply.text
    assert journal.tickets.listed()[0].question == "你们发货太慢了"


def test_a_person_first_then_the_contact_as_an_option(assistant, journal):
    reply = talk(assistant, "转人工")
    assert reply.ticket and "手机号" in reply.text
    assert "登记号" in talk(assistant, f"我姓王，电话{PHONE}").text
    (ticket,) = journal.tickets.listed()
    assert (ticket.contact, ticket.facts.name) == (PHONE, "王")
    last = talk(assistant, "没有了")
    assert ticket.id in last.text and "今天16:00前" in last.text


def test_out_of_hours_says_so_and_counts_from_the_opening(assistant, clock, journal):
    clock.now = datetime(2026, 11, 23, 18, tzinfo=timezone.utc)  # 2:00 in the shop, open from 8:00 on
    assert "没有同事在线" in talk(assistant, "转人工").text
    assert journal.tickets.listed()[0].due == datetime(2026, 11, 24, 2, tzinfo=timezone.utc)
    assert "今天10:00前" in talk(assistant, PHONE).text
    closed = talk(assistant, "你们发货太慢了", "算了", session="w")
    assert "休息时间" in closed.text


def test_the_same_wish_fifty_times_is_one_ticket(assistant, journal):
    for words in ("转人工", "建议你们出小程序", "火星上能收货吗", "你们发货太慢了"):
        for _ in range(50):
            reply = talk(assistant, words, session=f"s{words}")
            assert reply.text
    assert len(journal.tickets.listed()) == 4
    assert max(len(ticket.details) for ticket in journal.tickets.listed()) <= 1


def test_two_hundred_turns_of_all_kinds_stay_calm(assistant):
    kinds = ["可以货到付款吗？", "你们太慢了", "😀😀😀", "<b>转人工</b>", "", "没有了", "那运费呢", "\x07\x00", "谢谢", "货" * 3000]
    for number in range(200):
        assert talk(assistant, kinds[number % len(kinds)]).text


def test_two_tabs_at_once_write_one_ticket(assistant, journal):
    talk(assistant, "你们发货太慢了")
    said = []
    threads = [
        threading.Thread(target=lambda words=words: said.append(assistant.reply("v", words)))
        for words in (ORDER, "王女士", PHONE, "包装也破了") * 3
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(said) == 12 and all(reply.text and reply.turn for reply in said)
    assert len(journal.tickets.listed()) == 1
    assert len(journal.turns("v")) == 26


@pytest.mark.parametrize("words", ["算了不退了", "不退了", "算了，不用换了", "那不修了吧"])
def test_a_plan_given_up_is_accepted(assistant, words):
    reply = talk(assistant, "怎么退货", words)
    assert (reply.outcome, reply.scenario) == ("scripted", "no_more_questions") and not reply.citations


@pytest.mark.parametrize("words", ["不退了怎么撤销申请", "不换了可以退吗", "算了还是问问怎么退货吧"])
def test_giving_up_is_not_read_into_questions(assistant, words):
    assert talk(assistant, words).scenario == "question"


def test_half_an_answer_says_what_it_is_not_sure_of(make, base):
    base.results["怎么退货？"] = found("怎么退货？", "answer", 0.9, RETURN)
    reply = talk(make(base=base), "怎么退货？火星上能收货吗？")
    assert reply.outcome == "answer" and RETURN.text in reply.text
    assert "火星上能收货吗" in reply.text and "没有十足的把握" in reply.text


def test_a_long_story_of_a_trouble_is_not_asked_to_be_short(assistant, journal):
    story = "你们发货太慢了，" + "我等了很多天，每次问都说快了，结果还是没有发货，" * 30
    assert 500 < len(story) < 2_000
    assert talk(assistant, story).scenario == "complaint_slow"
    assert talk(assistant, "货" * 600, session="w").outcome == "refused"


def test_a_complaint_announced_in_so_many_words_is_one(assistant, journal):
    reply = talk(assistant, f"我要投诉快递员，他骂人，电话是{PHONE}")
    assert reply.scenario == "complaint_other" and "快递员" in reply.text
    assert journal.tickets.listed()[0].contact == PHONE
    assert talk(assistant, "投诉快递员怎么办理？", session="w").scenario == "question"


def test_names_among_other_facts_are_heard(assistant, journal):
    talk(assistant, "你们发货太慢了", f"{ORDER}，王先生，{PHONE}")
    assert journal.tickets.listed()[0].facts.name == "王先生"


def test_who_has_told_all_is_asked_no_more(assistant, journal):
    reply = talk(assistant, "你们发货太慢了", "跳过", "就这些，快点处理")
    assert reply.ticket and reply.ticket in reply.text


def test_a_bare_number_complains_of_nothing(assistant, journal):
    reply = talk(assistant, "火星上能收货吗", "13812345")
    assert "8位" in reply.text and reply.ticket is None
    assert [ticket.kind for ticket in journal.tickets.listed()] == ["question"]
