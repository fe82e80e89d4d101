"""The processes that compute one artifact together: here the one process that most stages are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

SIZE_VARIABLE = "WORLD_SIZE"
"""Set by torch's launcher to the number of processes."""


class World:
    """A process that is alone. `tsugiki.train.distributed.Ranks` is one of several."""

    rank = 0
    size = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that saves, reports and commits."""
        return self.rank == 0

    def sum(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replace each tensor by its sum over all processes."""

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Whether each flag is set in any of the processes."""
        return flags

    def share(self, value: T) -> T:
        """The value that rank 0 gives."""
        return value

    def keeping(self, what: str) -> AbstractContextManager[None]:  # noqa: ARG002 (an only process loses no peer)
        """Save inside: the loss of a peer does not end this process meanwhile, and all leave together.

        Args:
            what: what is kept from now on, as the message of a lost peer says it.
        """
        return nullcontext()

    def before_leaving(self, action: Callable[[], None]) -> None:
        """Name what this process does before it ends because a peer is gone."""

    def part(self) -> None:
        """End the common work: from here on rank 0 needs the others no more."""

    def close(self) -> None:
        """Rank 0: let the others go. The others: wait until rank 0 has committed, or is gone."""


def join() -> World:
    """The processes that torch's launcher started together with this one, met; without it this one alone.

    Raises:
        Preempted: they did not come.
    """
    if int(os.environ.get(SIZE_VARIABLE, "1")) == 1:
        return World()
    from tsugiki.train.distributed import Ranks

    return Ranks()
