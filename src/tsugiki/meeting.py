"""How the machines that train together find each other, whichever is there first and however often one comes back."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from tsugiki.errors import BadInput, Preempted

NODE_VARIABLE = "JOB_COMPLETION_INDEX"
"""Index of this machine; Kubernetes sets it in the pods of an Indexed Job."""
PLACE_VARIABLE = "TSUGIKI_RENDEZVOUS"
"""`host:port` of the first machine, by a name that stays when its pod is replaced."""
PATIENCE_SECONDS = 15 * 60.0
"""Longest wait for the others, which may have to wait for room on the cluster."""
POLL_SECONDS = 0.5
CONNECTING_SECONDS = 10
_LOOK_EVERY = 10
"""Polls between two looks for the artifact."""
_BEGUN = "begun"


@dataclass(frozen=True)
class Node:
    """One of the machines, as its environment describes it."""

    index: int
    count: int
    host: str
    port: int
    """Where the first machine listens; 0 there: any free port."""

    @classmethod
    def here(cls, count: int) -> Self:
        """This machine of `count`.

        Raises:
            BadInput: the environment does not say which one it is, or where the first one is.
        """
        if count == 1:
            return cls(0, 1, "localhost", 0)
        index, place = os.environ.get(NODE_VARIABLE, ""), os.environ.get(PLACE_VARIABLE, "")
        host, _, port = place.rpartition(":")
        if not index.isdecimal() or int(index) >= count:
            raise BadInput(f"{NODE_VARIABLE} is {index!r}: set it to this machine's number, 0 to {count - 1}")
        if not host or not port.isdecimal():
            raise BadInput(f"{PLACE_VARIABLE} is {place!r}: set it to host:port of machine 0")
        return cls(int(index), count, host if int(index) else "localhost", int(port))


@dataclass(frozen=True)
class Patience:
    """How long a machine waits for the others, and how often it looks."""

    seconds: float = PATIENCE_SECONDS
    poll_seconds: float = POLL_SECONDS

    def polls(self, finished: Callable[[], bool]) -> Iterator[bool]:
        """Whether it is finished, looked up now and then, until patience ends."""
        end, count = time.monotonic() + self.seconds, 0
        while time.monotonic() < end:
            yield count % _LOOK_EVERY == 0 and finished()
            count += 1
            time.sleep(self.poll_seconds)

    def __str__(self) -> str:
        return f"{self.seconds / 60:.0f} minutes"


@dataclass(frozen=True)
class Meeting:
    """All machines are here. Keep it while they work: on machine 0 it is the server that the others speak to."""

    store: Any
    host: str
    port: int
    name: str
    """The same on every machine, another one for each meeting."""


def meet(node: Node, finished: Callable[[], bool], patience: Patience = Patience()) -> Meeting | None:
    """Wait for the other machines.

    Args:
        node: this machine.
        finished: whether there is nothing left to meet for.
        patience: how long to wait.

    Returns:
        The meeting; None where `finished` became true meanwhile.

    Raises:
        Preempted: they did not all come.
    """
    return _receive(node, finished, patience) if node.index == 0 else _visit(node, finished, patience)


def _receive(node: Node, finished: Callable[[], bool], patience: Patience) -> Meeting | None:
    store = _store(node, is_master=True, multi_tenant=True)
    missing = set(range(1, node.count))
    for done in patience.polls(finished):
        if done:
            return None
        missing = {index for index in missing if not store.check([f"node/{index}"])}
        if not missing:
            name = uuid.uuid4().hex
            store.set(_BEGUN, name)
            return Meeting(store, node.host, store.port, name)
    listed = ", ".join(map(str, sorted(missing)))
    raise Preempted(f"machines {listed} of {node.count} did not come within {patience}")


def _visit(node: Node, finished: Callable[[], bool], patience: Patience) -> Meeting | None:
    store: Any = None
    for done in patience.polls(finished):
        if done:
            return None
        try:
            if store is None:
                store = _call(node)
            elif store.check([_BEGUN]):
                return Meeting(store, node.host, node.port, store.get(_BEGUN).decode())
        except (OSError, RuntimeError):
            store = None  # machine 0 is not there yet, or not any more
    raise Preempted(f"machine 0 did not begin at {node.host}:{node.port} within {patience}")


def _call(node: Node) -> Any:
    """Announce this machine; None where the others have begun without it: they will notice, and come again."""
    # torch's own attempts to connect are loud, and deaf to signals
    socket.create_connection((node.host, node.port), CONNECTING_SECONDS).close()
    store = _store(node, timeout=timedelta(seconds=CONNECTING_SECONDS))
    if store.check([_BEGUN]):
        return None
    store.set(f"node/{node.index}", "")
    return store


def _store(node: Node, **options: Any) -> Any:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]  # documented there, though not exported

    return TCPStore(node.host, node.port, wait_for_workers=False, **options)
