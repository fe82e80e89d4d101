"""The gate "vLLM gives the same as transformers": a job's own prompts completed by both, near ties told from faults."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tsugiki.errors import GateFailed
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Completion, Engine, Refusal, Request
from tsugiki.serve.plan import Plan
from tsugiki.work import Work

FILE = "gates.json"
PROMPTS = 8
"""Prompts that are compared, or all where a job has fewer."""
TOKENS = 16
"""Most tokens of a compared completion."""


@dataclass(frozen=True)
class Parity:
    """How far two engines agree."""

    prompts: int
    equal: int
    """Prompts whose completions are the same, token by token."""
    largest_gap: float
    """Over the other prompts, at the first token that differs: how much higher the reference's logit is for its own
    token than for the other engine's, at most. 0 where all are equal."""

    def metrics(self) -> dict[str, float]:
        """Figure by name, as a record keeps them."""
        return {f"probe_{name}": value for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Expected:
    """What the reference makes of a prompt, at temperature 0."""

    tokens: tuple[int, ...]
    logits: Any
    """Tensor [tokens, vocabulary]: what each token was chosen from."""


def expect(
    model: Path, plan: Plan, config: GenerateConfig, work: Work, check: Callable[[], None]
) -> dict[Request, Expected]:
    """Complete the shortest distinct prompts of a plan with transformers, one at a time; the model is freed after.

    Args:
        model: a checkpoint directory.
        plan: of the job.
        config: of the job; only `vllm` has to prove itself.
        work: of the job; an attempt that follows one which passed has nothing to prove.
        check: called between tokens; it raises when the run must end.

    Returns:
        What `confirm` is to find; empty if nothing has to be proved.

    Raises:
        BadInput: the model cannot be loaded.
    """
    passed = load_parity(work)
    if config.engine != "vllm" or (passed is not None and passed.largest_gap <= config.probe_tolerance):
        return {}
    from tsugiki.serve.transformers_engine import TransformersEngine

    greedy = _greedy(config)
    with TransformersEngine(model, greedy, plan.limits) as engine:
        tokens = _complete(engine, _shortest(plan), greedy, 1, check)
        return {request: Expected(found, engine.logits(request.prompt, found)) for request, found in tokens.items()}


def confirm(
    expected: Mapping[Request, Expected], engine: Engine, config: GenerateConfig, work: Work, check: Callable[[], None]
) -> None:
    """Complete the same prompts with the engine that will do the job, compare, and keep the figures under `work`.

    Rounding may tip a choice between two tokens whose logits are nearly equal, and all that follows; a wrong weight
    or template makes a choice that the reference finds clearly worse. So completions may differ, as long as at
    the first difference the reference's two logits are within `config.probe_tolerance`.

    Raises:
        GateFailed: a gap above the tolerance, or a refused prompt.
    """
    if not expected:
        return
    found = _complete(engine, list(expected), _greedy(config), config.batch_size, check)
    gaps = {request: _gap(expected[request], tokens) for request, tokens in found.items()}
    differing = {request: gap for request, gap in gaps.items() if gap is not None}
    worst = max(differing, key=lambda request: differing[request], default=None)
    largest = 0.0 if worst is None else differing[worst]
    if worst is not None and largest > config.probe_tolerance:
        raise GateFailed(
            f"{len(differing)} of {len(gaps)} probe prompts are answered differently by {config.engine} than by "
            f"transformers, chat {worst.chat_id} by a logit gap of {largest:.3g}, above probe_tolerance "
            f"{config.probe_tolerance:g}; set engine to transformers"
        )
    save_parity(work, Parity(len(gaps), len(gaps) - len(differing), largest))


def load_parity(work: Work) -> Parity | None:
    """The figures of the attempt that passed; None if none did."""
    path = work.path / FILE
    return Parity(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def save_parity(work: Work, parity: Parity) -> None:
    """Keep the figures, in one step, for the attempts that follow."""
    part = work.path / (FILE + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(asdict(parity), file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(work.path / FILE)
    work.save(FILE)


def _greedy(config: GenerateConfig) -> GenerateConfig:
    short = min(TOKENS, config.max_new_tokens)
    return config.model_copy(update={"samples": 1, "temperature": 0.0, "top_p": 1.0, "max_new_tokens": short})


def _shortest(plan: Plan) -> list[Request]:
    distinct: dict[tuple[int, ...], Request] = {}
    for request in plan.requests:
        distinct.setdefault(request.prompt, request)
    return list(distinct.values())[:PROMPTS]


def _complete(
    engine: Engine, requests: Sequence[Request], config: GenerateConfig, size: int, check: Callable[[], None]
) -> dict[Request, tuple[int, ...]]:
    completed: dict[Request, tuple[int, ...]] = {}
    for start in range(0, len(requests), size):
        for outcomes in engine.complete(requests[start : start + size], config, check):
            completed |= {request: _tokens(request, outcome) for request, outcome in outcomes}
    return completed


def _tokens(request: Request, outcome: Completion | Refusal) -> tuple[int, ...]:
    if isinstance(outcome, Refusal):
        raise GateFailed(
            f"the probe prompt of chat {request.chat_id} was refused ({outcome.detail}); set engine to transformers"
        )
    return outcome.tokens


def _gap(expected: Expected, found: tuple[int, ...]) -> float | None:
    """The reference's logit gap at the first difference, None without one; infinite where one merely breaks off."""
    if found == expected.tokens:
        return None
    pairs = enumerate(zip(expected.tokens, found, strict=False))
    differing = next(((place, *pair) for place, pair in pairs if pair[0] != pair[1]), None)
    if differing is None:
        return math.inf
    place, own, other = differing
    gap = float(expected.logits[place, own] - expected.logits[place, other])
    return gap if math.isfinite(gap) else math.inf
