"""Row files: zstd-compressed JSONL in numbered parts, the same bytes for the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Self, TypeVar

import zstandard

from tsugiki.errors import BadInput
from tsugiki.packed import Packed
from tsugiki.rows import Row

R = TypeVar("R", bound=Row)

PART_BYTES = 64 * 1024 * 1024
LEVEL = 3
_CHUNK_BYTES = 1 << 16


class RowWriter:
    """Writes rows to `<name>-00000.jsonl.zst`, `<name>-00001.jsonl.zst`, … A part ends after `PART_BYTES` of JSON."""

    def __init__(self, directory: Path, name: str) -> None:
        self.count = 0
        self._directory = directory
        self._name = name
        self._part = -1
        self._bytes = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, row: Row | Packed[Any]) -> None:
        """Append one row."""
        if self._file is None or self._bytes >= PART_BYTES:
            self._next_part()
        assert self._file is not None
        line = (row if isinstance(row, Packed) else Packed.of(row)).line
        self._file.write(line + b"\n")
        self._bytes += len(line) + 1
        self.count += 1

    def _next_part(self) -> None:
        self._close()
        self._part += 1
        self._bytes = 0
        path = self._directory / f"{self._name}-{self._part:05d}.jsonl.zst"
        # One more thread compresses while rows are made; how many there are changes no byte, unless it is none.
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, threads=1)
        self._file = zstandard.open(path, "wb", cctx=compressor)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __exit__(self, *_: object) -> None:
        self._close()


def read_rows(directory: Path, name: str, row: type[R]) -> Iterator[R]:
    """Yield the rows of every part, in order; nothing where no row was written.

    Raises:
        BadInput: a line that is not a row of this type, with its file and line.
    """
    return (packed.unpack() for packed in read_packed(directory, name, row))


def read_packed(directory: Path, name: str, row: type[R]) -> Iterator[Packed[R]]:
    """The same without reading the lines: whether each is a row shows when it is unpacked.

    Raises:
        BadInput: a part is damaged or cut off.
    """
    for path in sorted(directory.glob(f"{name}-*.jsonl.zst")):
        try:
            for number, line in enumerate(_lines(path), start=1):
                yield Packed(row, line, path, number)
        except zstandard.ZstdError as error:
            raise BadInput(f"{path} is damaged ({error}); delete the artifact and run again") from error


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a part, without line ends."""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    left = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            *lines, left = (left + unpacker.decompress(chunk)).split(b"\n")
            yield from lines
    if not unpacker.eof:
        raise zstandard.ZstdError("its end is missing")
    if left:
        yield left
