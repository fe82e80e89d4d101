"""Data parallelism: the processes that torch's launcher started share each step's batches and sum their gradients."""

import os
import pickle
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from tsugiki.errors import Preempted, TsugikiError
from tsugiki.train.lifeline import Lifeline
from tsugiki.world import World

T = TypeVar("T")

MEETING_SECONDS = 10 * 60
"""Longest wait for the other processes, all of which have been started by now."""
WAITING_SECONDS = 2 * 60 * 60
"""Longest wait in a collective: rank 0 uploads the state of a large model meanwhile."""
LOSS_SECONDS = 30.0
"""Within this time of a fault of communication a peer that caused it is gone."""
BUCKET_BYTES = 1 << 26
"""Gradients are summed in flat buckets of about this size."""
_PORT_KEY = "lifeline/port"
_UNREACHABLE = "cannot be reached: let the machines of a training reach each other on every port"


class Ranks(World):
    """One of several processes. Tensors on the CPU travel through gloo, those on a GPU through NCCL."""

    def __init__(self) -> None:
        """Meet the others.

        Raises:
            Preempted: they did not come.
        """
        self._kept = "nothing is saved yet"
        self._keeping = threading.Lock()
        self._farewell: Callable[[], None] = lambda: None
        store = self._meet()
        self._lifeline = Lifeline(self._connect(store), self._leave)
        # NCCL's faults are then raised here; otherwise it aborts the process, which looks like a failure
        os.environ["TORCH_NCCL_BLOCKING_WAIT"] = "1"
        with self._peers():
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
                store=store,
                rank=self.rank,
                world_size=self.size,
                timeout=timedelta(seconds=WAITING_SECONDS),
            )

    def _meet(self) -> Any:
        """The store that the launcher of the first machine serves."""
        try:
            store, self.rank, self.size = next(rendezvous("env://", timeout=timedelta(seconds=MEETING_SECONDS)))
        except RuntimeError as error:
            raise Preempted(f"the launcher of the first machine has gone ({_line(error)})") from error
        return store

    def _connect(self, store: Any) -> list[socket.socket]:
        """One connection to rank 0; there, one to every other rank."""
        try:
            if self.leads:
                return self._accept(store)
            host, port = os.environ["MASTER_ADDR"], int(store.get(_PORT_KEY))
        except (RuntimeError, TimeoutError) as error:
            raise Preempted(f"not all of the {self.size} processes came ({_line(error)})") from error
        try:
            return [socket.create_connection((host, port), MEETING_SECONDS)]
        except OSError as error:
            raise TsugikiError(f"{host}:{port} {_UNREACHABLE} ({_line(error)})") from error

    def _accept(self, store: Any) -> list[socket.socket]:
        dual = socket.has_dualstack_ipv6()
        family = socket.AF_INET6 if dual else socket.AF_INET
        with socket.create_server(("", 0), family=family, backlog=self.size, dualstack_ipv6=dual) as listener:
            listener.settimeout(MEETING_SECONDS)
            store.set(_PORT_KEY, str(listener.getsockname()[1]))
            return [listener.accept()[0] for _ in range(1, self.size)]

    def sum(self, tensors: Sequence[torch.Tensor]) -> None:
        """See `World.sum`. The tensors have one type and lie on one device."""
        with self._peers():
            for bucket in _buckets(tensors):
                flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
                dist.all_reduce(flat)
                parts = torch.split(flat, [tensor.numel() for tensor in bucket])
                for tensor, part in zip(bucket, parts, strict=True):
                    tensor.copy_(part.view_as(tensor))

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """See `World.any`."""
        found = torch.tensor(flags, dtype=torch.uint8)
        with self._peers():
            dist.all_reduce(found, dist.ReduceOp.MAX)
        return tuple(bool(flag) for flag in found)

    def share(self, value: T) -> T:
        """See `World.share`. Tensors in it arrive on the CPU, one after the other, so that memory holds it once."""
        file, tensors = BytesIO(), list[torch.Tensor]()
        if self.leads:
            _Pickler(file, tensors).dump(value)
        box = [file.getvalue()]
        with self._peers():
            dist.broadcast_object_list(box, device=torch.device("cpu"))
            if not self.leads:
                return _Unpickler(BytesIO(box[0])).load()  # type: ignore[no-any-return]
            for tensor in tensors:
                _broadcast(tensor.detach().cpu().contiguous())
        return value

    @contextmanager
    def keeping(self, what: str) -> Iterator[None]:
        """See `World.keeping`."""
        with self._keeping:
            yield
            if self.leads:
                self._kept = what
        self.any(True)
        self._kept = what

    def before_leaving(self, action: Callable[[], None]) -> None:
        """See `World.before_leaving`."""
        self._farewell = action

    def part(self) -> None:
        """See `World.part`."""
        self._lifeline.release()
        dist.destroy_process_group()

    def close(self) -> None:
        """See `World.close`."""
        if self.leads:
            self._lifeline.end()
        else:
            self._lifeline.lost()

    @contextmanager
    def _peers(self) -> Iterator[None]:
        """Tell the loss of a peer, which is no failure, from other faults of communication."""
        try:
            yield
        except (RuntimeError, OSError) as error:
            if "out of memory" in str(error):
                raise
            if self._lifeline.lost(LOSS_SECONDS):
                raise Preempted(f"{self._loss()} ({_line(error)})") from error
            raise TsugikiError(f"a process {_UNREACHABLE} ({_line(error)})") from error

    def _loss(self) -> str:
        return f"a peer left; {self._kept}, and the same command resumes it"

    def _leave(self) -> None:
        """End this process, whose main thread may wait for ever."""
        with self._keeping:
            print(self._loss(), file=sys.stderr, flush=True)
            try:
                self._farewell()
            finally:
                os._exit(Preempted.exit_code)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _buckets(tensors: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    bucket, size = list[torch.Tensor](), 0
    for tensor in tensors:
        bucket.append(tensor)
        size += tensor.nbytes
        if size >= BUCKET_BYTES:
            yield bucket
            bucket, size = [], 0
    if bucket:
        yield bucket


def _broadcast(tensor: torch.Tensor) -> None:
    if tensor.numel():
        dist.broadcast(tensor.view(-1).view(torch.uint8), 0)


class _Pickler(pickle.Pickler):
    """Leaves tensors out of the pickle and lists them in its order."""

    def __init__(self, file: BytesIO, tensors: list[torch.Tensor]) -> None:
        super().__init__(file)
        self._tensors = tensors

    def persistent_id(self, item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            return None
        self._tensors.append(item)
        return item.dtype, tuple(item.shape)


class _Unpickler(pickle.Unpickler):
    """Receives the tensors in the order of the pickle."""

    def persistent_load(self, key: Any) -> torch.Tensor:
        dtype, shape = key
        tensor = torch.empty(shape, dtype=dtype)
        _broadcast(tensor)
        return tensor
