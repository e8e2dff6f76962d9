"""What is said to a question: one answer, several, choices, or that a person has to look into it."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterable
from dataclasses import replace

from bot import compose
from bot.compose import Draft
from bot.generate import Rewording
from bot.lookup import MARKUP, Found, surest
from bot.plan import Base, Moment, Plan, Spoken, Wish
from bot.policy import VERBATIM, Decision
from bot.records import COMPLAINTS, HUMAN, Role
from bot.scenario import Situation
from bot.settings import BotSettings
from bot.tone import apologises
from kb.question import parts
from kb.records import Band, Hit
from kb.text import letters, normalise

logger = logging.getLogger(__name__)

MOST_PARTS = 4
"""Questions in one message that are answered each; who asks more is answered the first ones."""

_FILLER = re.compile(r"(?:有(?:没有)?人|谁|你们?|您)?(?:能|可以)?(?:知道|解答|帮|解决|处理|回答|回复|听懂|明白)(?:一下|我)?(?:了)?(?:吗|么|呢)|(?:这样|这)?(?:可以|行|能行|对|是这样|怎么样)(?:吗|么|吧)|怎么办|咋办|什么情况|怎么回事")
"""Parts that ask nothing of their own."""


class Questions:
    """Answers from ``base`` for ``role``; what it remembers it writes into the conversation of the moment."""

    def __init__(self, base: Base, settings: BotSettings, role: Role, rewording: Rewording | None = None) -> None:
        self._base = base
        self._settings = settings
        self._role: Role = role
        self._rewording = rewording

    def asked(self, moment: Moment) -> Plan:
        """The reply to a question."""
        situation, conversation = moment.situation, moment.conversation
        several = self._several(moment) if self._role == "customer" else None
        if several is not None:
            return several
        found = surest(self._base, situation.matter, conversation, self._role)
        decision, asked, generation = found.decision, found.asked, found.generation
        confidence = decision.confidence
        if decision.act == "answer":
            return Plan(self._answer(moment, decision, asked, generation))
        place = normalise(asked)
        lead = self._lead(moment, place, "clarify" if decision.act == "clarify" else "none")
        choices = compose.choices_of(decision.hits, self._settings.choices)
        conversation.question, conversation.choices, conversation.others = asked, choices, {}
        conversation.subject = conversation.answered = ""
        conversation.generation = generation
        if choices:
            if self._role == "agent":
                draft = compose.clarify(moment.wording.line("agent.clarify", place), choices)
            else:
                draft = self._offer(moment, "clarify.intro", choices, place, lead)
            citations = tuple(map(compose.citation_of, choices.values()))
            return Plan(Spoken("clarify", "question", draft, confidence, "", citations, tuple(choices), generation))
        outage = decision.act == "outage"
        given = {"confidence": confidence, "generation": generation}
        if self._role == "agent":
            return moment.line("agent.outage" if outage else "agent.not_found", "handoff", **given)  # type: ignore[arg-type]
        wish = Wish("question", situation.matter, "deadline", joins=conversation.ticket_kind == "question")
        line = "person.outage" if outage else "person.cannot_answer"
        return moment.line(line, "handoff", place, lead=lead, wish=wish, **given)  # type: ignore[arg-type]

    def _several(self, moment: Moment) -> Plan | None:
        """One reply to a message that asks several things, each under its own words; None if one answer is enough."""
        situation, conversation = moment.situation, moment.conversation
        asked = parts(MARKUP.sub(" ", situation.matter))[:MOST_PARTS]
        if len(asked) < 2:
            return None
        found: dict[str, Found] = {}
        unsure: list[str] = []
        before = copy.copy(conversation)
        for part in asked:
            # 运费谁出 after 怎么退货 may mean the freight of a return: a part is understood as a next message would be.
            one = surest(self._base, part, before, self._role)
            if one.generation is None:
                return None  # an outage: the single question that follows says so
            if found and one.generation != next(iter(found.values())).generation:
                return self._several(moment)  # published meanwhile: a reply rests on one generation
            hits = one.decision.hits
            seen = {other.decision.hits[0].entry.id for other in found.values()}
            if hits and hits[0].entry.id in seen:
                continue  # the same matter in other words
            if one.decision.act == "answer":
                found[part] = one
                before.question, before.subject, before.answered = one.asked, hits[0].entry.question, hits[0].entry.id
            elif not _FILLER.fullmatch(letters(part)):
                unsure.append(part)
                before.question = before.question or part
        if not found or len(found) + len(unsure) < 2:
            return None
        place = normalise(situation.matter)
        lead = self._lead(moment, place, "answer")
        # What is not sure is said to be so, never left out in silence.
        said = [
            (part, self._words(moment, found[part].decision.hits[0], part) if part in found else "")
            for part in asked
            if part in found or part in unsure
        ]
        draft = compose.several(moment.wording, said, place, lead)
        answers = [one.decision.hits[0] for one in found.values()]
        generation = next(iter(found.values())).generation
        conversation.question, conversation.choices, conversation.generation = asked[-1], {}, generation
        conversation.subject = conversation.answered = ""
        conversation.others = {}
        body = draft.text[slice(*draft.curated)]
        confidence = min(one.decision.confidence for one in found.values())
        citations = tuple(map(compose.citation_of, answers))
        return Plan(Spoken("answer", "question", draft, confidence, body, citations, (), generation))

    def _offer(self, moment: Moment, intro: str, choices: Iterable[str], place: str, lead: str = "") -> Draft:
        return compose.clarify(
            lead + moment.wording.line(intro, place), choices, moment.wording.line("clarify.tail", place)
        )

    def picked(self, choice: str, moment: Moment) -> Plan:
        """The answer to a question that was offered; looked up anew if it has been withdrawn meanwhile."""
        conversation = moment.conversation
        moment = replace(moment, situation=Situation("question", 1.0, (), choice))
        hit = conversation.choices[choice]
        try:
            unchanged = hit is not None and self._base.entry(hit.entry.id) == hit.entry
        except Exception:  # as in a search: the line for an outage follows
            logger.exception("the base could not be read")
            unchanged = False
        if hit is None or not unchanged:
            return self.asked(moment)
        decision = Decision("answer", "answer", (hit,), VERBATIM)
        return Plan(self._answer(moment, decision, choice, conversation.generation))

    def _answer(self, moment: Moment, decision: Decision, asked: str, generation: str | None) -> Spoken:
        situation, conversation = moment.situation, moment.conversation
        hit, place, confidence = decision.hits[0], normalise(asked), decision.confidence
        conversation.question, conversation.choices, conversation.generation = asked, {}, generation
        conversation.subject, conversation.answered = hit.entry.question, hit.entry.id
        conversation.others = compose.choices_of(decision.hits[1:], self._settings.choices)
        citations = (compose.citation_of(hit),)
        if hit.entry.only_wrong:
            phrases = "\n".join(f"× {line}" for line in hit.entry.wrong)
            text = moment.wording.line("agent.never", place, name=hit.entry.text, phrases=phrases)
            return Spoken("answer", "question", Draft(text, (0, len(text))), confidence, "", citations, (), generation)
        if hit.entry.kind == "script":
            text = moment.wording.line("agent.script", place, reply=hit.entry.text)
            return Spoken("answer", "question", Draft(text, (0, len(text))), confidence, "", citations, (), generation)
        words = self._words(moment, hit, asked)
        reworded = self._rewording.of(asked, words) if self._rewording and self._role == "customer" else ""
        folded = normalise(situation.matter)
        again = folded in conversation.asked
        lead = self._lead(moment, place, "answer", sorry=not apologises(words))
        tail = ""
        if conversation.form is None:  # else the way back to that follows
            tail = compose.tail_for(
                moment.wording, hit, words, place, lead=lead, again=again, last=conversation.last_tail
            )  # fmt: skip
        conversation.asked.add(folded)
        conversation.last_tail = tail or conversation.last_tail
        draft = compose.answer(moment.wording, hit, reworded or words, place, lead=lead, tail=tail)
        if reworded:
            draft = Draft(draft.text)  # nothing in it is curated
        plain = compose.answer(moment.wording, hit, words, place, lead="", tail="")
        return Spoken("answer", "question", draft, confidence, plain.text, citations, (), generation)

    def _words(self, moment: Moment, hit: Hit, asked: str) -> str:
        return compose.curated_words(moment.wording, hit, asked, self._settings.answer_chars)

    def _lead(self, moment: Moment, place: str, band: Band, *, sorry: bool = False) -> str:
        """What goes before an answer: 您好 once in a conversation, and the courtesy that the question came with."""
        situation, conversation = moment.situation, moment.conversation
        lines = [] if conversation.greeted else ["answer.hello"]
        lines += [f"courtesy.{name}" for name in situation.courtesies if name in ("thanks", "customer_apology")][:1]
        if sorry and any(name in COMPLAINTS for name in situation.courtesies):
            lines.append("courtesy.complaint")
        conversation.greeted = True
        return "".join(moment.wording.during(band).line(line, place) for line in lines)

    def others(self, moment: Moment) -> Plan:
        """What else it might have been, after the customer said that it was not that; a person when nothing is left."""
        conversation = moment.conversation
        if not conversation.others:
            wish = Wish("question", conversation.question, "deadline", joins=conversation.ticket_kind == "question")
            return moment.line("person.cannot_answer", "handoff", conversation.question, wish=wish)
        return self._offer_others(moment, "clarify.none_of_these")

    def unsolved(self, moment: Moment) -> Plan:
        """What else it might have been, or the way to a person, after 没解决 was pressed under an answer."""
        if moment.conversation.others:
            return self._offer_others(moment, "clarify.unsolved")
        draft = Draft(moment.wording.line("person.unsolved", moment.conversation.question))
        return Plan(Spoken("scripted", "question", draft, 1.0, choices=(HUMAN,)))

    def _offer_others(self, moment: Moment, intro: str) -> Plan:
        conversation = moment.conversation
        choices, conversation.others = conversation.others, {}
        conversation.choices = choices
        draft = self._offer(moment, intro, choices, conversation.question)
        citations = tuple(map(compose.citation_of, choices.values()))
        return Plan(Spoken("clarify", "question", draft, 0.0, "", citations, tuple(choices), conversation.generation))
