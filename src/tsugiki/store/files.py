"""Files on this machine: listing, hashing, and making them durable; and OS errors in one clear line."""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store.base import FileEntry, check_name

_THREADS = 8
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_MISPLACED = (errno.ENOTDIR, errno.EISDIR, errno.EXDEV, errno.ENAMETOOLONG, errno.ELOOP)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def explain(error: OSError, where: str) -> TsugikiError:
    """The OS error as one line that says what to do."""
    path = error.filename or where
    if error.errno in _FULL:
        return TsugikiError(f"{where}: the disk is full; free space, then run the same command again")
    if error.errno in _FORBIDDEN:
        return BadInput(f"{path}: {error.strerror}; make it writable, or choose another place")
    if error.errno in _MISPLACED:
        return BadInput(f"{path}: {error.strerror}; choose another place")
    if error.errno in _NO_LOCKS:
        return BadInput(f"{path}: this file system has no file locks; mount it with locks, or choose another place")
    return TsugikiError(f"{path}: {error.strerror or error}; run the same command again")


@contextmanager
def clear_errors(where: str) -> Iterator[None]:
    """Turn OS errors from inside into one clear line.

    Raises:
        BadInput: no permission, a file where a directory is due, no locks.
        TsugikiError: a full disk and whatever else may be gone the next time.
    """
    try:
        yield
    except OSError as error:
        raise explain(error, where) from error


def list_directory(path: Path) -> dict[str, int]:
    """Every regular file below `path` by its relative name, in order, with its size in bytes.

    Raises:
        BadInput: a symbolic link or a special file, which not every store can hold, or a name that cannot be stored.
        OSError: `path` cannot be read.
    """
    found = {}
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                    continue
                name = Path(entry.path).relative_to(path).as_posix()
                status = entry.stat(follow_symlinks=False)
                if not stat.S_ISREG(status.st_mode):
                    raise BadInput(f"{entry.path} is a link or a special file; put a regular file there")
                found[name] = status.st_size
    return dict(sorted(found.items()))


def hash_file(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(path: Path, names: Iterable[str]) -> dict[str, FileEntry]:
    """Size and SHA-256 of the named files below `path`, in the given order; read in parallel.

    Raises:
        OSError: a file cannot be read.
    """

    def entry(name: str) -> FileEntry:
        return FileEntry(size=(path / name).stat().st_size, sha256=hash_file(path / name))

    chosen = list(names)
    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip(chosen, pool.map(entry, chosen), strict=True))


def hash_directory(path: Path) -> dict[str, FileEntry]:
    """Size and SHA-256 of every file below `path`, in the order of names: what `Store.commit` takes.

    Raises:
        BadInput: a link, a special file, or a name that cannot be stored; or `path` cannot be read.
        TsugikiError: reading failed.
    """
    with clear_errors(str(path)):
        return hash_files(path, map(check_name, list_directory(path)))


def sync(path: Path) -> None:
    """Force a file's content, or a directory's names, onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(path: Path) -> None:
    """Force everything below `path`, and `path` itself, onto the disk."""
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(sync, [Path(folder) / name for folder, _, names in os.walk(path) for name in names]))
    for folder, _, _ in os.walk(path, topdown=False):
        sync(Path(folder))


def make_directory(path: Path) -> None:
    """Create a directory and its parents, durably."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(parents=True, exist_ok=True)
    for folder in missing:
        sync(folder.parent)


def remove(path: Path) -> None:
    """Remove a file or a directory; gone already is fine, also when someone else is removing it too."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_gone_is_fine)
    else:
        path.unlink(missing_ok=True)


def _gone_is_fine(_function: object, _path: str, failure: tuple[type, BaseException, object]) -> None:
    if not isinstance(failure[1], FileNotFoundError):
        raise failure[1]


def remove_empty(path: Path, top: Path) -> None:
    """Remove `path` and its parents below `top`, as long as they are empty."""
    while path != top:
        try:
            path.rmdir()
        except OSError:
            return
        path = path.parent
