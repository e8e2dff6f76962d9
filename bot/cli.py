"""``python -m bot``: ask, check a draft, tell the situation, look at the wording, keep staff accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from bot.asked import questions
from bot.data_cli import COMMANDS
from bot.users_cli import users
from bot.wording_cli import wording
from kb.config import Home
from kb.console import emit, home_option, json_option, read_batch, run, say
from kb.errors import InputError

if TYPE_CHECKING:
    from bot.assistant import Assistant
    from bot.checker import Finding
    from bot.records import Reply

SCENARIO_NAMES = (
    "greeting", "thanks", "customer_apology", "suggestion", "praise", "complaint_slow", "complaint_attitude",
    "complaint_error", "complaint_other", "abusive", "human_agent", "goodbye", "no_more_questions", "question",
)  # fmt: skip
"""Named here once more so that ``--help`` needs no import; a test compares them with :data:`bot.records.SCENARIOS`."""

_OUTCOMES = {
    "answer": "已回答", "clarify": "需要客户选择", "handoff": "转人工", "scripted": "按规范应答", "refused": "未受理",
}  # fmt: skip

batch_option = click.option("--batch", metavar="FILE", help="JSON Lines from a file or - (stdin).")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Speak as the shop prescribes.

    \b
    Examples:
      python -m bot ask 可以货到付款吗
      python -m bot check "不行，这是规定"
      python -m bot classify 麻烦问下修一次收多少钱，多谢啦
      python -m bot wording check my-wording.toml
      python -m bot users add 小王 --role agent
      python -m bot unanswered --days 7
    """


@cli.command()
@click.argument("question", required=False)
@batch_option
@click.option("--role", type=click.Choice(["customer", "agent"]), default="customer", show_default=True,
              help="Whom the reply is for; agents see internal knowledge too.")
@click.option("--no-record", is_flag=True, help="Store nothing: no conversation, no ticket.")
@home_option
@json_option
def ask(question: str | None, batch: str | None, role: Any, no_record: bool, home: Home, as_json: bool) -> None:
    """The reply to QUESTION, or to every line of a batch.

    Batch lines are {"id","text"} or {"id","turns":["…","…"]}; each line is a conversation of its own, turns are
    replayed and the reply is to the last. A batch always prints JSON Lines.

    \b
    Examples:
      python -m bot ask 可以货到付款吗 --json
      echo '{"id": 1, "turns": ["可以退货吗", "那运费呢"]}' | python -m bot ask --batch -
    """
    from bot.database import MEMORY
    from bot.journal import Journal
    from bot.wiring import open_assistant

    rows = _rows(question, batch, _turns_of)
    assistant = open_assistant(home, role, report=say, journal=Journal(MEMORY) if no_record else None)
    assistant.warm_up()
    warned = no_record
    for identity, turns in rows:
        reply = _talk(assistant, turns)
        if not reply.turn and not warned:
            say("提醒：对话没能记录下来，请检查磁盘空间和文件权限，或 [journal] url 指向的数据库；回答不受影响。")
            warned = True
        if batch is not None or as_json:
            emit(reply_to_json(identity, reply))
        else:
            _show_reply(reply)


@cli.command()
@click.argument("draft", required=False)
@batch_option
@click.option("--scenario", type=click.Choice(SCENARIO_NAMES), help="The situation that DRAFT replies to.")
@home_option
@json_option
def check(draft: str | None, batch: str | None, scenario: str | None, home: Home, as_json: bool) -> None:
    """Hold DRAFT, or the "reply" of every batch line, against the house rules.

    Batch lines are {"id","reply"} with an optional "scenario"; a batch always prints JSON Lines. The exit code is 0
    whether or not something was found.

    \b
    Examples:
      python -m bot check "亲，这个不归我管哦"
      python -m bot check --batch drafts.jsonl
    """
    from bot.checker import load_checker

    def parts(row: dict[str, Any], where: str) -> tuple[str, str | None]:
        given = row.get("scenario", scenario)
        if given is not None and given not in SCENARIO_NAMES:
            raise InputError(f"{where}的 scenario“{given}”不认识；可用：{'、'.join(SCENARIO_NAMES)}。")
        return _field(row, "reply", where), given

    rows = _rows(draft, batch, parts, lambda text: (text, scenario))
    checker = load_checker(home.rules)
    for identity, (text, situation) in rows:
        findings = checker.check(text, situation)
        if batch is not None or as_json:
            emit(findings_to_json(identity, findings))
        elif not findings:
            emit("符合服务规范。")
        else:
            for finding in findings:
                words = text[slice(*finding.span)]
                emit(f"“{words}”：{finding.message}（{finding.rule}）\n    建议：{finding.suggestion}")


