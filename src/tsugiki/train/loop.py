"""The training loop: its result is a function of model, corpus and configuration, however often it is interrupted."""

import hashlib
import json
import sys
import time
from typing import Any

import torch

from tsugiki.config import canonical
from tsugiki.errors import OutOfTime
from tsugiki.train import gates, state
from tsugiki.train.config import Training
from tsugiki.train.data import IGNORED, Batch, Corpus, Plan, collate, split_rows
from tsugiki.train.model import Network
from tsugiki.train.optimizer import build_optimizer, learning_rate
from tsugiki.work import Work

Metrics = dict[str, Any]


class Loop:
    """One run over the steps of a plan. The trained parameters are those of the network that need a gradient."""

    def __init__(self, network: Network, corpus: Corpus, config: Training, work: Work) -> None:
        self.network = network
        self.corpus = corpus
        self.config = config
        self.work = work
        self.plan = Plan(corpus, config)
        self.parameters = {name: p for name, p in network.model.named_parameters() if p.requires_grad}
        self.optimizer = build_optimizer(self.parameters.values(), config.optimizer)
        self.fingerprint = hashlib.sha256((canonical(config.identity()) + corpus.digest()).encode()).hexdigest()
        self.step = 0
        """Steps done, by this attempt and those before it."""
        self.tokens = 0
        """Tokens trained, likewise."""
        self.log: list[str] = []
        self.moved: set[str] = set()
        self.seconds = 0.0
        """Time that this attempt spent in steps."""
        self._resume()
        self._tokens_before = self.tokens
        self._saved = self.step
        self._save_seconds = 0.0

    def run(self) -> Metrics:
        """Train to the last step.

        Returns:
            steps, tokens, loss of the last step, tokens_per_second and peak_memory_bytes of this attempt.

        Raises:
            Preempted: told to stop; the state is saved.
            OutOfTime: the time limit is near; the state is saved.
            GateFailed: the loss is not finite, or a trained parameter has no gradient.
        """
        self.network.model.train()
        while self.step < self.plan.steps:
            started = time.perf_counter()
            line = self._train_step()
            self._record(line)
            took = time.perf_counter() - started
            self.seconds += took
            rate = (self.tokens - self._tokens_before) / self.seconds
            self.work.progress(self.step, self.plan.steps, loss=line["loss"], tokens_per_second=rate)
            self._yield(took)
        self.network.model.eval()
        return self._metrics()

    def _train_step(self) -> dict[str, Any]:
        """One optimizer step; its loss is the mean over all trained tokens of the whole accumulation window."""
        torch.manual_seed(self.config.seed * 1_000_003 + self.step)
        batches = self._batches()
        targets = sum(int((batch.labels != IGNORED).sum()) for batch in batches)
        total = torch.zeros((), device=self.network.device)
        for batch in batches:
            self.tokens += int((batch.pieces >= 0).sum())
            loss = self.network.loss_sum(batch.to(self.network.device)) / max(1, targets)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.config.optimizer.max_grad_norm)
        figures = {"loss": total.item(), "grad_norm": norm.item()}
        gates.check_finite(self.step + 1, **figures)
        self._watch_gradients()
        rate = learning_rate(self.config.optimizer, self.step, self.plan.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": figures["loss"], "learning_rate": rate, "grad_norm": figures["grad_norm"]}

    def _batches(self) -> list[Batch]:
        multiple = 128 if self.network.device.type == "cuda" else 8
        groups = split_rows(self.plan.rows(self.step), self.config.forward_tokens)
        return [collate(self.corpus, rows, multiple) for rows in groups]

    def _watch_gradients(self) -> None:
        if self.step < gates.GRADIENT_STEPS:
            self.moved |= gates.moved(self.parameters)
        if self.step + 1 == min(gates.GRADIENT_STEPS, self.plan.steps):
            gates.check_gradients(self.parameters, self.moved, self.step + 1)

    def _record(self, line: dict[str, Any]) -> None:
        self.step += 1
        self.log.append(json.dumps({"step": self.step, **line, "tokens": self.tokens}))

    def _yield(self, step_seconds: float) -> None:
        """Save when due, and leave if told to, or if the time left is needed for saving."""
        late = self.work.seconds_left < 2 * step_seconds + 2 * self._save_seconds + 1
        leave = (self.work.stopping or late) and self.step < self.plan.steps
        if leave or self.step == self.plan.steps or self.step - self._saved >= self.config.save_every:
            self._save()
        self.work.check_stop()
        if leave:
            raise OutOfTime(
                f"the time limit is near at step {self.step} of {self.plan.steps}; the state is saved, "
                "and the same command resumes it"
            )

    def _save(self) -> None:
        started = time.perf_counter()
        state.save(
            self.work,
            {
                "fingerprint": self.fingerprint,
                "step": self.step,
                "tokens": self.tokens,
                "parameters": {name: p.detach() for name, p in self.parameters.items()},
                "optimizer": self.optimizer.state_dict(),
                "log": self.log,
                "moved": sorted(self.moved),
            },
        )
        self._saved = self.step
        self._save_seconds = time.perf_counter() - started

    def _resume(self) -> None:
        saved = state.load(self.work.path, self.fingerprint)
        if saved is None:
            return
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(saved["parameters"][name])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.tokens, self.log = saved["step"], saved["tokens"], saved["log"]
        self.moved = set(saved["moved"])

    def _metrics(self) -> Metrics:
        trained = self.tokens - self._tokens_before
        return {
            "steps": self.step,
            "tokens": self.tokens,
            "loss": json.loads(self.log[-1])["loss"],
            "tokens_per_second": trained / self.seconds if self.seconds else 0.0,
            "peak_memory_bytes": _peak_memory(self.network.device),
        }


def _peak_memory(device: torch.device) -> int:
    """Most memory used so far: of the accelerator, or of the process on a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
