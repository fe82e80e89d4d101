"""Read chosen pages of one bzip2 stream of a multistream dump, as if it were a dump of its own."""

import bz2
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from tsugiki.errors import BadInput
from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.export import Entry, ExportParser, Malformed, NotAnExport, Site
from tsugiki.wiki.source import PackedFile

_READ_BYTES = 1 << 18
_PIECE_BYTES = 1 << 20
_HEADER_BYTES = 1 << 24
_SITEINFO_END = b"</siteinfo>"
_AGAIN = "fetch the file again and verify its checksum"
_NOTHING = ExportConfig(namespaces=(0,), licence="none", url_prefix="", max_page_bytes=_HEADER_BYTES)


def read_header(path: Path) -> tuple[bytes, Site]:
    """What stands before the first page of a dump, up to the end of its siteinfo, and what it says of the wiki.

    Raises:
        BadInput: the file cannot be read or is no dump.
    """
    text = b""
    for piece in PackedFile(path).pieces():
        text += piece
        if _SITEINFO_END in text or len(text) > _HEADER_BYTES:
            break
    if _SITEINFO_END not in text:
        raise BadInput(f"{path}: no siteinfo at its beginning; give the pages-articles XML of a MediaWiki dump")
    header = text[: text.index(_SITEINFO_END) + len(_SITEINFO_END)]
    parser = ExportParser(_NOTHING)
    try:
        parser.feed(header)
    except (Malformed, NotAnExport) as error:
        raise BadInput(f"{path}: not a MediaWiki dump ({error}); give an XML export") from None
    return header, parser.site


def read_stream(
    file: BinaryIO, path: Path, offset: int, header: bytes, config: ExportConfig, chosen: Collection[int] | None
) -> list[Entry]:
    """The chosen pages of the stream that begins at a byte offset, in its order; all of them where None are chosen.

    Args:
        file: the dump, open for reading.
        path: its name, for faults.
        offset: where the stream begins.
        header: as `read_header` gives it, so that the pages have a root element and a siteinfo.
        config: what is kept.
        chosen: ids of pages that the index says lie in this stream.

    Raises:
        BadInput: no stream begins there, it is cut off, corrupt or malformed, or lacks a chosen page.
    """
    parser = ExportParser(config, None if chosen is None else lambda page_id, _title: page_id in chosen)
    place = f"the stream at byte offset {offset}"
    entries: list[Entry] = []
    try:
        entries += parser.feed(header) if offset else []
        for piece in _decompressed(file, path, offset):
            entries += parser.feed(piece)
        entries += parser.feed(b"" if parser.closed else b"</mediawiki>", last=True)
    except Malformed as error:
        raise BadInput(f"{path}: the XML of {place} is malformed ({error}); {_AGAIN}") from None
    except NotAnExport as error:
        raise BadInput(f"{path}: {place} is not of a MediaWiki dump: {error}; give an XML export") from None
    missing = set() if chosen is None else set(chosen) - {entry.page_id for entry in entries}
    if missing:
        raise BadInput(
            f"{path}: {place} does not hold page {min(missing)}, as the index says: dump and index are not of the same "
            "date; fetch both again and verify their checksums"
        )
    return entries


def _decompressed(file: BinaryIO, path: Path, offset: int) -> Iterator[bytes]:
    """The content of one bzip2 stream in pieces of at most 1 MiB; it says itself where it ends."""
    file.seek(offset)
    stream = bz2.BZ2Decompressor()
    while not stream.eof:
        data = file.read(_READ_BYTES) if stream.needs_input else b""
        if stream.needs_input and not data:
            where = "within the stream" if file.tell() > offset else "before the stream that the index says begins"
            raise BadInput(f"{path}: cut off {where} at byte offset {offset}; {_AGAIN}")
        try:
            yield stream.decompress(data, _PIECE_BYTES)
        except OSError:
            raise BadInput(
                f"{path}: no intact bzip2 stream begins at byte offset {offset}, as the index says: the dump is "
                "damaged, or the index is of another one; fetch both again and verify their checksums"
            ) from None
