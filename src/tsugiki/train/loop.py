"""The training loop: its result is a function of model, corpus and configuration, however often it is interrupted."""

import hashlib
import json
import random
import sys
import time
from typing import Any

import torch

from tsugiki.config import canonical
from tsugiki.errors import OutOfTime, Preempted
from tsugiki.train import gates, state
from tsugiki.train.config import Training
from tsugiki.train.data import Corpus, Piece, Plan, collate, count_targets, deal, row_tokens, split_rows
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
        self.world = work.world
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
            steps, tokens, loss of the last step; of this attempt tokens_per_second, ranks, and peak_memory_bytes of
            the first rank.

        Raises:
            Preempted: told to stop, or a peer left; the state is saved.
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
        self.world.part()
        self.network.model.eval()
        return self._metrics()

    def _train_step(self) -> dict[str, Any]:
        """One optimizer step; its loss is the mean over all trained tokens of the whole accumulation window."""
        rows = self.plan.rows(self.step)
        self.tokens += sum(row_tokens(row) for row in rows)
        loss = self._accumulate(rows)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), self.config.optimizer.max_grad_norm)
        figures = {"loss": loss.item(), "grad_norm": norm.item()}
        gates.check_finite(self.step + 1, **figures)
        self._watch_gradients()
        rate = learning_rate(self.config.optimizer, self.step, self.plan.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": figures["loss"], "learning_rate": rate, "grad_norm": figures["grad_norm"]}

    def _accumulate(self, rows: list[list[Piece]]) -> torch.Tensor:
        """Leave the gradients of the mean loss over these rows, and return it: each rank computes some of the batches.

        Chance depends on the batch and not on the rank, so that any number of ranks gives the same.
        """
        batches = split_rows(rows, self.config.forward_tokens)
        targets = max(1, count_targets(self.corpus, rows))
        total = torch.zeros((), device=self.network.device)
        for index in deal([len(batch) * row_tokens(batch[0]) for batch in batches], self.world.size)[self.world.rank]:
            torch.manual_seed(random.Random(f"{self.config.seed}/{self.step}/{index}").getrandbits(63))
            batch = collate(self.corpus, batches[index], 128 if self.network.device.type == "cuda" else 8)
            loss = self.network.loss_sum(batch.to(self.network.device)) / targets
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        if self.world.size > 1:
            self.world.sum([total, *(_gradient(parameter) for parameter in self.parameters.values())])
        return total

    def _watch_gradients(self) -> None:
        if self.step < gates.GRADIENT_STEPS:
            self.moved |= gates.moved(self.parameters)
        if self.step + 1 == min(gates.GRADIENT_STEPS, self.plan.steps):
            gates.check_gradients(self.parameters, self.moved, self.step + 1)

    def _record(self, line: dict[str, Any]) -> None:
        self.step += 1
        self.log.append(json.dumps({"step": self.step, **line, "tokens": self.tokens}))

    def _yield(self, step_seconds: float) -> None:
        """Save when due, and leave if a rank was told to, or if the time left is needed for saving."""
        late = self.work.seconds_left < 2 * step_seconds + 2 * self._save_seconds + 1
        stopping, late = self.world.any(self.work.stopping, late)
        leave = (stopping or late) and self.step < self.plan.steps
        if leave or self.step == self.plan.steps or self.step - self._saved >= self.config.save_every:
            self._save()
        if stopping or leave:
            self.world.part()
        if stopping:
            raise Preempted("told to stop; the state is saved, and the same command resumes it")
        if leave:
            raise OutOfTime(
                f"the time limit is near at step {self.step} of {self.plan.steps}; the state is saved, "
                "and the same command resumes it"
            )

    def _save(self) -> None:
        started = time.perf_counter()
        with self.world.keeping(f"the state of step {self.step} is saved"):
            if self.world.leads:
                state.save(self.work, self._state())
        self._saved = self.step
        self._save_seconds = time.perf_counter() - started

    def _state(self) -> state.State:
        return {
            "fingerprint": self.fingerprint,
            "step": self.step,
            "tokens": self.tokens,
            "parameters": {name: p.detach() for name, p in self.parameters.items()},
            "optimizer": self.optimizer.state_dict(),
            "log": self.log,
            "moved": sorted(self.moved),
        }

    def _resume(self) -> None:
        saved = state.load(self.work.path, self.fingerprint) if self.world.leads else None
        if self.world.size > 1:
            saved = self.world.share(saved or self._state())
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
            "ranks": self.world.size,
            "peak_memory_bytes": _peak_memory(self.network.device),
        }


def _gradient(parameter: torch.nn.Parameter) -> torch.Tensor:
    """Its gradient, which is 0 on a rank that had no batch."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _peak_memory(device: torch.device) -> int:
    """Most memory used so far: of the accelerator, or of the process on a CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
