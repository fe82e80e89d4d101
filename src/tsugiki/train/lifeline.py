"""Connections of every rank to rank 0 that show when a process is gone, whatever its peers are waiting for."""

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}
"""A machine that vanishes without ending its connections is missed after 30 s."""
GRACE_SECONDS = 5.0
"""Time for a process to end by itself, and with its own reason, once a peer is gone."""


class Lifeline:
    """Watches connections, over which nothing is ever sent, and the launcher, in a thread of its own.

    Gloo notices a lost peer only in a collective that is under way, and NCCL may never; and a launcher that is killed
    leaves its processes behind.
    """

    def __init__(self, connections: Sequence[socket.socket], on_loss: Callable[[], None]) -> None:
        self._connections = connections
        self._on_loss = on_loss
        self._released = False
        self._lost = threading.Event()
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in KEEPALIVE.items():
                if hasattr(socket, name):
                    connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        # where there is no such thing (macOS) nobody trains on several machines
        parent = [os.pidfd_open(os.getppid())] if hasattr(os, "pidfd_open") else []
        self._ends: list[socket.socket | int] = [*connections, *parent]
        threading.Thread(target=self._watch, daemon=True, name="lifeline").start()

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            for end in self._ends:
                selector.register(end, selectors.EVENT_READ)
            selector.select()
        self._lost.set()
        if not self._released:
            time.sleep(GRACE_SECONDS)
            self._on_loss()

    def release(self) -> None:
        """From now on the end of a connection is no loss."""
        self._released = True

    def lost(self, seconds: float | None = None) -> bool:
        """Wait until a connection ends, or the launcher; without seconds for as long as it takes.

        Returns:
            Whether one has ended.
        """
        return self._lost.wait(seconds)

    def end(self) -> None:
        """End the connections; the other side sees it."""
        for connection in self._connections:
            with suppress(OSError):  # the other side may have gone already
                connection.shutdown(socket.SHUT_RDWR)
