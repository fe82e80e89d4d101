"""Write small SQL dumps as mysqldump and mariadb-dump do, for tests and benchmarks."""

from collections.abc import Iterable, Iterator, Sequence

Value = bytes | str | int | float | None

_ESCAPES = {0: b"\\0", 10: b"\\n", 13: b"\\r", 34: b'\\"', 39: b"\\'", 92: b"\\\\", 26: b"\\Z"}

PAGE = {
    "page_id": "int(8) unsigned NOT NULL AUTO_INCREMENT",
    "page_namespace": "int(11) NOT NULL DEFAULT 0",
    "page_title": "varbinary(255) NOT NULL DEFAULT ''",
    "page_is_redirect": "tinyint(1) unsigned NOT NULL DEFAULT 0",
    "page_random": "double unsigned NOT NULL DEFAULT 0",
    "page_lang": "varbinary(35) DEFAULT NULL",
}
LINKS_OLD = {
    "cl_from": "int(8) unsigned NOT NULL DEFAULT 0",
    "cl_to": "varbinary(255) NOT NULL DEFAULT ''",
    "cl_sortkey": "varbinary(230) NOT NULL DEFAULT ''",
    "cl_timestamp": "timestamp NOT NULL DEFAULT current_timestamp()",
    "cl_type": "enum('page','subcat','file') NOT NULL DEFAULT 'page'",
}
LINKS_NEW = {
    "cl_from": "int(8) unsigned NOT NULL DEFAULT 0",
    "cl_sortkey": "varbinary(230) NOT NULL DEFAULT ''",
    "cl_timestamp": "timestamp NOT NULL DEFAULT current_timestamp()",
    "cl_type": "enum('page','subcat','file') NOT NULL DEFAULT 'page'",
    "cl_collation_id": "smallint(5) unsigned NOT NULL DEFAULT 0",
    "cl_target_id": "bigint(20) unsigned NOT NULL",
}
LINKTARGET = {
    "lt_id": "bigint(20) unsigned NOT NULL AUTO_INCREMENT",
    "lt_namespace": "int(11) NOT NULL",
    "lt_title": "varbinary(255) NOT NULL",
}
PROPS = {
    "pp_page": "int(8) unsigned NOT NULL",
    "pp_propname": "varbinary(60) NOT NULL",
    "pp_value": "blob NOT NULL",
}


def literal(value: Value) -> bytes:
    """A value as a dump writes it."""
    if value is None:
        return b"NULL"
    if isinstance(value, int | float):
        return str(value).encode()
    content = value.encode() if isinstance(value, str) else value
    return b"'" + b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in content) + b"'"


def statements(
    table: str,
    columns: Iterable[str],
    rows: Iterable[Sequence[Value]],
    *,
    lines: bool = False,
    per_statement: int = 500,
) -> Iterator[bytes]:
    """The dump of one table; `lines` writes each row on its own line, as newer servers do."""
    types = columns if isinstance(columns, dict) else dict.fromkeys(columns, "blob")
    yield b"/*!999999\\- enable the sandbox mode */ \n-- MySQL dump\n\nDROP TABLE IF EXISTS `%s`;\n" % table.encode()
    yield f"CREATE TABLE `{table}` (\n".encode()
    yield "".join(f"  `{name}` {kind},\n" for name, kind in types.items()).encode()
    yield f"  PRIMARY KEY (`{next(iter(types))}`),\n  KEY `k` (`{next(iter(types))}`)\n) ENGINE=InnoDB;\n\n".encode()
    yield b"LOCK TABLES `%s` WRITE;\n" % table.encode()
    batch: list[bytes] = []
    for row in rows:
        batch.append(b"(" + b",".join(map(literal, row)) + b")")
        if len(batch) == per_statement:
            yield _insert(table, batch, lines)
            batch = []
    if batch:
        yield _insert(table, batch, lines)
    yield (
        b"/*!40000 ALTER TABLE `%s` ENABLE KEYS */;\nUNLOCK TABLES;\n\n-- Dump completed on 2026-01-02\n"
        % table.encode()
    )


def _insert(table: str, batch: list[bytes], lines: bool) -> bytes:
    gap = b"\n" if lines else b" "
    return b"INSERT INTO `%s` VALUES" % table.encode() + gap + (b",\n" if lines else b",").join(batch) + b";\n"
