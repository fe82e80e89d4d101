"""What a store promises: artifacts at addresses, each of which exists if and only if its record does."""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from tsugiki.errors import BadInput, TsugikiError

RECORD = "_RECORD.json"
"""Name of the record, beside the artifact's files. It is written last."""

_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")


class BadArtifact(TsugikiError):
    """What lies at an address is not what its record says."""


class FileEntry(BaseModel):
    """One file of an artifact. Its key is its name relative to the artifact, with forward slashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    size: int = Field(ge=0)
    """Bytes."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


Files = Mapping[str, FileEntry]


def nothing() -> None:
    """Wait without a word."""


@dataclass(frozen=True)
class Attempt:
    """One process's hold on an address: no other process of this machine works there meanwhile.

    `state` and `publish` are what `tsugiki.work.Work` takes.
    """

    output: Path
    """Empty directory for the output, on the file system of its final place: pass it to `Store.commit`."""
    state: Path
    """What earlier attempts saved; empty on the first."""
    publish: Callable[[tuple[str, ...]], None]
    """Makes these files or directories under `state` durable, all at once; a name that is gone is removed."""


class Store(Protocol):
    """A place of artifacts. Every method may raise `BadInput` (configuration) or `TsugikiError` (try again).

    An address is `<kind>/<stage>-<identity>`.
    """

    root: str
    """The directory or the `s3://bucket/prefix`, as messages show it."""

    def read_record(self, address: str) -> bytes | None:
        """The record as it was committed; None where the artifact does not exist."""
        ...

    def attempt(self, address: str, on_wait: Callable[[], None] = nothing) -> AbstractContextManager[Attempt]:
        """Hold the address on this machine. Look for a record again inside: whoever held it may have finished.

        While another process holds it, `on_wait` is called about every 0.1 s and may raise to give up. Leaving
        removes the output, and the saved state too once the artifact exists; after a kill the next attempt does.
        """
        ...

    def commit(self, address: str, source: Path, record: bytes, files: Files) -> bool:
        """Publish the finished directory `source`, its record last and only where none exists. Takes `source`.

        Args:
            address: Where to.
            source: Directory that holds exactly `files`; afterwards it is gone.
            record: JSON object whose `files` is `files`.
            files: What `hash_directory(source)` gave.

        Returns:
            True where this is now the artifact; False where another writer's record was there first, of which
            nothing was touched, while nothing of this one remains.
        """
        ...

    def verify(self, address: str, files: Files, hashes: bool = False) -> None:
        """Compare names and sizes in one listing, and on request every checksum, with the record's `files`.

        Raises:
            BadArtifact: naming the first file that is missing, different or not listed.
        """
        ...

    def fetch(self, address: str, files: Files, names: Collection[str] | None = None) -> Path:
        """A local directory, to be read only, that holds the named files (None: all) of the record's `files`."""
        ...

    def discard_work(self, address: str) -> None:
        """Remove what killed attempts at this address left, unless a process of this machine is at work there."""
        ...

    def list(self, prefix: str = "") -> Iterator[str]:
        """Addresses that begin with `prefix` and have a record, in order."""
        ...

    def delete(self, address: str) -> None:
        """Remove an artifact, its record first, and what attempts left there. Nothing there is not an error."""
        ...


def check_address(address: str) -> str:
    """The address itself, if it is `<kind>/<stage>-<identity>` in letters, digits, `_`, `.` and `-`.

    Raises:
        BadInput: it is not.
    """
    if not _ADDRESS.fullmatch(address):
        raise BadInput(f"{address!r} is not the address of an artifact; write <kind>/<stage>-<identity>")
    return address


def check_name(name: str) -> str:
    """The file name itself, if it is relative, normal, printable and not the record's.

    Raises:
        BadInput: it is not.
    """
    parts = name.split("/")
    if "" in parts or "." in parts or ".." in parts or "\\" in name or not name.isprintable():
        raise BadInput(f"file name {name!r} cannot be stored; use a relative path with forward slashes")
    if name == RECORD:
        raise BadInput(f"file name {name!r} belongs to the record; name the file otherwise")
    return name


def files_of(record: bytes) -> dict[str, FileEntry]:
    """The `files` of a record, their names checked.

    Raises:
        BadArtifact: this is not a record.
    """
    try:
        files = {name: FileEntry.model_validate(entry) for name, entry in json.loads(record)["files"].items()}
        for name in files:
            check_name(name)
    except (ValueError, KeyError, TypeError, AttributeError, BadInput) as error:
        raise BadArtifact(f"not a record ({' '.join(str(error).split())[:200]}); delete the artifact") from error
    return files


def check_record(record: bytes, files: Files) -> None:
    """Refuse a record that lists other files than those committed with it.

    Raises:
        ValueError: they differ, which is a fault of the caller.
    """
    if files_of(record) != dict(files):
        raise ValueError("the record's `files` are not the files committed with it")


def chosen(where: str, files: Files, names: Collection[str] | None) -> list[str]:
    """The wanted names (None: all of them) in order.

    Raises:
        BadInput: a name that the record does not list, or that no store holds.
    """
    for name in files if names is None else names:
        if name not in files:
            raise BadInput(f"{where} has no file {name}; its {RECORD} lists what it has")
        check_name(name)
    return sorted(files if names is None else set(names))


def tree_digest(files: Files) -> str:
    """16 hexadecimal digits for a set of names and contents: equal sets, and only those, have equal digests."""
    lines = [[name, files[name].size, files[name].sha256] for name in sorted(files)]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]


def compare_sizes(where: str, found: Mapping[str, int], files: Files) -> None:
    """Compare a listing (name to bytes) with `files`.

    Raises:
        BadArtifact: naming the first difference, in the order of names.
    """
    for name in sorted({*found, *files}):
        if name not in found:
            raise BadArtifact(f"{where}: {name} is missing; delete the artifact and run again")
        if name not in files:
            raise BadArtifact(f"{where}: {name} is not in the record; remove it")
        if found[name] != files[name].size:
            sizes = f"has {found[name]} bytes where the record says {files[name].size}"
            raise BadArtifact(f"{where}: {name} {sizes}; delete the artifact and run again")


def compare_hash(where: str, name: str, found: str, files: Files) -> None:
    """Compare one file's SHA-256 with its entry.

    Raises:
        BadArtifact: they differ.
    """
    if found != files[name].sha256:
        raise BadArtifact(f"{where}: {name} has another checksum than the record; delete the artifact and run again")
