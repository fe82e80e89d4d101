"""Stream the pages of a MediaWiki XML export that lies in one file, in constant memory."""

from collections.abc import Iterator
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.config import ExportConfig
from tsugiki.wiki.export import Choice, Entry, ExportParser, Malformed, NotAnExport
from tsugiki.wiki.source import PackedFile


def read_dump(path: Path, config: ExportConfig) -> Iterator[Page | Rejected]:
    """Pages of a dump in its order, and what was set aside (redirects, other namespaces, empty or over-long pages).

    The file may be plain, .gz or .bz2 (multistream too). Memory is bounded by `max_page_bytes`. Rows that came
    before damage have been yielded when it is found: keep nothing of an iteration that raised.

    Raises:
        BadInput: the file is missing, cut off, corrupt, malformed, or no dump; the message names the byte offset.
    """
    for entry in read_entries(path, config):
        yield entry.row


def read_entries(path: Path, config: ExportConfig, choice: Choice | None = None) -> Iterator[Entry]:
    """The pages of a dump that are wanted, with their ids, as `read_dump` reads them; all of them without a choice."""
    source = PackedFile(path)
    parser = ExportParser(config, choice)
    for piece in source.pieces():
        yield from _feed(parser, source, piece, last=False)
    yield from _feed(parser, source, b"", last=True)


def _feed(parser: ExportParser, source: PackedFile, piece: bytes, *, last: bool) -> list[Entry]:
    try:
        return parser.feed(piece, last=last)
    except Malformed as error:
        if last:
            fault = f"the XML is cut off at {source.where()}"
        elif source.compression == "none":
            fault = f"the XML is malformed ({error}) at byte offset {error.offset}"
        else:
            fault = (
                f"the XML is malformed ({error}) at byte {error.offset} of the decompressed text, read up to "
                f"{source.where()}"
            )
        raise BadInput(f"{source.path}: {fault}; fetch the file again and verify its checksum") from None
    except NotAnExport as error:
        place = f"byte offset {parser.offset}"
        raise BadInput(f"{source.path}: not a MediaWiki dump at {place}: {error}; give an XML export") from None
