"""The vLLM engine: one queue for all requests, each finished sample handed on at once."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

from tsugiki.errors import BadInput
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.engine import Completion, Limits, Outcome, Refusal, Request

QUEUED = 4
"""Batches' worth of requests given to vLLM at once, so that a finished row is replaced without a pause."""


class VLLMEngine:
    """A vLLM engine that is fed one sample a request, so that no sample waits for the others of its chat.

    Each sample has its own seed. Which rows share a step is vLLM's choice: with batch-invariant kernels
    (`VLLM_BATCH_INVARIANT=1`, where the device has them) a repeated run gives the same tokens; otherwise rounding may
    tip a near tie.
    """

    rows_alone = True

    def __init__(self, model: Path, config: GenerateConfig, limits: Limits) -> None:
        try:
            from vllm import LLM, SamplingParams
            from vllm.exceptions import VLLMClientError
            from vllm.inputs import tokens_input
            from vllm.platforms import current_platform
            from vllm.sampling_params import RequestOutputKind
        except ImportError as error:
            raise BadInput(f"engine is vllm, which is not installed here ({error}); use the serve image") from error
        self._refusals = (ValueError, VLLMClientError)
        self._tokens_input = tokens_input
        self._kind = RequestOutputKind.FINAL_ONLY
        self._params = SamplingParams
        self._queued = QUEUED * config.batch_size
        self._stops = sorted(limits.stops)
        self._llm = LLM(
            model=str(model),
            dtype=config.dtype,
            max_model_len=limits.context,
            max_num_seqs=config.batch_size,
            generation_config="vllm",
            skip_tokenizer_init=True,
            enforce_eager=current_platform.is_cpu(),  # compiling takes longer than a CPU job gains
            disable_log_stats=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._llm.llm_engine.engine_core.shutdown()
        del self._llm

    def complete(
        self, requests: Sequence[Request], config: GenerateConfig, check: Callable[[], None]
    ) -> Iterator[list[Outcome]]:
        """Run all requests, keeping the queue full, and yield those that finished in each step."""
        engine = self._llm.llm_engine
        ahead = iter(requests)
        waiting: dict[str, Request] = {}
        try:
            while True:
                check()
                outcomes = self._fill(ahead, waiting, config)
                if not waiting and not outcomes:
                    return
                ended = [output for output in engine.step() if output.finished] if waiting else []
                outcomes += [(waiting.pop(output.request_id), _completion(output)) for output in ended]
                if outcomes:
                    yield outcomes
        finally:
            engine.abort_request(list(waiting))

    def _fill(self, ahead: Iterator[Request], waiting: dict[str, Request], config: GenerateConfig) -> list[Outcome]:
        """Queue requests up to `QUEUED` batches, and return those that the engine refused."""
        refused: list[Outcome] = []
        for request in islice(ahead, self._queued - len(waiting)):
            try:
                prompt = self._tokens_input(prompt_token_ids=list(request.prompt))
                self._llm.llm_engine.add_request(request.key, prompt, self._sampling(request, config))
                waiting[request.key] = request
            except self._refusals as error:
                refused.append((request, Refusal(str(error))))
        return refused

    def _sampling(self, request: Request, config: GenerateConfig) -> Any:
        return self._params(
            temperature=config.temperature,
            top_p=config.top_p,
            seed=request.seed,
            max_tokens=config.max_new_tokens,
            ignore_eos=True,  # the stops below are the only ones, as in every other engine
            stop_token_ids=self._stops,
            output_kind=self._kind,
            detokenize=False,
        )


def _completion(output: Any) -> Completion:
    (sample,) = output.outputs
    return Completion(tuple(sample.token_ids), sample.finish_reason == "stop")
