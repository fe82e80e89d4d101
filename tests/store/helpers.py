"""Small artifacts, and what lies in a store when nobody looks through it."""

import json
import multiprocessing
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.s3 import Server
from tsugiki.store import FileEntry, Store, hash_directory
from tsugiki.store.client import Limits
from tsugiki.store.directory import DirectoryStore
from tsugiki.store.s3 import S3Store

ADDRESS = "corpus/clean_corpus-0123456789abcdef"
MIB = 1024 * 1024
QUICK = Limits(part_bytes=5 * MIB, requests=4, attempts=2, connect_seconds=2, read_seconds=10)
"""The smallest parts that S3 allows, and little patience."""


@dataclass(frozen=True)
class Place:
    """A root, and how one machine opens it: each machine has its own cache."""

    root: str
    caches: Path
    server: Server | None = None

    def open(self, machine: str = "here") -> Store:
        if self.server:
            return S3Store(self.root, self.caches / machine, QUICK)
        return DirectoryStore(Path(self.root))

    def contents(self) -> dict[str, bytes]:
        """Every object or file below the root, unfinished ones too."""
        if not self.server:
            top = Path(self.root)
            return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        bucket, prefix = self.root.removeprefix("s3://").split("/", 1)
        client = self.server.client
        found = client.list_objects_v2(Bucket=bucket).get("Contents", [])
        content = {item["Key"]: client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in found}
        parts = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        content |= {f"{item['Key']}?uploadId": b"" for item in parts}
        return {key.removeprefix(f"{prefix}/"): value for key, value in content.items()}

    def overwrite(self, key: str, content: bytes | None) -> None:
        """Change what is stored behind the store's back; None removes it."""
        if not self.server:
            path = Path(self.root) / key
            path.unlink() if content is None else path.write_bytes(content)
            return
        bucket, prefix = self.root.removeprefix("s3://").split("/", 1)
        where = {"Bucket": bucket, "Key": f"{prefix}/{key}"}
        if content is None:
            self.server.client.delete_object(**where)
        else:
            self.server.client.put_object(**where, Body=content)

    def key_of(self, name: str) -> str:
        """Where a file of the artifact at ADDRESS lies, below the root."""
        [key] = [key for key in self.contents() if key.startswith(ADDRESS) and key.endswith(f"/{name}")]
        return key


def write_files(directory: Path, seed: int = 0, large: bool = False) -> Path:
    """A small tree of files that the seed decides: an empty one, one in a directory, a Japanese name."""
    generator = random.Random(seed)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "sub" / "deep").mkdir(parents=True)
    (directory / "empty.txt").touch()
    (directory / "sub" / "銀魂 第1話.jsonl").write_bytes(generator.randbytes(1000))
    (directory / "sub" / "deep" / "b.bin").write_bytes(generator.randbytes(70_000))
    if large:
        (directory / "weights.bin").write_bytes(generator.randbytes(11 * MIB))
    return directory


def record_of(files: dict[str, FileEntry], note: object = None) -> bytes:
    """A record that lists these files."""
    listed = {name: entry.model_dump() for name, entry in files.items()}
    return json.dumps({"note": note, "files": listed}).encode()


def commit(store: Store, source: Path, note: object = None, address: str = ADDRESS) -> dict[str, FileEntry]:
    """Commit a directory, which must win; gives its files."""
    files = hash_directory(source)
    assert store.commit(address, source, record_of(files, note), files)
    return files


def in_process(work: Callable[[], None]) -> BaseProcess:
    """Start `work` in a forked process that ends without the parent's clean-up."""

    def run() -> None:
        work()
        os._exit(0)

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    return process
