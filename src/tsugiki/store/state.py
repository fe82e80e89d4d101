"""The saved state of an attempt, kept in S3: every publication is one consistent snapshot."""

import json
from pathlib import Path

from tsugiki.store.base import FileEntry, check_name, files_of
from tsugiki.store.bucket import Bucket, Gone, Transfer
from tsugiki.store.files import hash_directory, hash_files, list_directory, remove_empty

_PULLS = 5


class RemoteState:
    """State files of one address: a list of names and checksums, and one object for each content.

    The list is replaced in one request after its objects are there, so that a kill in the middle of a publication
    leaves the previous snapshot. Where two machines work at one address, the last list counts.
    """

    def __init__(self, bucket: Bucket, prefix: str, local: Path, parts: Path) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._index = f"{prefix}/index.json"
        self._local = local
        self._parts = parts
        self._kept: dict[str, FileEntry] = {}

    def pull(self) -> None:
        """Make the local directory equal to the last snapshot, downloading only what differs."""
        for _ in range(_PULLS):
            index = self._bucket.read(self._index)
            files = {} if index is None else files_of(index)
            try:
                self._equalise(files)
            except Gone:
                continue  # another machine published meanwhile and removed what this list named
            self._kept = files
            return
        # Starting over is slower, never wrong.
        self._equalise({})
        self._kept = {}

    def _equalise(self, files: dict[str, FileEntry]) -> None:
        found = hash_directory(self._local)
        for name in found:
            if found[name] != files.get(name):
                path = self._local / name
                path.unlink()
                remove_empty(path.parent, self._local)
        self._parts.mkdir(exist_ok=True)
        missing = [name for name in files if found.get(name) != files[name]]
        self._bucket.download(self._transfers({name: files[name] for name in missing}), self._parts)

    def publish(self, names: tuple[str, ...]) -> None:
        """Take a new snapshot, in which the named files and directories are as they are here now."""
        files = {name: self._kept[name] for name in self._kept if not any(_below(name, top) for top in names)}
        files |= hash_files(self._local, [name for top in names for name in self._names(top)])
        files = dict(sorted(files.items()))
        there = {entry.sha256 for entry in self._kept.values()}
        fresh = {entry.sha256: name for name, entry in files.items() if entry.sha256 not in there}
        self._bucket.upload(self._transfers({name: files[name] for name in fresh.values()}))
        index = {"files": {name: entry.model_dump() for name, entry in files.items()}}
        self._bucket.write(self._index, json.dumps(index).encode())
        self._kept = files
        self._bucket.remove(self._key(sha256) for sha256 in there - {entry.sha256 for entry in files.values()})

    def _names(self, top: str) -> list[str]:
        path = self._local / check_name(top)
        if path.is_dir():
            return [check_name(f"{top}/{name}") for name in list_directory(path)]
        return [top] if path.exists() else []

    def discard(self) -> None:
        """Remove every snapshot from S3."""
        self._bucket.remove([self._index])
        self._bucket.abort_uploads(f"{self._prefix}/")
        self._bucket.remove(self._bucket.list(f"{self._prefix}/"))
        self._kept = {}

    def _transfers(self, files: dict[str, FileEntry]) -> list[Transfer]:
        return [Transfer(self._key(it.sha256), self._local / name, it) for name, it in files.items()]

    def _key(self, sha256: str) -> str:
        return f"{self._prefix}/{sha256}"


def _below(name: str, top: str) -> bool:
    return name == top or name.startswith(f"{top}/")
