"""The reader of SQL dumps against Python's own values: nasty texts, both layouts, other schemas, damage."""

import gzip
import random

import pytest

from tests.wiki.sqldump import LINKS_NEW, statements
from tsugiki.errors import BadInput
from tsugiki.wiki.dumps.sql import as_text, as_title, read_table, table_columns

NASTY = [
    "a:b", "it's", 'say "x"', "back\\slash", "\\", "\\'", "'", "''", "),(", "(1,'a'", ",",
    ");\nINSERT INTO `t` VALUES (",
    "日本語（括弧）", "", "NULL", "\0\n\r\x1a\t", "`t`", "0x41", "_binary", "🗼", "%_",
]  # fmt: skip


def write(path, columns, rows, table="t", **layout):
    path.write_bytes(b"".join(statements(table, columns, rows, **layout)))
    return path


def read(path, *columns, table="t", where=None):
    return [row for batch in read_table(path, table, columns, where) for row in batch]


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("pack", [None, gzip.compress])
def test_reads_back_generated_rows(tmp_path, lines, pack):
    rng = random.Random(3)
    alphabet = "'\\,()`;\n\0 abあ\""
    texts = [*NASTY, *("".join(rng.choices(alphabet, k=rng.randint(0, 12))) for _ in range(3000))]
    rows = [
        (n, text, None if n % 7 == 0 else bytes(rng.choices(range(256), k=5)), n / 4) for n, text in enumerate(texts)
    ]
    path = write(tmp_path / "t.sql", ("id", "text", "raw", "share"), rows, lines=lines, per_statement=40)
    path.write_bytes(pack(path.read_bytes()) if pack else path.read_bytes())
    found = read(path, "raw", "id", "text")
    assert [(as_text(raw), int(number), as_text(text)) for raw, number, text in found] == [
        (raw, number, text.encode()) for number, text, raw, _ in rows
    ]
    assert read(path, "share") == [(str(n / 4).encode(),) for n in range(len(rows))]


@pytest.mark.parametrize("lines", [False, True])
def test_a_filter_finds_exactly_the_rows_that_have_the_value(tmp_path, lines):
    rng = random.Random(5)
    rows = [(n, rng.choice(NASTY), rng.choice(["page", "subcat", "subcats", "(1,'subcat'"]), rng.choice([14, 1, 141]))
            for n in range(2000)]  # fmt: skip
    path = write(tmp_path / "t.sql", ("id", "text", "type", "ns"), rows, lines=lines, per_statement=60)
    for column, place, value in (("type", 2, "subcat"), ("ns", 3, 14), ("ns", 3, 9)):
        found = read(path, "id", "text", where=(column, value))
        assert [(int(n), as_text(text).decode()) for n, text in found] == [r[:2] for r in rows if r[place] == value]


def test_pieces_may_end_anywhere(tmp_path, monkeypatch):
    path = write(tmp_path / "t.sql", ("id", "text"), list(enumerate(NASTY)), per_statement=4)
    expected = read(path, "id", "text")
    for size in range(1, 40):
        monkeypatch.setattr("tsugiki.wiki.source._READ_BYTES", size)
        assert read(path, "id", "text") == expected


def test_columns_are_known_by_name_and_other_tables_are_passed_over(tmp_path):
    path = tmp_path / "all.sql"
    path.write_bytes(
        b"".join(statements("other", ("x", "y"), [(1, "INSERT INTO `t` VALUES (9,'no');")]))
        + b"".join(statements("t", ("b", "a"), [("B", 1)]))
        + b"".join(statements("t2", ("b", "a"), [("C", 2)]))
    )
    assert table_columns(path, "t") == ("b", "a")
    assert read(path, "a", "b") == [(b"1", b"'B'")]
    assert read(path, "y", table="other") == [(b"'INSERT INTO `t` VALUES (9,\\'no\\');'",)]
    assert table_columns(write(tmp_path / "new.sql", LINKS_NEW, []), "t")[-1] == "cl_target_id"


