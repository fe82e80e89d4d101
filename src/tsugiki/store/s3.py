"""Artifacts below an S3 prefix: the files of one writer under one key, the record last and conditionally."""

import hashlib
import os
import re
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store.area import WORK, Area, Busy, refuse
from tsugiki.store.base import (
    RECORD,
    Attempt,
    BadArtifact,
    Files,
    check_address,
    check_record,
    chosen,
    compare_sizes,
    files_of,
    nothing,
    tree_digest,
)
from tsugiki.store.bucket import Bucket, Gone, Transfer
from tsugiki.store.client import DEFAULT_LIMITS, Limits
from tsugiki.store.files import clear_errors, list_directory, remove, sync_tree
from tsugiki.store.state import RemoteState

_ROOT = re.compile(r"s3://([a-z0-9][a-z0-9.-]+)(?:/(.*?))?/*")


def default_cache() -> Path:
    """Where copies of S3 objects are kept: `tsugiki` below XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "tsugiki"


class S3Store:
    """A store below `s3://bucket/prefix`.

    The files of an artifact lie under `<address>/<digest of names and contents>/`, so that two writers of the same
    content write the same keys, and writers of different contents never mix.
    """

    def __init__(self, root: str, cache: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        match = _ROOT.fullmatch(root)
        if not match:
            raise BadInput(f"root {root!r} is not s3://bucket/prefix; correct it")
        self.root = root.rstrip("/")
        self._prefix = f"{match[2]}/" if match[2] else ""
        self._bucket = Bucket(match[1], limits)
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
        self._local = cache.absolute() / hashlib.sha256(f"{endpoint} {self.root}".encode()).hexdigest()[:16]
        self._bucket.list(self._prefix, at_most=1)

    def read_record(self, address: str) -> bytes | None:
        """See `Store.read_record`."""
        return self._bucket.read(self._key(address, RECORD))

    @contextmanager
    def attempt(self, address: str, on_wait: Callable[[], None] = nothing) -> Iterator[Attempt]:
        """See `Store.attempt`. The saved state is what was last published, from whichever machine."""
        area = Area(self._local, check_address(address))
        state = self._state(address, area)

        def publish(names: tuple[str, ...]) -> None:
            with clear_errors(str(area.state)):
                state.publish(names)

        with ExitStack() as held:
            with clear_errors(str(area.state)):
                held.enter_context(area.held(on_wait))
                area.prepare()
            try:
                with clear_errors(str(area.state)):
                    state.pull()
                yield Attempt(area.output, area.state, publish)
            except BaseException:
                with suppress(OSError):
                    area.leave(keep_state=True)
                raise
            with clear_errors(str(area.state)):
                finished = self.read_record(address) is not None
                if finished:
                    state.discard()
                area.leave(keep_state=not finished)

    def commit(self, address: str, source: Path, record: bytes, files: Files) -> bool:
        """See `Store.commit`. On this machine the files stay in the cache."""
        check_record(record, files)
        with clear_errors(str(source)):
            compare_sizes(str(source), list_directory(source), files)
            sync_tree(source)
        won = self._publish(address, source, record, files)
        tree = tree_digest(files if won else self._winner(address))
        self._sweep(address, tree)
        with clear_errors(str(source)):
            self._adopt(address, source, files, tree)
        return won

    def _publish(self, address: str, source: Path, record: bytes, files: Files) -> bool:
        if self.read_record(address) is not None:
            return False
        tree = self._key(address, tree_digest(files))
        there = self._bucket.list(f"{tree}/")
        keys = {name: f"{tree}/{name}" for name in files}
        missing = [name for name in files if there.get(keys[name]) != files[name].size]
        try:
            self._bucket.upload(Transfer(keys[name], source / name, files[name]) for name in missing)
        except TsugikiError:
            # A writer that has won ends the unfinished uploads of the others.
            if self.read_record(address) is None:
                raise
            return False
        return self._bucket.create(self._key(address, RECORD), record, uuid.uuid4().hex)

    def _winner(self, address: str) -> Files:
        record = self.read_record(address)
        if record is None:
            raise TsugikiError(f"{self.root}/{address} was deleted meanwhile; run the same command again")
        return files_of(record)

    def _sweep(self, address: str, tree: str) -> None:
        """Remove what other writers left or are still writing: the record is there, so they have lost."""
        keep = (self._key(address, RECORD), self._key(address, tree) + "/")
        self._bucket.abort_uploads(self._key(address, ""))
        self._bucket.remove(key for key in self._bucket.list(self._key(address, "")) if not key.startswith(keep))

    def _adopt(self, address: str, source: Path, files: Files, tree: str) -> None:
        """Make what was committed from here the cached copy, unless there is one."""
        cached = self._cached(address, tree)
        with self._fetching(address):
            if tree == tree_digest(files) and not cached.exists():
                cached.parent.mkdir(parents=True, exist_ok=True)
                source.rename(cached)
        remove(source)

    def verify(self, address: str, files: Files, hashes: bool = False) -> None:
        """See `Store.verify`. What other writers left beside the artifact is not part of it."""
        tree = self._key(address, tree_digest(files)) + "/"
        found = {key.removeprefix(tree): size for key, size in self._bucket.list(tree).items()}
        compare_sizes(self._where(address), found, files)
        if hashes:
            self._bucket.check({tree + name: files[name] for name in sorted(files)})

    def fetch(self, address: str, files: Files, names: Collection[str] | None = None) -> Path:
        """See `Store.fetch`. Each file is downloaded once to the cache, which processes share."""
        wanted = chosen(self._where(address), files, names)
        cached = self._cached(address, tree_digest(files))
        with clear_errors(str(cached)):
            if self._missing(cached, wanted, files):
                with self._fetching(address) as parts:
                    self._download(address, cached, self._missing(cached, wanted, files), files, parts)
            cached.mkdir(parents=True, exist_ok=True)
        return cached

    def _missing(self, cached: Path, wanted: list[str], files: Files) -> list[str]:
        def present(name: str) -> bool:
            path = cached / name
            return path.is_file() and path.stat().st_size == files[name].size

        return [name for name in wanted if not present(name)]

    def _download(self, address: str, cached: Path, names: list[str], files: Files, parts: Path) -> None:
        tree = self._key(address, tree_digest(files))
        try:
            self._bucket.download([Transfer(f"{tree}/{name}", cached / name, files[name]) for name in names], parts)
        except Gone as error:
            raise BadArtifact(
                f"s3://{self._bucket.name}/{error} is missing; delete the artifact and run again"
            ) from error

    @contextmanager
    def _fetching(self, address: str) -> Iterator[Path]:
        """Hold the cached copy of an address; gives an empty directory for unfinished downloads."""
        area = self._fetch_area(address)
        with area.held(nothing):
            area.prepare()
            try:
                yield area.output
            finally:
                area.leave(keep_state=False)

    def discard_work(self, address: str) -> None:
        """See `Store.discard_work`."""
        area, fetching = Area(self._local, check_address(address)), self._fetch_area(address)
        with clear_errors(self._where(address)):
            with suppress(Busy), area.held(refuse):
                self._state(address, area).discard()
                area.leave(keep_state=False)
            with suppress(Busy), fetching.held(refuse):
                fetching.leave(keep_state=False)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Store.list`."""
        for key in self._bucket.list(self._prefix + prefix):
            address, _, name = key.removeprefix(self._prefix).rpartition("/")
            if name == RECORD and address.count("/") == 1 and not address.startswith(f"{WORK}/"):
                yield address

    def delete(self, address: str) -> None:
        """See `Store.delete`. The cached copy goes too."""
        area = Area(self._local, check_address(address))
        with clear_errors(self._where(address)), area.held(refuse):
            self._bucket.remove([self._key(address, RECORD)])
            self._bucket.abort_uploads(self._key(address, ""))
            self._bucket.remove(self._bucket.list(self._key(address, "")))
            self._state(address, area).discard()
            remove(self._local / address)
            area.leave(keep_state=False)

    def _state(self, address: str, area: Area) -> RemoteState:
        return RemoteState(self._bucket, f"{self._prefix}{WORK}/{address}", area.state, area.spare("parts"))

    def _fetch_area(self, address: str) -> Area:
        return Area(self._local / ".fetch", address)

    def _cached(self, address: str, tree: str) -> Path:
        return self._local / address / tree

    def _key(self, address: str, name: str) -> str:
        return f"{self._prefix}{check_address(address)}/{name}"

    def _where(self, address: str) -> str:
        return f"{self.root}/{address}"
