"""The state of an unfinished run in one file, replaced in one step, so that a kill leaves the old or the new one."""

import os
from pathlib import Path
from typing import Any, TypedDict

import torch

from tsugiki.errors import BadInput
from tsugiki.work import Work

FILE = "training.pt"


class State(TypedDict):
    """Everything that a run needs besides its inputs to go on as if it had never stopped."""

    fingerprint: str
    """Of the configuration and the corpus; a state of another run is refused."""
    step: int
    """Optimizer steps done."""
    tokens: int
    """Tokens trained."""
    parameters: dict[str, torch.Tensor]
    """The trained parameters."""
    optimizer: dict[str, Any]
    log: list[str]
    """Lines of log.jsonl."""
    moved: list[str]
    """Parameters that have had a gradient other than 0."""


def save(work: Work, state: State) -> None:
    """Replace the saved state and make it durable."""
    part = work.path / (FILE + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(work.path / FILE)
    work.save(FILE)


def load(path: Path, fingerprint: str) -> State | None:
    """The state saved under a directory, on the CPU; None if there is none.

    Raises:
        BadInput: the state belongs to another run.
    """
    file = path / FILE
    (path / (FILE + ".part")).unlink(missing_ok=True)
    if not file.exists():
        return None
    state: State = torch.load(file, map_location="cpu", weights_only=True)
    if state["fingerprint"] != fingerprint:
        raise BadInput(f"{file}: saved by a run with another configuration or corpus; remove it to start anew")
    return state