def test_other_ways_of_writing_values(tmp_path):
    path = tmp_path / "t.sql"
    path.write_bytes(
        b"CREATE TABLE IF NOT EXISTS `t` (\n  `id` int,\n  `a``b` blob\n);\n"
        b"INSERT INTO `t` VALUES (1,_binary 'x\\0'),(2,0x4142),(-3,'y');\n"
        b"INSERT INTO `t` (`a``b`, `id`) VALUES ('z',4e3);\nREPLACE INTO `t` VALUES (5,'w');\n"
        b"-- Dump completed\n"
    )
    rows = [(int(float(number)), as_text(text)) for number, text in read(path, "id", "a`b")]
    assert rows == [(1, b"x\0"), (2, b"AB"), (-3, b"y"), (4000, b"z"), (5, b"w")]
    assert read(path, "id", where=("a`b", "AB")) == [(b"2",)]
    assert read(path, "id", where=("a`b", "w")) == [(b"5",)]


def test_titles_are_shown_as_readers_see_them():
    assert as_title(rb"'L\'\\\'eau_vive'") == "L'\\'eau vive"
    assert as_title(b"'\xff\xe3\x81\x82'") == "\ufffdあ"
    assert as_title(b"NULL") == ""


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace(b"(3,'b','c')", b"(3,'b')"), "a row has 2 values, and the table 3 columns"),
        (lambda text: text.replace(b"(3,'b','c')", b"(3,'b','c',4)"), "a row has 4 values, and the table 3 columns"),
        (lambda text: text.replace(b"(3,'b','c')", b"(3,_binary 'b',1.5,'c')"), "a row has 4 values"),
        (lambda text: text.replace(b"(3,'b','c')", b"(3,'b','c)"), "cut off, or no row of t can begin \"\\(3,'b'"),
        (lambda text: text.replace(b"(3,'b','c')", b"(3,b\\,'c')"), "no row of t can begin"),
        (lambda text: text[: text.index(b"(5,")], "the file is cut off"),
        (lambda text: text[: text.index(b"(5,") + 5], "the file is cut off"),
        (lambda text: text[: text.index(b"`z`")], "the file is cut off"),
        (lambda text: text[text.index(b"LOCK") :], "rows of t come before its CREATE TABLE"),
        (lambda text: text.replace(b"`t`", b"`u`"), r"holds no table t: give its dump \(\*-t.sql.gz\)"),
        (lambda _: b"", "holds no table t"),
        (lambda _: b"<html>", "holds no table t"),
        (lambda text: text.replace(b"`z`", b"`q`"), "t has no column z, only x, y, q"),
    ],
)
@pytest.mark.parametrize("lines", [False, True])
def test_damage_is_refused_with_its_place(tmp_path, damage, message, lines):
    rows = [(n, "b", "c") for n in range(9)]
    path = write(tmp_path / "t.sql", ("x", "y", "z"), rows, lines=lines)
    path.write_bytes(damage(path.read_bytes()))
    for where in (None, ("x", 3)):
        with pytest.raises(BadInput, match=message) as caught:
            read(path, "x", "z", where=where)
        assert "t.sql" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [1, 2, 5])
@pytest.mark.parametrize("lines", [False, True])
def test_a_table_that_ends_between_two_statements_is_refused(tmp_path, kept, lines):
    rows = [(n, "UNLOCK TABLES;\n-- Dump completed") for n in range(9)]
    whole = b"".join(statements("t", ("x", "y"), rows, lines=lines, per_statement=2))
    cut = b"INSERT INTO".join(whole.split(b"INSERT INTO")[:kept])
    path = tmp_path / "t.sql"
    # a table before it that is complete says nothing of this one
    path.write_bytes(b"".join(statements("other", ("x",), [(1,)])) + cut)
    with pytest.raises(BadInput, match=r"nothing says that t is complete .*; fetch the file again and verify"):
        read(path, "x")
    path.write_bytes(whole.replace(b"UNLOCK TABLES;", b""))
    assert len(read(path, "x")) == len(rows)
    path.write_bytes(whole.partition(b"-- Dump completed on")[0])
    assert len(read(path, "x")) == len(rows)


def test_a_cut_gzip_file_is_refused(tmp_path):
    path = write(tmp_path / "t.sql.gz", ("x", "y"), [(n, random.Random(n).randbytes(9)) for n in range(9999)])
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(BadInput, match="gzip data is cut off"):
        read(path, "x")


def test_an_empty_table_has_no_rows(tmp_path):
    assert read(write(tmp_path / "t.sql", ("x", "y"), []), "x") == []
