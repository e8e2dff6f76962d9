from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis.strategies import sampled_from, text

from bot.deadline import ServiceHours
from bot.facts import told
from bot.form import Form
from bot.tickets import Facts


@pytest.mark.parametrize(
    ("words", "asked", "order", "name", "contact"),
    [
        ("订单号2026112398765432，我姓王，电话13812345678", "", "2026112398765432", "王", "13812345678"),
        ("王女士", "name", "", "王女士", ""),
        ("我叫王小明", "", "", "王", ""),
        ("叫我小李就行", "name", "", "小李", ""),
        ("免贵姓欧阳", "name", "", "欧阳", ""),
        ("客服王女士态度很差", "", "", "", ""),
        ("我是昨天下的单", "", "", "", ""),
        ("20261123001", "order", "20261123001", "", ""),
        ("尾号5432", "order", "5432", "", ""),
        ("13812345678", "order", "", "", "13812345678"),
        ("20261123987654", "contact", "20261123987654", "", ""),
        ("我的号码是１３８１２３４５６７８", "contact", "", "", "13812345678"),
        ("abc@qq.com", "contact", "", "", "abc@qq.com"),
        ("没有", "order", "", "", ""),
    ],
)
def test_facts_in_a_message(words, asked, order, name, contact):
    found = told(words, asked)
    assert (found.order, found.name, found.contact, found.doubtful) == (order, name, contact, "")


@pytest.mark.parametrize(("words", "digits"), [("1381234567", "1381234567"), ("138-1234-567", "1381234567"), ("66778899", "66778899"), ("不方便", "")])
def test_numbers_that_are_no_usual_way_to_be_reached(words, digits):
    assert told(words, "contact").doubtful == digits


def test_what_is_said_besides_facts_is_noticed():
    assert told("订单20261123001发错货了").more and not told("我姓王，电话13812345678").more


@given(text(), sampled_from(["", "order", "name", "contact"]))
def test_any_words_can_be_read(words, asked):
    assert told(words, asked).order is not None


def test_a_form_keeps_no_number_and_comes_back_from_the_database():
    form = Form("complaint_slow").told(Facts("电话13812345678", "20261123987654", "王"), "13812345678").onward()
    assert form.step == "more" and Form.of_json(form.as_json()) == form
    assert "13812345678" not in str(form) and "20261123987654" not in str(form)


CHINA = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("due", "words"),
    [((23, 18, 30), "今天18:30前"), ((24, 9, 5), "明天9:05前"), ((25, 0, 0), "后天0:00前"), ((30, 15, 20), "11月30日15:20前")],
)
def test_due_times_in_words(due, words):
    hours = ServiceHours("每天 8:00–24:00", lambda: datetime(2026, 11, 23, 14, tzinfo=CHINA))
    assert hours.in_words(datetime(2026, 11, *due, tzinfo=CHINA).astimezone(timezone.utc)) == words


@pytest.mark.parametrize(
    ("hours", "now", "opened"),
    [
        ("每天 8:00–24:00", (23, 14, 3), (23, 14, 3)),
        ("每天 8:00–24:00", (23, 2, 3), (23, 8, 0)),
        ("周一至周五 9:00–18:00", (27, 18, 30), (30, 9, 0)),
        ("打电话问", (23, 2, 0), (23, 2, 0)),
    ],
)
def test_when_people_are_there_again(hours, now, opened):
    moment = datetime(2026, 11, *now, tzinfo=CHINA)
    assert ServiceHours(hours, lambda: moment).opened() == datetime(2026, 11, *opened, tzinfo=CHINA)
