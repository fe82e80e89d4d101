"""Read a plain, gzip or bzip2 file as decompressed pieces, knowing at every moment where in the file one is."""

import bz2
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from tsugiki.errors import BadInput

Compression = Literal["none", "gzip", "bzip2"]

_READ_BYTES = 1 << 16
_PIECE_BYTES = 1 << 20
_MAGIC: dict[Compression, bytes] = {"gzip": b"\x1f\x8b", "bzip2": b"BZh"}


class _Member(Protocol):
    """One gzip member or bzip2 stream being decompressed."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def pieces(self, data: bytes) -> Iterator[bytes]: ...


class _Bzip2Member:
    def __init__(self) -> None:
        self._decompressor = bz2.BZ2Decompressor()

    @property
    def eof(self) -> bool:
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        return self._decompressor.unused_data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._decompressor.decompress(data, _PIECE_BYTES)
        while not self._decompressor.eof and not self._decompressor.needs_input:
            yield self._decompressor.decompress(b"", _PIECE_BYTES)


class _GzipMember:
    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        return self._decompressor.unused_data

    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield self._decompressor.decompress(data, _PIECE_BYTES)
        while not self._decompressor.eof and self._decompressor.unconsumed_tail:
            yield self._decompressor.decompress(self._decompressor.unconsumed_tail, _PIECE_BYTES)


class Source:
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
        member: _Member | None = None
        while data := file.read(_READ_BYTES):
            start = self.offset
            self.offset += len(data)
            while data:
                if member is None:
                    member = _Bzip2Member() if self.compression == "bzip2" else _GzipMember()
                try:
                    yield from member.pieces(data)
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
