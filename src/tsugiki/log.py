"""What a stage says while it runs: plain lines for a person, one JSON object a line in a run that a cluster keeps."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

RUN_VARIABLE = "TSUGIKI_RUN"
"""Name of the run that a container belongs to; set by its template."""
PROGRESS_VARIABLE = "ARGO_PROGRESS_FILE"
"""File in which Argo looks for `done/total`."""
TERMINATION_LOG = Path("/dev/termination-log")
"""File whose content Kubernetes shows as the message of a container that ended."""
PROGRESS_SECONDS = 5.0
MESSAGE_BYTES = 4000


@dataclass
class Log:
    """The log of one attempt at one artifact."""

    stage: str
    run: str | None = field(default_factory=lambda: os.environ.get(RUN_VARIABLE))
    artifact: str = ""
    """Address of what is made, once it is known."""
    _last: float = -math.inf

    def say(self, event: str, text: str, **fields: object) -> None:
        """One line: `text` for a person; run, stage, artifact, event, text and fields for a machine."""
        if self.run is None:
            write_line(sys.stderr, f"{self.stage}: {text}")
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        head = {"time": now, "run": self.run, "stage": self.stage, "artifact": self.artifact, "event": event}
        write_line(sys.stderr, json.dumps({**head, "text": text, **fields}, ensure_ascii=False, default=str))

    def progress(self, done: int, total: int, figures: dict[str, float]) -> None:
        """Say how far the stage is, now and then; Argo's figure follows at once."""
        if done < total and time.monotonic() - self._last < PROGRESS_SECONDS:
            return
        self._last = time.monotonic()
        if path := os.environ.get(PROGRESS_VARIABLE):
            _replace(Path(path), f"{done}/{total}")
        self.say("progress", f"{done}/{total}{format_figures(figures)}", done=done, total=total, **figures)

    def note(self, text: str) -> None:
        """Say why nothing gets on for a while."""
        self.say("note", text)

    def failed(self, line: str, code: int) -> None:
        """Say why the stage ends, where Kubernetes and Argo show it too."""
        self.say("failed", line, exit_code=code)
        if self.run is not None and os.access(TERMINATION_LOG, os.W_OK):
            TERMINATION_LOG.write_bytes(line.encode()[:MESSAGE_BYTES])


def write_line(stream: TextIO, text: str) -> None:
    """Write a line in one piece: a container's two streams meet in one log, where `print` would leave a gap.

    Unbuffered, `print` writes the end of the line by itself.
    """
    stream.write(f"{text}\n")
    stream.flush()


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def format_figures(figures: dict[str, float]) -> str:
    """` loss 2.31 tokens_per_second 8120`: four significant digits each."""
    return "".join(
        f" {name} {value:,.4g}" if abs(value) < 1000 else f" {name} {value:,.0f}" for name, value in figures.items()
    )
