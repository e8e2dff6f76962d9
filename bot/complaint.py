"""A complaint, taken down one friendly step at a time: what happened, order number, name, contact, anything else.

The ticket is open from the first message on, so that nothing is lost when the customer leaves; each step adds to it.
Several facts in one message are taken together and what is known is not asked again. A question in between is answered
first. Every step can be skipped or left, and a wish for a person is met at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot import compose
from bot.checker import Checker
from bot.compose import Draft
from bot.deadline import ServiceHours
from bot.facts import Told, told
from bot.form import PATIENCE, Filled, Form
from bot.plan import Moment, Plan, Spoken, Wish
from bot.policy import PATIENCE as INSULTS
from bot.privacy import contacts
from bot.records import COMPLAINTS, Outcome, Scenario
from bot.tickets import Facts, Ticket, TicketKind
from kb.question import parts
from kb.text import has_words, letters, normalise

NOTHING_MORE = "没有了"
WANTS_A_PERSON = "（顾客希望由人工客服接待）"

_WITHDRAWS = re.compile(r"不(?:想|要|用|再|打算)?(?:再)?投诉了?(?:吧|啦|了)*$|(?:取消|撤回|撤销|撤掉)(?:我的|这个|这次|刚才的)?(?:投诉|登记)")
_LEAVES = re.compile(r"^(?:那|还是|哎|唉)?(?:就?算了|退出|取消|不说了|不想说了|不填了|不登记了|结束|先?这样(?:吧)?|没时间)(?:吧|了|啊)*$")
_SKIPS = re.compile(
    r"^(?:跳过|略过|下一步|skip|pass|无|否|没|没有|没有了|不用|不用了|不必|不了|匿名|保密|算了跳过)(?:吧|了|这步|这一步|这个)*$"
    r"|^(?:我|暂时|现在|手边|手头)*(?:不(?:太)?(?:记得|清楚|知道|方便|愿意|愿|想|肯|说|告诉|留|给|提供|填)|没(?:有|带)?|找不到|查不到|忘(?:记)?|记不(?:得|清|住))(?:再)?"
    r"(?:了|说|留|提供|给|填|告诉|透露|看|查)*(?:你们?)?(?:订单)?(?:编?号码?|单号|号码|电话|手机号?|邮箱|联系方式|姓名|名字)?(?:了|啦|呢|啊|多少|是多少)*$"
    r"|^(?:订单)?(?:号码?|编号|单号|电话|手机号?|邮箱)(?:我|暂时)?(?:不记得|没有|找不到|忘记?|不方便|不知道)(?:了|啦)*$"
)
_ALL_TOLD = re.compile(r"^(?:就|只有|只)这(?:些|样|么多)|^(?:我)?说完了|^没(?:有)?别的")
_ANNOUNCES = re.compile(r"^(?:我|我们)?(?:现在|今天|必须|一定)?(?:就)?(?:是)?(?:要|想|来)投诉")
_ASKS_ASIDE = re.compile(r"^(?:请问|想问|我想问|问一下|问下|想咨询|顺便问|另外问|对了)")
_CLAUSE = re.compile(r"[^，,。！!？?；;\n]+[，,。！!？?；;\n]*")
_BARE_WISH = re.compile(
    r"我|要|想|得|必须|现在|马上|今天|来|这里|怎么|可以|投诉|举报|反映|反馈|曝光|维权|你们|你|贵公司|店家|商家|客服|一下|一个|个|问题|情况|事情|了|的|吧|啊"
)


class Complaints:
    """The flow; what it remembers it writes into the conversation of the moment.

    ``aside`` answers what is said in between.
    """

    def __init__(self, checker: Checker, aside: Callable[[Moment], Plan], hours: ServiceHours) -> None:
        self._checker = checker
        self._aside = aside
        self._hours = hours

    def begin(self, moment: Moment) -> Plan:
        """The reply to a complaint outside a form: apology first, then what is still needed."""
        conversation, kind = moment.conversation, moment.situation.scenario
        found, what = told(moment.words), _what(moment.words)
        facts = Facts(what, found.order, found.name)
        further = conversation.ticket is not None and conversation.ticket_kind in COMPLAINTS
        form = Form(kind, done=frozenset({"what", "order", "name", "contact"} if further else ()))
        form = form.told(facts, found.contact).onward()
        conversation.form, conversation.choices, conversation.greeted = form, {}, True
        place = moment.place
        sorry = moment.wording.line(f"moment.{kind}", place)
        if further:
            said = moment.wording.line("complaint.noted_further", place)
        elif form.step == "more":
            said = moment.wording.line("complaint.started", place)  # what happened is repeated with all the rest
        elif what:
            said = moment.wording.line("complaint.recorded", place, question=self._quote(moment, what, kind))
        else:
            said = moment.wording.line("complaint.started", place)
        wish = Wish(kind, moment.words, "deadline", found.contact, joins=further, facts=facts)  # type: ignore[arg-type]
        unstored = f"{sorry}\n{moment.wording.line('moment.complaint_unrecorded', place)}"
        return Plan(
            self._spoken(moment, f"{sorry}\n{said}\n{self._ask(moment, form)}", kind), wish,
            self._spoken(moment, unstored, kind),
        )  # fmt: skip

    def go_on(self, moment: Moment, form: Form) -> Plan:
        """The reply to a message while ``form`` is being filled in."""
        situation, conversation = moment.situation, moment.conversation
        words = normalise(moment.words).strip(" ,.!?~。，！？、;；")
        if withdraws(moment.words):
            return self.withdrawn(moment)
        if situation.scenario == "human_agent":
            return self.to_person(moment)
        if situation.scenario == "abusive":
            conversation.insults += 1
            if conversation.insults > INSULTS:
                return self.to_person(moment)
            return self._step(moment, form, "complaint.calm", wish=self._wish(form, moment.words))
        finished = situation.scenario == "no_more_questions" and form.step == "more" or _ALL_TOLD.search(words)
        if finished and not _LEAVES.search(words):
            return self._ended(moment, form, "complaint.confirmed")
        if situation.scenario == "goodbye" or _LEAVES.search(words):
            return self._ended(moment, form, "complaint.left")
        if form.step != "more" and _SKIPS.search(words):
            return self._step(moment, form.without().onward(), "complaint.skipped")
        found = told(moment.words, form.step)
        if found.doubtful and not form.doubted:
            return self._doubted(moment, form, found)
        if found or found.doubtful:
            return self._learnt(moment, form, found)
        if self._is_aside(moment, form):
            return self.resumed(self._aside(moment), moment)
        if situation.scenario == "no_more_questions" or not has_words(words):
            return self._step(moment, form, "complaint.resume")  # a nod, or nothing to read
        if form.step == "what" and (what := _what(moment.words)):
            return self._learnt(moment, form, found, what)
        if form.step == "what" and situation.scenario in COMPLAINTS:
            return self._step(moment, form, "complaint.started")  # 我要投诉, once more
        return self._further(moment, form)

    def filled(self, moment: Moment, form: Form, fields: Filled) -> Plan:
        """The reply to fields that a page showed for ``form`` and the customer sent, filled in or empty."""
        facts = Facts(fields.what, fields.order, fields.name)
        wish = self._wish(form, "", "；".join(contacts(fields.contact)), facts) if fields else None
        line = "complaint.noted" if fields else "complaint.skipped"
        return self._step(moment, form.filled(fields, form.open), line, wish=wish)

    def to_person(self, moment: Moment) -> Plan:
        """A person takes the complaint over, at once."""
        conversation, form = moment.conversation, moment.conversation.form
        conversation.form = None
        kind: TicketKind = form.kind if form else conversation.ticket_kind  # type: ignore[assignment]
        words = moment.words if moment.situation.scenario == "abusive" else WANTS_A_PERSON
        facts = form.facts if form else Facts()
        wish = Wish(kind, words, "callback", joins=True, facts=facts)
        lines = {True: "complaint.to_person", False: "complaint.to_person_contact"}
        return self._promised(
            moment, lambda ticket: lines[bool(ticket.contact)], wish, "handoff", "human_agent", "person.human_unrecorded"
        )

    def withdrawn(self, moment: Moment) -> Plan:
        """The customer no longer complains."""
        conversation = moment.conversation
        kind = conversation.form.kind if conversation.form else conversation.ticket_kind
        conversation.form = None
        text = moment.wording.line("complaint.withdrawn", moment.place)
        unstored = moment.wording.line("person.not_saved", moment.place)
        wish = Wish(kind, "", joins=True, withdraws=True)  # type: ignore[arg-type]
        return Plan(self._spoken(moment, text, kind), wish, self._spoken(moment, unstored, kind))  # type: ignore[arg-type]

    def resumed(self, plan: Plan, moment: Moment) -> Plan:
        """``plan``, said while a form is being filled in, with the way back to it."""
        form = moment.conversation.form
        if form is None or plan.spoken.outcome == "clarify":
            return plan  # one thing at a time: the customer chooses first
        back = f"{moment.wording.line('complaint.resume', '')}{self._ask(moment, form, short=True)}"
        spoken = plan.spoken
        if plan.wish is not None and spoken.outcome == "handoff":
            # What cannot be answered goes to whoever sees to the complaint.
            text = moment.wording.line("complaint.cannot_answer", moment.place)
            spoken = replace(spoken, draft=Draft(f"{text}\n{back}"))
            return Plan(spoken, self._wish(form, moment.words), plan.unstored)
        fallback = f"{spoken.fallback}\n{back}" if spoken.fallback else ""
        spoken = replace(spoken, draft=replace(spoken.draft, text=f"{spoken.draft.text}\n{back}"), fallback=fallback)
        return replace(plan, spoken=spoken)

    # ------------------------------------------------------------------ one step

    def _is_aside(self, moment: Moment, form: Form) -> bool:
        scenario = moment.situation.scenario
        if scenario == "question":
            # What happened is often told as a question; elsewhere a question is one.
            return bool(_ASKS_ASIDE.search(normalise(moment.words)) if form.step == "what" else parts(moment.words))
        return scenario in ("greeting", "thanks", "customer_apology", "praise")

    def _learnt(self, moment: Moment, form: Form, found: Told, what: str = "") -> Plan:
        """Facts were told: they are noted and the next step follows."""
        contact = found.contact or found.doubtful
        if not what and "what" not in form.done and found.more:
            what = _what(moment.words)
        facts = Facts(what, found.order, found.name)
        learnt = form.told(facts, contact)
        detail = moment.words if found.more and not what else ""
        wish = self._wish(learnt, detail, contact, facts)
        return self._step(moment, learnt.onward(), "complaint.noted", wish=wish)

    def _doubted(self, moment: Moment, form: Form, found: Told) -> Plan:
        form = replace(form, doubted=True)
        moment.conversation.form = form
        text = moment.wording.line("complaint.check_number", moment.place, count=str(len(found.doubtful)))
        way_out = moment.wording.line("complaint.way_out", "")
        return Plan(self._spoken(moment, f"{text}\n{way_out}", form.kind))

    def _further(self, moment: Moment, form: Form) -> Plan:
        """Something else was told: it is kept, and the step asked again, but not for ever."""
        missed = form.missed + (form.step != "more")
        form = replace(form, missed=missed)
        if missed >= PATIENCE:
            form = form.without().onward()
        line = "complaint.noted_trouble" if moment.situation.scenario in COMPLAINTS else "complaint.noted_further"
        return self._step(moment, form, line, wish=self._wish(form, moment.words))

    def _step(self, moment: Moment, form: Form, line: str, *, wish: Wish | None = None) -> Plan:
        before = moment.conversation.form
        moment.conversation.form = form
        asked = self._ask(moment, form, repeat=before is not None and before.step != "more")
        text = f"{moment.wording.line(line, moment.place)}\n{asked}"
        unstored = self._spoken(moment, moment.wording.line("person.not_saved", moment.place), form.kind)
        spoken = self._spoken(moment, text, form.kind)
        if form.step == "more":
            spoken = replace(spoken, choices=(NOTHING_MORE,))
        return Plan(spoken, wish, unstored if wish is not None else None)

    def _ask(self, moment: Moment, form: Form, *, repeat: bool = True, short: bool = False) -> str:
        asked = moment.wording.line(f"complaint.ask_{form.step}", form.kind)
        if form.step == "more":
            if not repeat or short:
                return asked
            summary = moment.wording.line("complaint.repeat", form.kind, summary=self._summary(moment, form))
            return f"{summary}\n{asked}"
        return asked if short else f"{asked}\n{moment.wording.line('complaint.way_out', '')}"

    def _summary(self, moment: Moment, form: Form) -> str:
        name = form.facts.name
        rows = (
            ("您反映的是", f"“{self._quote(moment, form.facts.what, form.kind)}”" if form.facts.what else ""),
            ("订单号", form.facts.order),
            ("称呼", name if len(name) > 1 else f"姓{name}" if name else ""),
            ("联系方式", form.contact),
        )
        return "\n".join(f"· {label}：{value}" for label, value in rows if value)

    def _ended(self, moment: Moment, form: Form, line: str) -> Plan:
        moment.conversation.form = None
        name = form.facts.name
        address = f"{name}，" if len(name) > 1 else ""
        wish = self._wish(form)
        return self._promised(
            moment, lambda ticket: line, wish, "scripted", form.kind, "person.not_saved", address=address
        )

    def _promised(
        self,
        moment: Moment,
        line: Callable[[Ticket], str],
        wish: Wish,
        outcome: Outcome,
        scenario: Scenario,
        unstored: str,
        **words: str,
    ) -> Plan:
        """A line that names the ticket and its deadline, which are known once it is written."""

        def confirmed(ticket: Ticket) -> Spoken:
            text = moment.promise(line(ticket), ticket, self._hours, **words)
            return self._spoken(moment, text, scenario, outcome)

        failed = self._spoken(moment, moment.wording.line(unstored, moment.place), scenario, outcome)
        return Plan(failed, wish, failed, confirmed)

    # ------------------------------------------------------------------ helpers

    def _wish(self, form: Form, words: str = "", contact: str = "", facts: Facts | None = None) -> Wish:
        kind: TicketKind = form.kind  # type: ignore[assignment]
        known = form.facts if facts is None else form.facts.joined(facts)
        return Wish(kind, words, "deadline", contact, joins=True, facts=known)

    def _quote(self, moment: Moment, words: str, kind: Scenario) -> str:
        quote = compose.quoted(words)
        # No insult is handed back.
        if not quote or any(finding.rule == "slang.insult" for finding in self._checker.check(quote)):
            return moment.wording.line(f"complaint_kind.{kind}", "")
        return quote

    def _spoken(self, moment: Moment, text: str, scenario: Scenario, outcome: Outcome = "scripted") -> Spoken:
        return Spoken(outcome, scenario, Draft(text), moment.situation.confidence)


def withdraws(words: str) -> bool:
    """Whether ``words`` take a complaint back."""
    return _WITHDRAWS.search(normalise(words).strip(" ,.!?~。，！？、")) is not None


def announces(words: str) -> bool:
    """Whether ``words`` make a complaint in so many words, and do not ask how that is done."""
    return _ANNOUNCES.search(normalise(words)) is not None and not parts(words)


def _what(words: str) -> str:
    """What ``words`` tell to have happened: without clauses that only announce a complaint or give name and numbers."""
    clauses = [clause for clause in _CLAUSE.findall(words) if _tells(clause)]
    return "".join(clauses).strip(" ，,。；;、")


def _tells(clause: str) -> bool:
    if told(clause):
        return told(clause).more
    return len(letters(_BARE_WISH.sub("", normalise(clause)))) >= 2
