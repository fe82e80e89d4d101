"""Stream the rows of one table from a dump that mysqldump or mariadb-dump wrote, its columns by name."""

import re
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import check_stop
from tsugiki.wiki.source import PackedFile

Row = tuple[bytes, ...]
"""Values as the file writes them: quoted and escaped text, digits, or NULL; `as_text` and `as_number` read them."""

# Possessive throughout: what has matched once is never tried again, so that time grows with the file's length alone.
_TEXT = rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'"
# The usual ways first: the order changes the speed alone.
_VALUE = rb"(?:" + _TEXT + rb"|[0-9]++|[^'(),\\\s]++|_binary " + _TEXT + rb")"
_INTO = rb"(?:INSERT|REPLACE)(?: IGNORE)? INTO "
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"0": b"\0", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"Z": b"\x1a"}
_NAME = re.compile(rb"\s*`((?:[^`]|``)+)`")
_LINE_BYTES = 1 << 28
"""Longest line read, in bytes; mysqldump ends a statement after 1 MiB, unless one row alone is longer."""


def as_text(value: bytes) -> bytes | None:
    """The bytes of a text value without quotes and escapes; None for NULL. A bare number is its digits."""
    if value == b"NULL":
        return None
    if value.startswith(b"0x"):
        return bytes.fromhex(value[2:].decode())
    if not value.endswith(b"'"):
        return value
    content = value[value.index(b"'") + 1 : -1]
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), content) if b"\\" in content else content


def as_title(value: bytes) -> str:
    """A title as a reader sees it: spaces for underscores. Bytes that are not UTF-8 become U+FFFD; NULL is empty."""
    return (as_text(value) or b"").decode(errors="replace").replace("_", " ")


def table_columns(path: Path, table: str) -> tuple[str, ...]:
    """The columns of a table in the order of its rows.

    Raises:
        BadInput: the file cannot be read, or does not hold the table.
    """
    scan = _Scan(PackedFile(path), table)
    for _ in scan.batches():
        break
    return scan.columns


def read_table(
    path: Path, table: str, columns: Sequence[str], where: tuple[str, str | int] | None = None
) -> Iterator[list[Row]]:
    """Values of the named columns, in that order, some thousand rows at a time, in bounded memory.

    Args:
        path: the dump, plain, .gz or .bz2; other tables in it are passed over.
        table: the table's name.
        columns: which columns to read.
        where: a column and the value that it must have. Other rows are passed over without being taken apart.

    Raises:
        BadInput: the file is missing, cut off, corrupt or no such dump, or lacks the table or a column.
        Preempted: the pool that runs this was told to stop.
    """
    return _Scan(PackedFile(path), table, columns, where).batches()


def rows_of(
    path: Path, table: str, columns: Sequence[str], ids: Collection[int], where: tuple[str, str | int] | None = None
) -> Iterator[Row]:
    """The rows that `read_table` reads, but only those whose first column is one of these ids."""
    wanted = {b"%d" % number for number in ids}
    for rows in read_table(path, table, columns, where):
        yield from [row for row in rows if row[0] in wanted]