@cli.command()
@click.argument("text", required=False)
@batch_option
@home_option
@json_option
def classify(text: str | None, batch: str | None, home: Home, as_json: bool) -> None:
    """The situation that TEXT, or the "text" of every batch line, makes: one of fourteen.

    Told by likeness to example utterances; HOME/scenarios.toml adds your own.

    \b
    Examples:
      python -m bot classify 你们回复太慢了
      python -m bot classify --batch messages.jsonl
    """
    from bot.wiring import classifier_of

    rows = _rows(text, batch, lambda row, where: _field(row, "text", where), lambda given: given)
    classifier = classifier_of(home, say)
    for identity, words in rows:
        situation = classifier.classify(words)
        if batch is not None or as_json:
            emit({"id": identity, "scenario": situation.scenario, "confidence": situation.confidence})
        else:
            emit(f"{situation.scenario}（把握 {situation.confidence:.0%}）")


for command in (users, questions, *COMMANDS):
    cli.add_command(command)
cli.add_command(wording)


def main() -> int:
    """Entry point of ``kb-bot`` and ``python -m bot``."""
    return run(cli)


def reply_to_json(identity: Any, reply: Reply) -> dict[str, Any]:
    """A reply as the contract's answer line."""
    return {
        "id": identity,
        "reply": reply.text,
        "outcome": reply.outcome,
        "scenario": reply.scenario,
        "confidence": round(reply.confidence, 4),
        "citations": [
            {"id": citation.id, "source": citation.source, "heading": citation.heading, "text": citation.text}
            for citation in reply.citations
        ],
        "choices": list(reply.choices),
        "generation": reply.generation,
        "ms": reply.ms,
    }


def findings_to_json(identity: Any, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """A verdict as the contract's answer line."""
    return {
        "id": identity,
        "verdict": "violation" if findings else "ok",
        "findings": [
            {
                "rule": finding.rule,
                "span": list(finding.span),
                "message": finding.message,
                "suggestion": finding.suggestion,
            }
            for finding in findings
        ],
    }


def _rows(
    given: str | None,
    batch: str | None,
    of_row: Callable[[dict[str, Any], str], Any],
    of_text: Callable[[str], Any] = lambda text: [text],
) -> Iterator[tuple[Any, Any]]:
    """Id and content of what was given: one text, or the lines of a batch, read before anything slow is begun."""
    if (given is None) == (batch is None):
        raise click.UsageError("请给出一段文字，或用 --batch 给出一个文件（二选一）。")
    if batch is None:
        return iter([("q", of_text(given or ""))])
    return iter([(row["id"], of_row(row, f"批量文件 {batch} 第 {number} 行")) for number, row in read_batch(batch)])


def _field(row: dict[str, Any], name: str, where: str) -> str:
    text = row.get(name)
    if not isinstance(text, str):
        raise InputError(f"{where}缺少文字字段 {name}；请改正后重试。")
    return text


def _turns_of(row: dict[str, Any], where: str) -> list[str]:
    turns = row.get("turns")
    if turns is None:
        return [_field(row, "text", where)]
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise InputError(f"{where}的 turns 要写成至少一句话的列表；请改正后重试。")
    return turns


def _talk(assistant: Assistant, turns: list[str]) -> Reply:
    session = assistant.sessions.open()
    for turn in turns[:-1]:
        assistant.reply(session, turn)
    reply = assistant.reply(session, turns[-1])
    assistant.sessions.forget(session)
    return reply


def _show_reply(reply: Reply) -> None:
    emit(reply.text)
    say(f"——{_OUTCOMES[reply.outcome]}，把握 {reply.confidence:.0%}，用时 {reply.ms:.0f} 毫秒")
    for citation in reply.citations if reply.outcome == "answer" else ():
        say(f"  来源：{citation.source}" + (f" › {citation.heading}" if citation.heading else ""))
