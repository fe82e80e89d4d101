"""Artifacts in a directory: each appears by one rename of its complete directory."""

import errno
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.store.area import WORK, Area, Busy, refuse
from tsugiki.store.base import (
    RECORD,
    Attempt,
    BadArtifact,
    Files,
    check_address,
    check_name,
    check_record,
    chosen,
    compare_hash,
    compare_sizes,
    nothing,
)
from tsugiki.store.files import (
    clear_errors,
    hash_files,
    list_directory,
    make_directory,
    remove,
    sync,
    sync_tree,
)


class DirectoryStore:
    """A store below one directory, which is created when something is first written."""

    def __init__(self, root: Path) -> None:
        if root.exists() and not root.is_dir():
            raise BadInput(f"{root} is not a directory; choose another root")
        self._root = root.absolute()
        self.root = str(root)

    def read_record(self, address: str) -> bytes | None:
        """See `Store.read_record`."""
        with clear_errors(self._where(address)):
            try:
                return (self._place(address) / RECORD).read_bytes()
            except FileNotFoundError:
                return None

    @contextmanager
    def attempt(self, address: str, on_wait: Callable[[], None] = nothing) -> Iterator[Attempt]:
        """See `Store.attempt`. Saved state is in the directory already; publishing only forces it onto the disk."""
        area = Area(self._root, check_address(address))
        where = self._where(address)

        def publish(names: tuple[str, ...]) -> None:
            with clear_errors(where):
                _sync_names(area.state, names)

        with ExitStack() as held:
            with clear_errors(where):
                held.enter_context(area.held(on_wait))
                area.prepare()
            try:
                yield Attempt(area.output, area.state, publish)
            except BaseException:
                with suppress(OSError):
                    area.leave(keep_state=True)
                raise
            with clear_errors(where):
                area.leave(keep_state=self.read_record(address) is None)

    def commit(self, address: str, source: Path, record: bytes, files: Files) -> bool:
        """See `Store.commit`. A rename onto a directory that is not empty fails: that is the conditional create."""
        check_record(record, files)
        place, where = self._place(address), self._where(address)
        with clear_errors(where):
            (source / RECORD).unlink(missing_ok=True)
            compare_sizes(str(source), list_directory(source), files)
            (source / RECORD).write_bytes(record)
            sync_tree(source)
            make_directory(place.parent)
            won = _rename(source, place)
            if not won:
                remove(source)
            elif source.parent.exists():
                sync(source.parent)
        if not won and self.read_record(address) is None:
            raise BadInput(f"{where} is in the way: it has no record; remove it")
        return won

    def verify(self, address: str, files: Files, hashes: bool = False) -> None:
        """See `Store.verify`."""
        place, where = self._place(address), self._where(address)
        with clear_errors(where):
            found = list_directory(place) if place.is_dir() else {}
            found.pop(RECORD, None)
            compare_sizes(where, found, files)
            if hashes:
                for name, entry in hash_files(place, sorted(files)).items():
                    compare_hash(where, name, entry.sha256, files)

    def fetch(self, address: str, files: Files, names: Collection[str] | None = None) -> Path:
        """See `Store.fetch`. The directory is the artifact itself."""
        place = self._place(address)
        for name in chosen(self._where(address), files, names):
            if not (place / name).is_file():
                raise BadArtifact(f"{self._where(address)}: {name} is missing; delete the artifact and run again")
        return place

    def discard_work(self, address: str) -> None:
        """See `Store.discard_work`."""
        area = Area(self._root, check_address(address))
        with clear_errors(self._where(address)), suppress(Busy):
            if area.exists():
                with area.held(refuse):
                    area.leave(keep_state=False)

    def list(self, prefix: str = "") -> Iterator[str]:
        """See `Store.list`."""
        with clear_errors(self.root):
            found = [record.parent for record in self._root.glob(f"*/*/{RECORD}")]
        addresses = sorted(path.relative_to(self._root).as_posix() for path in found)
        yield from (it for it in addresses if it.startswith(prefix) and not it.startswith(f"{WORK}/"))

    def delete(self, address: str) -> None:
        """See `Store.delete`. The artifact disappears by one rename."""
        place, area = self._place(address), Area(self._root, address)
        with clear_errors(self._where(address)), area.held(refuse):
            if place.exists():
                place.rename(area.spare("deleted"))
                sync(place.parent)
            area.leave(keep_state=False)

    def _place(self, address: str) -> Path:
        return self._root / check_address(address)

    def _where(self, address: str) -> str:
        return f"{self.root.rstrip('/')}/{address}"


def _rename(source: Path, place: Path) -> bool:
    try:
        source.rename(place)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    sync(place.parent)
    return True


def _sync_names(state: Path, names: tuple[str, ...]) -> None:
    for name in names:
        path = state / check_name(name)
        if path.is_dir():
            sync_tree(path)
        elif path.exists():
            sync(path)
        for folder in path.relative_to(state).parents:
            if (state / folder).is_dir():
                sync(state / folder)
