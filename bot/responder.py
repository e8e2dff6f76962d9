"""What is said to a message: the situation, the search, the decision and the words, but nothing stored yet."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from bot import compose, followup
from bot.checker import Checker
from bot.compose import Draft
from bot.generate import Rewording
from bot.opening import is_open
from bot.plan import Base, Plan, Spoken, Wish
from bot.policy import VERBATIM, Decision, decide
from bot.privacy import contacts
from bot.records import COMPLAINTS, Outcome, Role, Scenario
from bot.scenario import Classifier, Situation
from bot.session import Conversation
from bot.settings import BotSettings
from bot.tickets import TicketKind
from bot.wording import Wording
from kb.question import parts
from kb.records import SearchResult
from kb.text import has_words, normalise

logger = logging.getLogger(__name__)

HITS = 8
"""Hits asked of the base: choices that say the same fall away."""

MOST_PARTS = 4
"""Questions in one message that are answered each; who asks more is answered the first ones."""

_MARKUP = re.compile(r"<[^<>]{1,200}>")
_NUMBERED = re.compile(r"[A-Za-z]{0,4}\d{6,}")


class Responder:
    """Plans replies; what it remembers it writes into the conversation it is given."""

    def __init__(
        self,
        base: Base,
        wording: Wording,
        checker: Checker,
        classifier: Classifier,
        settings: BotSettings,
        role: Role,
        opening: Callable[[], str],
        now: Callable[[], datetime],
        service_hours: str,
        rewording: Rewording | None = None,
    ) -> None:
        self._base = base
        self._wording = wording
        self._checker = checker
        self._classifier = classifier
        self._settings = settings
        self._role: Role = role
        self._opening = opening
        self._now = now
        self._service_hours = service_hours
        self._rewording = rewording

    def plan(self, words: str, conversation: Conversation) -> Plan:
        """What to say to ``words`` (without control characters), and what has to be stored for it."""
        if not words:
            return self._line("input.empty", "scripted")
        if len(words) > self._settings.question_chars:
            return self._line("input.too_long", "refused")
        refusal = self._classifier.refusal(words) if self._role == "customer" else None
        if refusal == "care":
            return self._line("refusal.care", "handoff", wish=Wish("human", words, "callback"))
        if refusal is not None:
            return self._line(f"refusal.{refusal}", "refused")
        picked = followup.chosen(words, conversation.choices)
        if picked is not None:
            return self._picked(picked, conversation)
        situation = self._classifier.classify(words)
        added = self._addition(words, situation, conversation)
        if added is not None:
            return added
        if situation.scenario != "question":
            return self.act(situation, words, conversation)
        if followup.points_beyond(words) or not has_words(normalise(words)):
            return self._line("input.pick" if conversation.choices else "input.unclear", "scripted")
        if followup.rejects(words) and conversation.question and self._role == "customer":
            return self._others(conversation)
        return self._question(situation, conversation)

    # ------------------------------------------------------------------ questions

    def _question(self, situation: Situation, conversation: Conversation) -> Plan:
        several = self._several(situation, conversation) if self._role == "customer" else None
        if several is not None:
            return several
        result, asked = self._looked_up(situation.matter, conversation)
        decision = decide("question", result, self._role, words=asked)
        confidence, generation = decision.confidence, result.generation if result is not None else None
        if decision.act == "answer":
            return Plan(self._answer(decision, asked, situation, generation, conversation))
        place = normalise(asked)
        lead = self._lead(situation, place, conversation, sorry=False)
        choices = compose.choices_of(decision.hits, self._settings.choices)
        conversation.question, conversation.choices, conversation.others = asked, choices, {}
        conversation.generation = generation
        if choices:
            if self._role == "agent":
                draft = compose.clarify(self._wording.line("agent.clarify", place), choices)
            else:
                draft = self._offer("clarify.intro", choices, place, lead)
            citations = tuple(map(compose.citation_of, choices.values()))
            return Plan(Spoken("clarify", "question", draft, confidence, "", citations, tuple(choices), generation))
        outage = decision.act == "outage"
        found = {"confidence": confidence, "generation": generation}
        if self._role == "agent":
            return self._line("agent.outage" if outage else "agent.not_found", "handoff", **found)  # type: ignore[arg-type]
        wish = Wish("question", situation.matter, "deadline", joins=conversation.ticket_kind == "question")
        line = "person.outage" if outage else "person.cannot_answer"
        return self._line(line, "handoff", place, lead=lead, wish=wish, **found)  # type: ignore[arg-type]

    def _several(self, situation: Situation, conversation: Conversation) -> Plan | None:
        """One reply to a message that asks several things, each under its own words; None if one answer is enough."""
        asked = parts(_MARKUP.sub(" ", situation.matter))[:MOST_PARTS]
        if len(asked) < 2:
            return None
        found: dict[str, Decision] = {}
        seen: set[str] = set()
        generation = None
        for part in asked:
            # 运费谁出 after 怎么退货 may mean the freight of a return.
            for reading in (part, f"{asked[0]} {part}"):
                try:
                    result = self._base.search(reading, HITS)
                except Exception:  # the single question that follows says so
                    logger.exception("the base could not be searched")
                    return None
                decision = decide("question", result, self._role, words=part)
                if decision.act == "answer" and decision.hits[0].entry.id not in seen:
                    seen.add(decision.hits[0].entry.id)
                    found[part], generation = decision, result.generation
                    break
        if len(found) < 2:
            return None
        place = normalise(situation.matter)
        lead = self._lead(situation, place, conversation, sorry=False)
        head = f"{lead}{self._wording.line('answer.several', place)}"
        blocks = []
        for number, part in enumerate(asked, 1):
            known = part in found
            words = compose.curated_words(found[part].hits[0], self._settings.answer_chars) if known else ""
            said = words or self._wording.line("answer.part_unsure", place)
            blocks.append(f"{number}. {part.rstrip('?？。!！ ')}\n{said}")
        body = "\n\n".join(blocks)
        hits = [decision.hits[0] for decision in found.values()]
        conversation.question, conversation.choices, conversation.generation = asked[-1], {}, generation
        conversation.others = {}
        draft = Draft(f"{head}\n{body}", (len(head) + 1, len(head) + 1 + len(body)))
        confidence = min(decision.confidence for decision in found.values())
        citations = tuple(map(compose.citation_of, hits))
        return Plan(Spoken("answer", "question", draft, confidence, body, citations, (), generation))

    def _offer(self, intro: str, choices: Iterable[str], place: str, lead: str = "") -> Draft:
        return compose.clarify(
            lead + self._wording.line(intro, place), choices, self._wording.line("clarify.tail", place)
        )

    def _picked(self, choice: str, conversation: Conversation) -> Plan:
        """The answer to a question that was offered; looked up anew if it has been withdrawn meanwhile."""
        situation = Situation("question", 1.0, (), choice)
        hit = conversation.choices[choice]
        try:
            unchanged = self._base.entry(hit.entry.id) == hit.entry
        except Exception:  # as in a search: the line for an outage follows
            logger.exception("the base could not be read")
            unchanged = False
        if not unchanged:
            return self._question(situation, conversation)
        decision = Decision("answer", "answer", (hit,), VERBATIM)
        return Plan(self._answer(decision, choice, situation, conversation.generation, conversation))

    def _looked_up(self, matter: str, conversation: Conversation) -> tuple[SearchResult | None, str]:
        """What the base says to the surest reading of ``matter``, and that reading; None when it cannot be asked."""
        best: SearchResult | None = None
        asked = matter
        for reading in followup.readings(matter, conversation):
            try:
                result = self._base.search(_MARKUP.sub(" ", reading), HITS)
            except Exception:  # whatever is broken below, the visitor gets an honest line and the log the trace
                logger.exception("the base could not be searched")
                return None, matter
            if best is None or result.confidence > best.confidence:
                best, asked = result, reading
            if best.band == "answer":
                break
        return best, asked

    def _answer(
        self,
        decision: Decision,
        asked: str,
        situation: Situation,
        generation: str | None,
        conversation: Conversation,
    ) -> Spoken:
        hit, place, confidence = decision.hits[0], normalise(asked), decision.confidence
        conversation.question, conversation.choices, conversation.generation = asked, {}, generation
        conversation.others = compose.choices_of(decision.hits[1:], self._settings.choices)
        citations = (compose.citation_of(hit),)
        if hit.entry.only_wrong:
            phrases = "\n".join(f"× {line}" for line in hit.entry.wrong)
            text = self._wording.line("agent.never", place, name=hit.entry.text, phrases=phrases)
            return Spoken("answer", "question", Draft(text, (0, len(text))), confidence, "", citations, (), generation)
        if hit.entry.kind == "script":
            text = self._wording.line("agent.script", place, reply=hit.entry.text)
            return Spoken("answer", "question", Draft(text, (0, len(text))), confidence, "", citations, (), generation)
        words = compose.curated_words(hit, self._settings.answer_chars)
        reworded = self._rewording.of(asked, words) if self._rewording and self._role == "customer" else ""
        folded = normalise(situation.matter)
        again = folded in conversation.asked
        tail = compose.tail_for(self._wording, words, place, again=again, last=conversation.last_tail)
        lead = self._lead(situation, place, conversation, sorry=not compose.apologises(words))
        conversation.asked.add(folded)
        conversation.last_tail = tail or conversation.last_tail
        draft = compose.answer(self._wording, hit, reworded or words, place, lead=lead, tail=tail)
        if reworded:
            draft = Draft(draft.text)  # nothing in it is curated
        plain = compose.answer(self._wording, hit, words, place, lead="", tail="")
        return Spoken("answer", "question", draft, confidence, plain.text, citations, (), generation)

    def _lead(self, situation: Situation, place: str, conversation: Conversation, *, sorry: bool) -> str:
        """What goes before an answer: 您好 once in a conversation, and the courtesy that the question came with."""
        lines = [] if conversation.greeted else ["answer.hello"]
        lines += [f"courtesy.{name}" for name in situation.courtesies if name in ("thanks", "customer_apology")][:1]
        if sorry and any(name in COMPLAINTS for name in situation.courtesies):
            lines.append("courtesy.complaint")
        conversation.greeted = True
        return "".join(self._wording.line(line, place) for line in lines)

    def _others(self, conversation: Conversation) -> Plan:
        """What else it might have been, after the customer said that it was not that; a person when nothing is left."""
        if not conversation.others:
            wish = Wish("question", conversation.question, "deadline", joins=conversation.ticket_kind == "question")
            return self._line("person.cannot_answer", "handoff", conversation.question, wish=wish)
        choices, conversation.others = conversation.others, {}
        conversation.choices = choices
        draft = self._offer("clarify.none_of_these", choices, conversation.question)
        citations = tuple(map(compose.citation_of, choices.values()))
        return Plan(Spoken("clarify", "question", draft, 0.0, "", citations, tuple(choices), conversation.generation))

    # ------------------------------------------------------------------ all other situations

    def act(self, situation: Situation, words: str, conversation: Conversation) -> Plan:
        """What is said in every situation but a question."""
        scenario, place = situation.scenario, f"{normalise(words)}\n{conversation.turns}"
        conversation.choices = {}
        conversation.insults += scenario == "abusive"
        decision = decide(scenario, None, self._role, insults=conversation.insults)
        wish = Wish(decision.ticket, words, decision.due) if decision.ticket is not None else None
        if decision.act == "complaint":
            return self._complaint(situation, words, place, wish)
        if decision.act == "human":
            closed = is_open(self._service_hours, self._now()) is False
            line, unstored = "person.human_closed" if closed else "person.human", "person.human_unrecorded"
        elif decision.act == "abuse" and wish is not None:
            line, unstored = "moment.abusive_again", "moment.abusive_unrecorded"
        elif scenario == "greeting":
            conversation.greeted = True
            line = unstored = self._opening()
        else:
            line = unstored = f"moment.{scenario}"
        if decision.act == "suggestion":
            unstored = "moment.suggestion_unrecorded"

        def spoken(name: str) -> Spoken:
            text = self._wording.line(name, place)
            if scenario in ("goodbye", "no_more_questions") and conversation.turns > 1:
                text += "\n" + self._wording.line("moment.rating", place)
            return Spoken(decision.outcome, scenario, Draft(text), situation.confidence)

        if scenario in ("goodbye", "no_more_questions"):
            conversation.ticket, conversation.ticket_kind = None, ""
        return Plan(spoken(line), wish, spoken(unstored) if wish is not None else None)

    def _complaint(self, situation: Situation, words: str, place: str, wish: Wish | None) -> Plan:
        scenario = situation.scenario
        sorry = self._wording.line(f"moment.{scenario}", place)

        def spoken(line: str, **filled: str) -> Spoken:
            text = f"{sorry}\n{self._wording.line(line, place, **filled)}"
            return Spoken("scripted", scenario, Draft(text), situation.confidence)

        quote = compose.quoted(words)
        # No insult is handed back.
        if not quote or any(finding.rule == "slang.insult" for finding in self._checker.check(quote)):
            quote = self._wording.line(f"complaint_kind.{scenario}", place)
        recorded = spoken("moment.complaint_recorded", question=quote)
        return Plan(recorded, wish, spoken("moment.complaint_unrecorded"))

    def _addition(self, words: str, situation: Situation, conversation: Conversation) -> Plan | None:
        """The plan for a message that adds to the open ticket: a way to be reached, a number, or that this was all."""
        if conversation.ticket is None:
            return None
        if situation.scenario == "no_more_questions":
            conversation.ticket, conversation.ticket_kind = None, ""
            return self._line("person.all_told", "scripted", scenario="no_more_questions")
        ways = contacts(words)
        further = situation.scenario in COMPLAINTS and conversation.ticket_kind in COMPLAINTS
        asks = situation.scenario == "question" and "?" in normalise(words)
        number = situation.scenario == "question" and not asks and _NUMBERED.search(words) is not None
        if not (ways or further or number):
            return None
        scenario: Scenario = situation.scenario if further else "question"
        lead = self._wording.line(f"moment.{scenario}", words) + "\n" if further else ""

        def spoken(line: str) -> Spoken:
            return Spoken("scripted", scenario, Draft(lead + self._wording.line(line, words)), situation.confidence)

        kind: TicketKind = conversation.ticket_kind or "question"  # type: ignore[assignment]
        wish = Wish(kind, words, "deadline", "；".join(ways), joins=True)
        return Plan(spoken("person.contact_saved" if ways else "person.detail_saved"), wish, spoken("person.not_saved"))

    def _line(
        self,
        situation: str,
        outcome: Outcome,
        place: str = "",
        *,
        lead: str = "",
        wish: Wish | None = None,
        scenario: Scenario = "question",
        confidence: float = 0.0,
        generation: str | None = None,
    ) -> Plan:
        """A line of the wording file; one that rests on a ticket has a second version for when it cannot be stored."""

        def spoken(name: str) -> Spoken:
            draft = Draft(lead + self._wording.line(name, place))
            return Spoken(outcome, scenario, draft, confidence, generation=generation)

        return Plan(spoken(situation), wish, spoken(f"{situation}_unrecorded") if wish is not None else None)
