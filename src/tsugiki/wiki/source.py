"""Read a plain, gzip or bzip2 file as decompressed pieces, knowing at every moment where in the file one is."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from tsugiki.errors import BadInput

Compression = Literal["none", "gzip", "bzip2"]

_READ_BYTES = 1 << 16
_PIECE_BYTES = 1 << 20
_MAGIC: dict[Compression, bytes] = {"gzip": b"\x1f\x8b", "bzip2": b"BZh"}


class PackedFile:
    """The decompressed content of one file, in pieces of at most 1 MiB.

    Files of several members (multistream bzip2, concatenated gzip) are read as one content.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        """Bytes of the file, as it lies on disk, that were read so far."""
        self.compression: Compression = "none"

    def pieces(self) -> Iterator[bytes]:
        """The content, piece by piece; empty pieces are possible.

        Raises:
            BadInput: the file cannot be opened, or its compressed data is corrupt or cut off.
        """
        try:
            with self.path.open("rb") as file:
                magic = file.read(3)
                file.seek(0)
                self.compression = next((c for c, m in _MAGIC.items() if magic.startswith(m)), "none")
                yield from self._plain(file) if self.compression == "none" else self._decompressed(file)
        except OSError as error:
            reason = error.strerror or str(error)
            raise BadInput(f"{self.path}: cannot be read ({reason}); check the path and its rights") from None

    def where(self) -> str:
        """The place reached, in words that say which kind of offset it is."""
        return f"{'' if self.compression == 'none' else 'compressed '}byte offset {self.offset}"

    def _plain(self, file: BinaryIO) -> Iterator[bytes]:
        while data := file.read(_READ_BYTES):
            self.offset += len(data)
            yield data

    def _decompressed(self, file: BinaryIO) -> Iterator[bytes]:
        member: zlib._Decompress | bz2.BZ2Decompressor | None = None
        while data := file.read(_READ_BYTES):
            start = self.offset
            self.offset += len(data)
            while data:
                if member is None:
                    member = bz2.BZ2Decompressor() if self.compression == "bzip2" else zlib.decompressobj(wbits=31)
                try:
                    yield from _decompress(member, data)
                except (OSError, zlib.error):
                    raise self._corrupt(start) from None
                data = member.unused_data if member.eof else b""
                member = None if member.eof else member
        if member is not None:
            raise BadInput(
                f"{self.path}: the {self.compression} data is cut off at compressed byte offset {self.offset}; "
                "fetch the file again and verify its checksum"
            )

    def _corrupt(self, start: int) -> BadInput:
        return BadInput(
            f"{self.path}: the {self.compression} data is corrupt between compressed byte offsets {start} and "
            f"{self.offset}; fetch the file again and verify its checksum"
        )


def _decompress(member: zlib._Decompress | bz2.BZ2Decompressor, data: bytes) -> Iterator[bytes]:
    """What one gzip member or bzip2 stream makes of the data, a piece at a time."""
    yield member.decompress(data, _PIECE_BYTES)
    while not member.eof:
        if isinstance(member, bz2.BZ2Decompressor):
            more, rest = not member.needs_input, b""
        else:
            more, rest = bool(member.unconsumed_tail), member.unconsumed_tail
        if not more:
            return
        yield member.decompress(rest, _PIECE_BYTES)