class _Scan:
    """One reading of one file: outside the table's statements, or at one of its rows."""

    def __init__(
        self,
        source: PackedFile,
        table: str,
        wanted: Sequence[str] = (),
        where: tuple[str, str | int] | None = None,
    ) -> None:
        self.columns: tuple[str, ...] = ()
        self._created: tuple[str, ...] = ()
        self._source, self._table, self._wanted, self._where = source, table, wanted, where
        self._name = b"`" + table.encode() + b"`"
        name = re.escape(self._name)
        self._begin = re.compile(
            rb"^(?:(CREATE TABLE (?:IF NOT EXISTS )?"
            + (name + rb" \(\n)|" + _INTO + name)
            + rb"(?: \(([^)]*)\))? VALUES\s*|(UNLOCK TABLES;|-- Dump completed))",
            re.MULTILINE,
        )
        self._rows: re.Pattern[bytes] | None = None
        self._creating = self._inside = self._ended = False

    def batches(self) -> Iterator[list[Row]]:
        """Rows of the wanted columns, or one empty batch as soon as the columns are known where none is wanted."""
        rest = b""
        for piece in self._source.pieces():
            check_stop()
            data = rest + piece
            # A line break inside a text is always escaped, so that no row reaches over the end of a line.
            end = data.rfind(b"\n") + 1
            yield from self._lines(data, end)
            rest = data[end:]
            if len(rest) > _LINE_BYTES:
                raise self._fault(f"a line is longer than {_LINE_BYTES} bytes")
        yield from self._lines(rest, len(rest))
        if self._inside or self._creating:
            raise self._fault("the file is cut off")
        if not self.columns:
            raise BadInput(f"{self._source.path}: holds no table {self._table}: give its dump (*-{self._table}.sql.gz)")
        if not self._ended:
            # cut off between two statements, which nothing else would show
            raise self._fault(f"nothing says that {self._table} is complete (UNLOCK TABLES or -- Dump completed)")

    def _lines(self, data: bytes, end: int) -> Iterator[list[Row]]:
        at = 0
        while at < end:
            if self._creating:
                at = self._create(data, at, end)
            elif self._inside:
                rows, at = self._take(data, at, end)
                yield rows
            elif found := self._begin.search(data, at, end):
                at = found.end()
                self._ended = bool(found[3])
                if found[1]:
                    self._creating, self._created = True, ()
                elif not self._ended:
                    self._insert(found[2])
                    if not self._wanted:
                        yield []
            else:
                return

    def _create(self, data: bytes, at: int, end: int) -> int:
        """Read one line of CREATE TABLE."""
        after = data.find(b"\n", at, end) + 1 or end
        if found := _NAME.match(data, at, after):
            self._created = (*self._created, _plain(found[1]))
        self._creating = data[at : at + 1] != b")"
        self.columns = self._created
        return after

    def _insert(self, listed: bytes | None) -> None:
        """Begin a statement; its columns are those that it lists itself, else those of CREATE TABLE."""
        columns = self._created if listed is None else tuple(map(_plain, _NAME.findall(listed)))
        if not columns:
            raise self._fault(f"rows of {self._table} come before its CREATE TABLE, so that no column has a name")
        if columns != self.columns or self._rows is None:
            self.columns = columns
            self._rows = self._pattern()
        self._inside = True

    def _pattern(self) -> re.Pattern[bytes]:
        """What matches as many unwanted rows as there are and then one wanted row, the end, or the rest as a fault."""
        for name in (*self._wanted, *(self._where or ())[:1]):
            if name not in self.columns:
                listed = ", ".join(self.columns)
                raise BadInput(f"{self._source.path}: {self._table} has no column {name}, only {listed}")
        wanted, others = [], []
        for name in self.columns:
            value = other = _VALUE
            if self._where and name == self._where[0]:
                value = _literal(self._where[1])
                other = rb"(?!" + value + rb"[,)])" + _VALUE
            wanted.append(rb"(" + value + rb")" if name in self._wanted else value)
            others.append(other)
        # Statements that list no columns follow each other without a stop, as long as they mean the same ones.
        more = rb"(?:" + _INTO + re.escape(self._name) + rb" VALUES\s*)?" if self.columns == self._created else b""
        between = rb"\s*(?:,\s*|;\s*" + more + rb")"
        skip = rb"(?:\(" + rb",".join(others) + rb"\)" + between + rb")*+" if self._where else b""
        take = rb"\(" + rb",".join(wanted) + rb"\)" + between
        return re.compile(skip + rb"(?:" + take + rb"|\Z|(.++))", re.DOTALL)

    def _take(self, data: bytes, at: int, end: int) -> tuple[list[Row], int]:
        """The wanted rows from here on, and where something else begins."""
        assert self._rows is not None
        found = self._rows.findall(data, at, end)
        rest = b""
        while found and not found[-1][0]:
            rest = found.pop()[-1] or rest
        if rest.startswith(b"("):
            raise self._malformed(rest)
        self._inside = not rest and not data[max(at, end - 16) : end].rstrip().endswith(b";")
        return self._picked(found), end - len(rest)

    def _picked(self, found: list[Row]) -> list[Row]:
        order = [name for name in self.columns if name in self._wanted]
        places = [order.index(name) for name in self._wanted]
        if len(places) == 1:
            return [row[:1] for row in found]
        return list(map(itemgetter(*places), found)) if places else []

    def _malformed(self, rest: bytes) -> BadInput:
        row = re.match(rb"\(((?:" + _VALUE + rb",)*+" + _VALUE + rb")\)", rest, re.DOTALL)
        count = len(re.findall(_VALUE + rb"(?:,|\Z)", row[1], re.DOTALL)) if row else len(self.columns)
        if count != len(self.columns):
            return self._fault(f"a row has {count} values, and the table {len(self.columns)} columns")
        excerpt = rest[:60].decode(errors="replace")
        return self._fault(f"the file is cut off, or no row of {self._table} can begin {excerpt!r}")

    def _fault(self, what: str) -> BadInput:
        return BadInput(
            f"{self._source.path}: {what}, read up to {self._source.where()}; "
            "fetch the file again and verify its checksum"
        )


def _plain(name: bytes) -> str:
    """The name of a column as it stands between backquotes."""
    return name.replace(b"``", b"`").decode(errors="replace")


def _literal(value: str | int) -> bytes:
    """A pattern of the ways in which a dump can write a value."""
    if isinstance(value, int):
        return b"%d" % value
    raw = value.encode()
    return rb"(?:(?:_binary )?'" + re.escape(raw) + rb"'|0x" + raw.hex().upper().encode() + rb")"
