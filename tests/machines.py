"""Machines that train together, all of them on this one: their launchers, and a store that they share."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tsugiki.stage import Call
from tsugiki.store import Store

ROOT = Path(__file__).parents[1]
PATIENCE = 300.0


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Machines:
    """Launchers of one training, one for each machine."""

    store: Store
    call: Call[object]
    count: int = 2
    gpus: int = 0
    """GPUs of each machine."""
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start every launcher, the last machine's first."""
        self.running = [self._start(index) for index in reversed(range(self.count))][::-1]

    def _start(self, index: int) -> subprocess.Popen[bytes]:
        launcher = ["tsugiki.launch", "--nodes", f"{self.count}", "--gpus", f"{self.gpus}", "--"]
        stage, inputs = self.call.stage.name, self.call.input_addresses()
        options = [part for name, value in inputs.items() for part in (f"--{name}", str(value))]
        config = self.call.config.model_dump_json()
        first = index * self.gpus
        place = {
            "TSUGIKI_RENDEZVOUS": f"localhost:{self.port}",
            "TSUGIKI_RUN": "a-run",
            "JOB_COMPLETION_INDEX": f"{index}",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": ",".join(map(str, range(first, first + self.gpus))),
        }
        return subprocess.Popen(
            [sys.executable, "-m", *launcher, f"jobs.{stage}", *options, "--config", config, "--root", self.store.root],
            cwd=ROOT,
            env={**os.environ, **place, **self.environment},
        )

    def codes(self) -> list[int]:
        """Exit code of each launcher, once all have ended."""
        return [process.wait(PATIENCE) for process in self.running]

    def step(self) -> int:
        """Last step that is saved; 0 before the first."""
        import torch

        path = Path(self.store.root, ".work", self.call.address, "state", "training.pt")
        return int(torch.load(path, weights_only=True, map_location="cpu")["step"]) if path.exists() else 0

    def reach(self, step: int) -> None:
        """Wait until a step is saved."""
        until(lambda: self.step() >= step)

    def kill(self, index: int) -> None:
        """Take a machine away: its launcher and what that started."""
        pid = self.running[index].pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        for victim in (pid, *map(int, children)):
            os.kill(victim, signal.SIGKILL)

    def end(self) -> None:
        """Leave nothing behind."""
        for index, process in enumerate(self.running):
            if process.poll() is None:
                self.kill(index)
                process.wait()


def until(reached: Callable[[], bool]) -> None:
    """Poll until it is so; AssertionError after `PATIENCE`."""
    end, tick = time.monotonic() + PATIENCE, threading.Event()
    while not reached():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s"
        tick.wait(0.05)
