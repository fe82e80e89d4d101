"""What exists and how we know: an artifact is an address, and the record written there last makes it real."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store import FileEntry, Store
from tsugiki.work import Work

Metrics = dict[str, Any]
"""What a stage measured: JSON values by name, kept in the record."""

LOG_FILE = "log.jsonl"
"""Name of the file in which a training stage keeps its curve: one JSON object a step."""


class Record(BaseModel):
    """What was computed, from what, and what came out. Without it the artifact does not exist."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: str
    stage: str
    version: int
    config: dict[str, Any]
    inputs: dict[str, str | list[str]]
    """Address of each input, by parameter name."""
    files: dict[str, FileEntry]
    """Size in bytes and SHA-256 of each file, by its name relative to the artifact."""
    metrics: Metrics = {}
    provenance: dict[str, str] = {}
    """Code commit, image, package versions, device: what may explain a difference, never identity."""
    started: str
    """ISO 8601 time (UTC) at which the attempt that finished began."""
    attempts: int = 1
    """Attempts at the artifact that are known of, the one that finished included; of all parts, where it has parts."""
    seconds: float
    """Wall time of those attempts, in seconds; of parts made side by side the longest counts."""
    cpu_seconds: float = 0.0
    """Time of each attempt times the cores it was given, over all parts; 0 where none were set aside for it."""
    gpu_seconds: float = 0.0
    """Time of each attempt times the GPUs it was given or used, over all parts."""

    def sources(self) -> tuple[str, ...]:
        """Addresses of all inputs, in the order of the stage's parameters."""
        many = (value if isinstance(value, list) else [value] for value in self.inputs.values())
        return tuple(address for addresses in many for address in addresses)


A = TypeVar("A", bound="Artifact")


class Access(Protocol):
    """How the files of an artifact are reached: being read, or being written."""

    def directory(self, address: str, names: tuple[str, ...] | None) -> Path:
        """A local directory that holds the named files (None: all of them)."""


@dataclass(frozen=True)
class Written:
    """Access to the artifact that the running stage makes."""

    path: Path
    work: Work

    def directory(self, address: str, names: tuple[str, ...] | None) -> Path:  # noqa: ARG002 (one place for every file)
        """The directory in which the output is being written."""
        return self.path


@dataclass(frozen=True)
class Read:
    """Access to an artifact that exists."""

    store: Store
    record: Record

    def directory(self, address: str, names: tuple[str, ...] | None) -> Path:
        """A local directory that holds the named files, fetched on first use."""
        return self.store.fetch(address, self.record.files, names)


@dataclass(frozen=True)
class Artifact:
    """A typed address. In a workflow it is only that; inside a stage its files can be read or written."""

    kind: ClassVar[str]
    shown: ClassVar[tuple[str, ...]] = ()
    """Small files that a person opens: HTML, SVG or JSON."""

    address: str
    """`<kind>/<stage>-<identity>`, relative to the store's root; known before anything runs."""
    access: Access | None = None

    @classmethod
    def at(cls, address: str, access: Access | None = None) -> Self:
        """The artifact of this kind at an address.

        Raises:
            BadInput: the address is that of another kind.
        """
        kind, _, name = address.partition("/")
        if kind != cls.kind or not name:
            raise BadInput(f"{address!r} is not the address of a {cls.kind}: give one that begins with {cls.kind}/")
        return cls(address, access)

    @classmethod
    def open(cls, store: Store, address: str) -> Self:
        """The artifact at an address, ready to be read.

        Raises:
            BadInput: another kind, or no artifact there.
        """
        artifact = cls.at(address)
        return cls(address, Read(store, require_record(store, artifact.address)))

    @property
    def path(self) -> Path:
        """Local directory of all files; for an output, the directory to write them to."""
        return self._access.directory(self.address, None)

    def file(self, name: str) -> Path:
        """Local path of one file, without fetching the others."""
        return self._access.directory(self.address, (name,)) / name

    @property
    def work(self) -> Work:
        """The attempt's surviving state, stop flag and progress line (outputs only)."""
        if not isinstance(self._access, Written):
            raise TypeError(f"{self.address} is an input: only the output of a running stage has work")
        return self._access.work

    @cached_property
    def record(self) -> Record:
        """The record of an artifact that exists (inputs only)."""
        return self._read.record

    def lineage(self) -> Iterator[Artifact]:
        """Every artifact this one was made from, itself included: each once, inputs before what used them."""
        yield from _walk(self._read.store, self, set())

    def made_from(self, kind: type[A], name: str) -> tuple[A, ...]:
        """The artifacts that the stage was given as its input `name`, ready to be read (inputs only).

        Raises:
            BadInput: they are of another kind, or one of them is no longer there.
        """
        given = self.record.inputs[name]
        addresses = [given] if isinstance(given, str) else given
        return tuple(kind.open(self._read.store, address) for address in addresses)

    def stored(self, kind: type[A], made_by: str) -> tuple[A, ...]:
        """All that a stage has made of a kind in the store of this artifact, in the order of addresses (inputs only).

        What a stage finds in this way is no input of it, and so no part of its identity: it must keep in its record
        what it used.
        """
        from concurrent.futures import ThreadPoolExecutor

        store = self._read.store
        addresses = list(store.list(f"{kind.kind}/{made_by}-"))
        with ThreadPoolExecutor(8) as pool:
            records = pool.map(lambda address: read_record(store, address), addresses)
            found = zip(addresses, records, strict=True)
            return tuple(kind(address, Read(store, record)) for address, record in found if record is not None)

    @property
    def _access(self) -> Access:
        if self.access is None:
            raise TypeError(f"{self.address} is only an address here: its files can be reached inside a stage")
        return self.access

    @property
    def _read(self) -> Read:
        if not isinstance(self._access, Read):
            raise TypeError(f"{self.address} is being written: it has no record yet")
        return self._access


def _walk(store: Store, artifact: Artifact, seen: set[str]) -> Iterator[Artifact]:
    seen.add(artifact.address)
    for address in artifact.record.sources():
        if address not in seen:
            source = Artifact(address, Read(store, require_record(store, address)))
            yield from _walk(store, source, seen)
    yield artifact


def read_record(store: Store, address: str) -> Record | None:
    """The record at an address; None if the artifact does not exist."""
    data = store.read_record(address)
    if data is None:
        return None
    try:
        return Record.model_validate_json(data)
    except ValueError as error:
        raise TsugikiError(
            f"the record of {address} in {store.root} cannot be read ({first_line(error)}); delete it to redo"
        ) from error


def require_record(store: Store, address: str) -> Record:
    """The record at an address that must exist."""
    record = read_record(store, address)
    if record is None:
        raise BadInput(f"no artifact {address} in {store.root}: run the stage that makes it first")
    return record


def first_line(error: BaseException) -> str:
    """The first non-empty line of an error's text, or its type where it has none."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
