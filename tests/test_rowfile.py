"""Rows in files and as packed lines: nothing changes on the way, and a bad line is named."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tsugiki import rowfile
from tsugiki.errors import BadInput
from tsugiki.packed import Packed, unpacked
from tsugiki.rowfile import RowWriter, read_packed, read_rows
from tsugiki.rows import Page, Provenance

PAGES = [Page(title=f"頁{n}", text=f"本文\n{n}\u2028" * n, provenance=Provenance(page_id=n or None)) for n in range(40)]


def write(directory: Path, rows: list[Page] | list[Packed[Page]]) -> dict[str, bytes]:
    """Write rows; the files by their names."""
    directory.mkdir()
    with RowWriter(directory, "rows") as writer:
        for row in rows:
            writer.write(row)
    assert writer.count == len(rows)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def spoil(directory: Path, line: int) -> None:
    """Make one line of the first part no page."""
    part = directory / "rows-00000.jsonl.zst"
    with zstandard.open(part, "rb") as file:
        lines = file.read().splitlines(keepends=True)
    lines[line - 1] = '{"title":"頁"}\n'.encode()
    part.write_bytes(zstandard.compress(b"".join(lines)))


def test_rows_and_packed_rows_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rowfile, "PART_BYTES", 2000)
    files = write(tmp_path / "rows", PAGES)
    assert len(files) > 2
    assert list(read_rows(tmp_path / "rows", "rows", Page)) == PAGES
    packed = list(read_packed(tmp_path / "rows", "rows", Page))
    assert [row.line for row in packed] == [Packed.of(page).line for page in PAGES]
    assert [*map(unpacked, packed)] == [*map(unpacked, PAGES)] == PAGES
    assert write(tmp_path / "again", packed) == files


def test_nothing_was_written(tmp_path: Path) -> None:
    assert write(tmp_path / "rows", []) == {}
    assert list(read_rows(tmp_path / "rows", "rows", Page)) == []


def test_a_line_that_is_no_row_is_named(tmp_path: Path) -> None:
    write(tmp_path / "rows", PAGES)
    spoil(tmp_path / "rows", 7)
    rows = read_rows(tmp_path / "rows", "rows", Page)
    assert [next(rows) for _ in range(6)] == PAGES[:6]
    with pytest.raises(BadInput, match=r"rows-00000\.jsonl\.zst line 7 is not a Page: text"):
        next(rows)


@pytest.mark.parametrize("spoilt", [lambda it: it[:20] + bytes(40) + it[60:], lambda it: it[:-9], lambda it: it[:60]])
def test_a_part_that_is_damaged_or_cut_off_is_named(tmp_path: Path, spoilt: Callable[[bytes], bytes]) -> None:
    (content,) = write(tmp_path / "rows", PAGES).values()
    (tmp_path / "rows/rows-00000.jsonl.zst").write_bytes(spoilt(content))
    with pytest.raises(BadInput, match=r"rows-00000\.jsonl\.zst is damaged"):
        list(read_rows(tmp_path / "rows", "rows", Page))


def test_lines_of_any_length_are_put_together_again(tmp_path: Path) -> None:
    rng = random.Random(4)
    pages = [Page(title=str(n), text="".join(map(chr, rng.choices(range(0x4E00, 0x9FFF), k=n)))) for n in (9, 10**6, 0)]
    write(tmp_path / "rows", pages)
    assert list(read_rows(tmp_path / "rows", "rows", Page)) == pages
