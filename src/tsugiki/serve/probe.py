"""The gate "one engine gives the same as another": greedy completions compared, near ties told from faults."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tsugiki.errors import BadInput, GateFailed
from tsugiki.serve.engine import Completion, Engine, Refusal, Request
from tsugiki.serve.transformers_engine import TransformersEngine


@dataclass(frozen=True)
class Parity:
    """How far two engines agree."""

    prompts: int
    equal: int
    """Prompts whose completions are the same, token by token."""
    largest_gap: float
    """Over the other prompts, at the first token that differs: how much higher the reference's logit is for its own
    token than for the other engine's, at most. 0 where all are equal."""


def probe(
    prompts: Sequence[Sequence[int]],
    reference: Callable[[], AbstractContextManager[TransformersEngine]],
    other: Callable[[], AbstractContextManager[Engine]],
    tolerance: float,
) -> Parity:
    """Complete prompts greedily with two engines, one loaded at a time, and compare.

    Rounding may tip a choice between two tokens whose logits are nearly equal, and all that follows; a wrong weight
    or template makes a choice that the reference finds clearly worse. So completions may differ, as long as at
    the first difference the reference's two logits are within the tolerance.

    Args:
        prompts: token ids.
        reference: opens the engine that is right by definition, at temperature 0.
        other: opens the engine to be checked, with the same configuration otherwise.
        tolerance: largest gap in logits that counts as a tie; 0 asks for equal tokens.

    Raises:
        BadInput: no prompt.
        GateFailed: a gap above the tolerance, or a refused prompt.
    """
    if not prompts:
        raise BadInput("the engine probe has no prompts; give it some")
    requests = [Request(str(index), 0, 0, tuple(prompt)) for index, prompt in enumerate(prompts)]
    with reference() as engine:
        expected = _complete(engine, requests)
    with other() as checked:
        found = _complete(checked, requests)
    differing = [request for request in requests if expected[request] != found[request]]
    if not differing:
        return Parity(len(requests), len(requests), 0.0)
    with reference() as engine:
        gaps = {request: _gap(engine, request, expected[request], found[request]) for request in differing}
    worst = max(gaps, key=lambda request: gaps[request])
    if gaps[worst] > tolerance:
        raise GateFailed(
            f"{len(differing)} of {len(requests)} probe prompts are answered differently by the two engines; prompt "
            f"{worst.chat_id} by a logit gap of {gaps[worst]:.3g}, above {tolerance:g}: do not serve this model so"
        )
    return Parity(len(requests), len(requests) - len(differing), gaps[worst])


def _complete(engine: Engine, requests: Sequence[Request]) -> dict[Request, tuple[int, ...]]:
    completed: dict[Request, tuple[int, ...]] = {}
    for outcomes in engine.complete(requests, lambda: None):
        for request, outcome in outcomes:
            completed[request] = _tokens(request, outcome)
    return completed


def _tokens(request: Request, outcome: Completion | Refusal) -> tuple[int, ...]:
    if isinstance(outcome, Refusal):
        raise GateFailed(f"probe prompt {request.chat_id} was refused ({outcome.detail}); shorten the probe's prompts")
    return outcome.tokens


def _gap(engine: TransformersEngine, request: Request, expected: tuple[int, ...], found: tuple[int, ...]) -> float:
    """The reference's logit gap at the first difference; infinite where one completion merely breaks off."""
    same = next((i for i, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), None)
    if same is None:
        return float("inf")
    logits = engine.next_logits((*request.prompt, *expected[:same]))
    return logits[expected[same]] - logits[found[same]]
