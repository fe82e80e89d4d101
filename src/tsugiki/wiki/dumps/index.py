"""Read the index of a multistream dump: in which bzip2 stream each page lies."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import check_stop
from tsugiki.wiki.source import PackedFile

# One line (its title may hold colons), the end, or the rest as a fault.
_LINE = re.compile(rb"(?:(\d++):(\d++):([^\n]*+)\n|\Z|([\x00-\xff]++))")


@dataclass(frozen=True)
class Place:
    """Where a page lies."""

    offset: int
    """Byte of the dump at which its stream begins."""
    page_id: int


def places_of_ids(path: Path, ids: Collection[int]) -> dict[int, Place]:
    """Where the pages of these ids lie; ids that the index does not name are left out.

    Raises:
        BadInput: as all functions here: the file is missing, cut off or corrupt, or has another content.
    """
    wanted = {b"%d" % page_id for page_id in ids}
    lines = (line for batch in _lines(path) for line in batch if line[1] in wanted)
    return {int(page_id): Place(int(offset), int(page_id)) for offset, page_id, _title, _ in lines}


def places_of_titles(path: Path, titles: Collection[str]) -> dict[str, Place]:
    """Where the pages of these titles lie; titles that the index does not name are left out."""
    wanted = {title.encode(): title for title in titles}
    lines = (line for batch in _lines(path) for line in batch if _plain(line[2]) in wanted)
    return {wanted[_plain(title)]: Place(int(offset), int(page_id)) for offset, page_id, title, _ in lines}


def pages_at(path: Path) -> dict[int, int]:
    """Where each stream of pages begins, in their order, and how many pages lie in it."""
    found: Counter[int] = Counter()
    for batch in _lines(path):
        found.update(int(line[0]) for line in batch)
    return dict(sorted(found.items()))


def _plain(title: bytes) -> bytes:
    """A title as readers see it; the index has it as the XML writes it."""
    return unescape(title.decode(errors="replace")).encode() if b"&" in title else title


def _lines(path: Path) -> Iterator[list[tuple[bytes, bytes, bytes, bytes]]]:
    source = PackedFile(path)
    rest = b""
    for piece in source.pieces():
        check_stop()
        data = rest + piece
        end = data.rfind(b"\n") + 1
        yield _split(data[:end], source)
        rest = data[end:]
    yield _split(rest + b"\n" if rest else b"", source)


def _split(data: bytes, source: PackedFile) -> list[tuple[bytes, bytes, bytes, bytes]]:
    found = _LINE.findall(data)
    while found and not found[-1][0]:
        fault = found.pop()[3]
        if fault:
            line = fault[:80].partition(b"\n")[0].decode(errors="replace")
            raise BadInput(
                f"{source.path}: {line!r} (before {source.where()}) is no offset:id:title; "
                "give the dump's *-multistream-index.txt.bz2"
            )
    return found
