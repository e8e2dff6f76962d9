from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator

import pytest
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage

from bot.checker import load_checker
from bot.errors import GenerationError
from bot.generate import FAILURES, PAUSE_S, ChatModelGenerator, acceptable, faithful, open_generator
from bot.settings import LLMSettings
from kb.errors import SettingsError
from tests.contracts import GeneratorContract
from tests.doubles import ScriptedGenerator

EVIDENCE = ["签收后7天内可退货，运费8元，详见 https://shop.example/tui ，电话400-820-8820，十五天内换货。"]


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("您可以在签收后7天内退货，运费8元。", True),
        ("七天内可退。", False),
        ("您可以在15天内换货。", False),
        ("十五天内可以换货。", True),
        ("运费８元。", True),
        ("运费8.5元。", False),
        ("运费18元。", False),
        ("详见 https://shop.example/tui", True),
        ("详见 https://evil.example/", False),
        ("发邮件到 a@b.cn", False),
        ("电话400-820-8821", False),
        ("可以用PayPal付款", False),
        ("可以退货。", True),
        ("1. 可以退货；\n2. 运费8元。", True),
    ],
)
def test_figures_must_stand_in_the_evidence(text, true):
    assert faithful(text, EVIDENCE) is true


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("您可以在签收后7天内退货。", True),
        ("亲，签收后7天内可以退哦", False),
        ("无法回答。", False),
        ("", False),
        ("可以退货。" * 100, False),
    ],
)
def test_a_rewording_must_keep_the_house_rules(text, taken):
    assert acceptable(text, EVIDENCE, load_checker(), 300) is taken


def fake(*answers: object) -> BaseChatModel:
    return GenericFakeChatModel(messages=iter(AIMessage(str(answer)) for answer in answers))


class Broken(GenericFakeChatModel):
    calls: int = 0

    def _generate(self, *args, **kwargs):
        self.calls += 1
        raise ConnectionError("refused")


class Slow(GenericFakeChatModel):
    def _generate(self, *args, **kwargs):
        time.sleep(0.3)
        return super()._generate(*args, **kwargs)


def test_any_langchain_chat_model_rewords():
    assert ChatModelGenerator(fake(" 您可以退货。\n")).rephrase("能退吗", EVIDENCE, 5) == "您可以退货。"


def test_a_late_answer_is_dropped():
    generator = ChatModelGenerator(Slow(messages=iter([AIMessage("晚了")])))
    started = time.monotonic()
    with pytest.raises(GenerationError, match="0.05 秒"):
        generator.rephrase("能退吗", EVIDENCE, 0.05)
    assert time.monotonic() - started < 0.25


def test_a_dead_model_is_left_alone_for_a_while():
    now = [0.0]
    model = Broken(messages=iter(()))
    generator = ChatModelGenerator(model, clock=lambda: now[0])
    for _ in range(FAILURES):
        with pytest.raises(GenerationError, match="ConnectionError"):
            generator.rephrase("x", EVIDENCE, 5)
    with pytest.raises(GenerationError, match="暂停"):
        generator.rephrase("x", EVIDENCE, 5)
    assert model.calls == FAILURES
    now[0] += PAUSE_S + 1
    with pytest.raises(GenerationError, match="ConnectionError"):
        generator.rephrase("x", EVIDENCE, 5)
    assert model.calls == FAILURES + 1


def test_no_model_set_means_no_generator_and_the_key_is_never_shown():
    assert open_generator(LLMSettings()) is None
    assert "sk-secret" not in repr(LLMSettings(model="m", api_key="sk-secret"))


def test_an_impossible_model_is_a_setting_to_mend():
    pytest.importorskip("langchain")
    with pytest.raises(SettingsError, match=r"\[llm\] model"):
        open_generator(LLMSettings(model="nobody:nothing"))


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[dict]]]:
    """An OpenAI-compatible endpoint on this machine, and what it was asked."""
    asked: list[dict] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            message = {"role": "assistant", "content": "您可以在签收后7天内退货。"}
            body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            data = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    server.shutdown()
    server.server_close()


def test_an_openai_compatible_address_of_ones_own(endpoint):
    pytest.importorskip("langchain_openai")
    url, asked = endpoint
    generator = open_generator(LLMSettings(model="qwen3:8b", base_url=url, api_key="sk-secret"))
    assert generator is not None
    assert generator.rephrase("我的电话13812345678，能退吗", EVIDENCE, 10) == "您可以在签收后7天内退货。"
    sent = json.dumps(asked, ensure_ascii=False)
    assert "qwen3:8b" in sent and EVIDENCE[0] in sent
    assert "13812345678" not in sent


class TestScriptedGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self):
        return ScriptedGenerator("您可以在签收后7天内退货。")

    @pytest.fixture
    def broken(self):
        return ScriptedGenerator(GenerationError("改写模型没有答复；先用原文回答。"))


class TestChatModelGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self):
        return ChatModelGenerator(fake("您可以在签收后7天内退货。"))

    @pytest.fixture
    def broken(self):
        return ChatModelGenerator(fake())
