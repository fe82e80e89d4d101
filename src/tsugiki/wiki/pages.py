"""Read pages from any of the supported sources, and refuse a source too much of which cannot be read."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.admit import UNREADABLE
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump
from tsugiki.wiki.jsonl import read_jsonl
from tsugiki.wiki.markdown import read_markdown
from tsugiki.wiki.source import PackedFile

_READERS: dict[str, Callable[[Path, PagesConfig], Iterator[Page | Rejected]]] = {
    "dump": read_dump,
    "jsonl": read_jsonl,
    "markdown": read_markdown,
}
_FIRST_BYTES = {b"<": "dump", b"{": "jsonl"}


def read_pages(path: Path, config: PagesConfig) -> Iterator[Page | Rejected]:
    """Pages of a source in its order, with what was set aside between them, in bounded memory.

    Rows have been yielded when a fault is found: keep nothing of an iteration that raised.

    Raises:
        BadInput: the source is missing, damaged, of no known format, or has more unreadable rows than
            `max_rejected_share` allows.
    """
    if not path.exists():
        raise BadInput(f"{path}: does not exist; give a dump, a JSONL file or a directory of .md files")
    format_name = _detect(path) if config.format == "auto" else config.format
    rows = unreadable = 0
    first: Rejected | None = None
    for row in _READERS[format_name](path, config):
        rows += 1
        if isinstance(row, Rejected) and row.reason in UNREADABLE:
            unreadable += 1
            first = first or row
        yield row
    if first and unreadable > config.max_rejected_share * rows:
        raise BadInput(
            f"{path}: {unreadable} of {rows} rows cannot be read, more than max_rejected_share = "
            f"{config.max_rejected_share}; the first is {first.source} ({first.reason}: {first.detail}); "
            "repair the source or raise the share"
        )


def _detect(path: Path) -> str:
    """The format of a source by its content, since names do not tell a dump from other XML."""
    if path.is_dir():
        return "markdown"
    start = b""
    for piece in PackedFile(path).pieces():
        start = (start + piece).removeprefix(b"\xef\xbb\xbf").lstrip()
        if start:
            break
    if start[:1] not in _FIRST_BYTES:
        raise BadInput(f"{path}: neither an XML dump nor JSON lines; state the format, or give a directory of .md")
    return _FIRST_BYTES[start[:1]]
