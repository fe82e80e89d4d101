"""The transformers engine: left-padded batches through `generate`, each row with its own random numbers."""

import gc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Completion, Limits, Outcome, Request
from tsugiki.train.model import device, read_weights


class SeededNoise(LogitsProcessor):  # type: ignore[misc]  # transformers is untyped
    """Adds Gumbel noise, so that the largest score is a sample from the softmax; each row draws from its own seed.

    The Gumbel-max trick: Gumbel, Statistical Theory of Extreme Values (1954); argmax(logit - log E) with E
    exponential. What a row draws does not depend on the rows beside it.
    """

    def __init__(self, seeds: Sequence[int], device: torch.device) -> None:
        self._generators = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def __call__(self, _input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [rows, vocabulary] with noise added."""
        noise = torch.empty_like(scores, dtype=torch.float32)
        for row, generator in zip(noise, self._generators, strict=True):
            row.exponential_(generator=generator)
        return scores.float() - noise.log()


class _Check(StoppingCriteria):  # type: ignore[misc]  # transformers is untyped
    """Stops no row, but lets the caller leave between two tokens."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check

    def __call__(self, input_ids: torch.Tensor, _scores: Any, **_: Any) -> torch.Tensor:
        """Nothing stops: [rows] of False."""
        self._check()
        return torch.zeros(len(input_ids), dtype=torch.bool, device=input_ids.device)


class TransformersEngine:
    """A causal model of transformers, on the GPU where there is one."""

    rows_alone = False

    def __init__(self, model: Path, config: GenerateConfig, limits: Limits) -> None:
        self._stops = sorted(limits.stops)
        self._device = device()
        self._model = read_weights(model, config.dtype, device_map=self._device).eval()
        # Only this job's configuration chooses tokens, not defaults that the checkpoint carries.
        self._model.generation_config = GenerationConfig()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        del self._model
        gc.collect()  # modules refer to each other, and the next engine needs the memory now
        if self._device.type == "cuda":
            torch.cuda.empty_cache()

    def complete(
        self, requests: Sequence[Request], config: GenerateConfig, check: Callable[[], None]
    ) -> Iterator[list[Outcome]]:
        """Complete all requests side by side and yield them at once."""
        width = max(len(request.prompt) for request in requests)
        ids = torch.tensor([self._pad(request, width) for request in requests], device=self._device)
        lengths = torch.tensor([len(request.prompt) for request in requests], device=self._device)
        mask = (torch.arange(width, device=self._device) >= width - lengths[:, None]).long()
        with torch.inference_mode():
            output = self._model.generate(
                ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=config.max_new_tokens,
                eos_token_id=self._stops,
                pad_token_id=self._stops[0],
                logits_processor=self._processors(requests, config),
                stopping_criteria=StoppingCriteriaList([_Check(check)]),
            )
        rows = output[:, width:].tolist()
        yield [(request, self._completion(row)) for request, row in zip(requests, rows, strict=True)]

    def logits(self, prompt: Sequence[int], completion: Sequence[int]) -> torch.Tensor:
        """What each token of a completion was chosen from: [completion, vocabulary], float32, on the CPU."""
        with torch.inference_mode():
            ids = torch.tensor([[*prompt, *completion[:-1]]], device=self._device)
            output = self._model(input_ids=ids, logits_to_keep=len(completion))
            return torch.as_tensor(output.logits[0]).float().cpu()

    def _pad(self, request: Request, width: int) -> list[int]:
        return [self._stops[0]] * (width - len(request.prompt)) + list(request.prompt)

    def _processors(self, requests: Sequence[Request], config: GenerateConfig) -> Any:
        if config.temperature == 0:
            return LogitsProcessorList()
        steps: list[LogitsProcessor] = [TemperatureLogitsWarper(config.temperature)]
        if config.top_p < 1:
            steps.append(TopPLogitsWarper(config.top_p))
        return LogitsProcessorList([*steps, SeededNoise([request.seed for request in requests], self._device)])

    def _completion(self, row: list[int]) -> Completion:
        end = next((i for i, token in enumerate(row) if token in self._stops), None)
        return Completion(tuple(row), False) if end is None else Completion(tuple(row[: end + 1]), True)
