"""JSONL rows, Markdown directories and the choice between formats."""

import bz2
import gzip
import json
import re

import pytest
from pydantic import ValidationError

from tsugiki.errors import BadInput
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.jsonl import read_jsonl
from tsugiki.wiki.markdown import read_markdown
from tsugiki.wiki.pages import read_pages

GOOD = {"title": "星屑の灯台", "text": "灯台の話。[[Category:架空の作品]]"}


def _write(path, *lines, pack=bytes):
    content = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path.write_bytes(pack(content))
    return path


def test_a_row_keeps_what_it_states(tmp_path, config):
    stated = {**GOOD, "id": 5, "revision_id": 6, "url": "https://w.example/x", "path": ["根", "枝"], "note": "ignored"}
    stated |= {"markup": "markdown", "categories": ["作品"], "timestamp": "2026-01-02T03:04:05Z", "licence": "CC0"}
    page, other = read_jsonl(_write(tmp_path / "a.jsonl", stated, GOOD), config(url_prefix="https://w.example/"))
    assert other.provenance.url == "https://w.example/%E6%98%9F%E5%B1%91%E3%81%AE%E7%81%AF%E5%8F%B0"
    assert page.markup == "markdown"
    assert page.provenance.model_dump(exclude_none=True) == {
        "page_id": 5,
        "revision_id": 6,
        "timestamp": "2026-01-02T03:04:05Z",
        "url": "https://w.example/x",
        "licence": "CC0",
        "categories": ("作品",),
        "path": ("根", "枝"),
    }


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_bad_lines_are_set_aside_with_their_number(tmp_path, config, pack):
    lines = [
        GOOD,
        b"{broken",
        b"",
        b"[1]",
        {"title": 3, "text": "x"},
        {"title": "x"},
        {**GOOD, "id": True},
        {**GOOD, "id": "5"},
        {**GOOD, "categories": "作品"},
        {**GOOD, "markup": "latex"},
        '{"title": "x", "text": "あ"}'.encode()[:-4] + b'"}',
        b"[" * 100_000,
        b'{"title": "x", "text": "\\ud800"}',
        {"title": "転送", "text": "#REDIRECT [[x]]"},
        {"title": "空", "text": " "},
        {"title": "長", "text": "x" * 2_000_000},
        GOOD,
    ]
    rows = list(read_jsonl(_write(tmp_path / "a.jsonl", *lines, pack=pack), config()))
    assert [(row.line, row.reason) for row in rows if isinstance(row, Rejected)] == [
        (2, "invalid_json"),
        (4, "invalid_row"),
        *[(line, "invalid_row") for line in range(5, 11)],
        (11, "invalid_utf8"),
        (12, "invalid_json"),
        (13, "invalid_text"),
        (14, "redirect"),
        (15, "empty"),
        (16, "too_long"),
    ]
    assert [row for row in rows if isinstance(row, Page)] == [rows[0], rows[0]]
    assert rows[0].provenance.categories == ("架空の作品",)
    assert all(row.detail and len(row.content) <= 1000 for row in rows if isinstance(row, Rejected))


def test_a_line_without_end_is_set_aside_in_bounded_memory(tmp_path, config):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"title": "' + b"x" * 3_000_000 + b"\n" + json.dumps(GOOD).encode())
    rows = list(read_jsonl(path, config(max_page_bytes=1000)))
    assert [getattr(row, "reason", "page") for row in rows] == ["too_long", "page"]


def test_a_cut_gzip_file_is_refused_with_its_offset(tmp_path, config):
    path = _write(tmp_path / "a.jsonl.gz", *[{**GOOD, "id": number} for number in range(200)], pack=gzip.compress)
    content = path.read_bytes()
    for cut in range(1, len(content), 11):
        path.write_bytes(content[:cut])
        with pytest.raises(BadInput, match=f"byte offset {cut};") if cut > 1 else pytest.raises(BadInput):
            list(read_pages(path, config(format="jsonl", max_rejected_share=0)))


def test_a_directory_of_markdown(tmp_path, config):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "灯台 守.md").write_text(
        '本文。\n\n# 後の見出し\n\n[Category:架空](Category:架空_作品 "wikilink")\n'
    )
    (tmp_path / "a.md").write_text("# 星屑の *灯台* #\n\n本文。\n")
    (tmp_path / "bad.md").write_bytes(b"abc\xff")
    (tmp_path / "long.md").write_text("長" * 1000)
    (tmp_path / "none.md").write_text("\n")
    (tmp_path / "other.txt").write_text("x")
    rows = list(read_markdown(tmp_path, config(max_page_bytes=2000, url_prefix="https://w.example/")))
    assert [(row.title, row.markup) for row in rows if isinstance(row, Page)] == [
        ("星屑の *灯台*", "markdown"),
        ("灯台 守", "markdown"),
    ]
    assert rows[1].provenance.categories == ("架空 作品",)
    assert rows[1].provenance.url == "https://w.example/%E7%81%AF%E5%8F%B0_%E5%AE%88"
    assert [(row.source, row.reason) for row in rows if isinstance(row, Rejected)] == [
        ("bad.md", "invalid_utf8"),
        ("long.md", "too_long"),
        ("none", "empty"),
    ]


def test_the_format_is_told_from_the_content(tmp_path, config, dump_text):
    dump, rows = tmp_path / "dump", tmp_path / "rows"
    dump.write_bytes(bz2.compress(b"\xef\xbb\xbf" + dump_text.encode()))
    _write(rows, GOOD)
    (tmp_path / "a.md").write_text("本文。")
    assert [len(list(read_pages(path, config()))) for path in (dump, rows, tmp_path)] == [6, 1, 1]
    (tmp_path / "a.csv").write_text("title,text\n")
    with pytest.raises(BadInput, match="state the format"):
        list(read_pages(tmp_path / "a.csv", config()))


@pytest.mark.parametrize("format_name", ["auto", "dump", "jsonl", "markdown"])
def test_a_missing_source_is_refused(tmp_path, config, format_name):
    with pytest.raises(BadInput, match="does not exist"):
        list(read_pages(tmp_path / "absent", config(format=format_name)))


def test_too_many_unreadable_rows_are_refused(tmp_path, config):
    path = _write(tmp_path / "a.jsonl", GOOD, GOOD, GOOD, b"{broken", {"title": "空", "text": ""})
    assert len(list(read_pages(path, config(max_rejected_share=0.2)))) == 5
    with pytest.raises(
        BadInput, match=r"1 of 5 rows cannot be read, more than max_rejected_share = 0\.1; the first is a.jsonl:4 "
    ):
        list(read_pages(path, config(max_rejected_share=0.1)))


def test_the_configuration_refuses_what_it_does_not_know(config):
    with pytest.raises(ValidationError):
        config(spelling="x")
    with pytest.raises(ValidationError):
        config(max_page_bytes=0)


def test_real_articles(data, config):
    rows = list(read_pages(data / "jawiki-countries/articles.jsonl.gz", config()))
    assert len(rows) == 120
    assert all(isinstance(row, Page) for row in rows)
    assert {"アイスランド", "島国"} <= {name for row in rows for name in row.provenance.categories}


def test_real_markdown_pages_as_a_directory(data, config, tmp_path):
    lines = gzip.decompress((data / "pandoc-jawiki-md/pages.jsonl.gz").read_bytes()).splitlines()
    written = 0
    for row in map(json.loads, lines):
        for key in sorted(row.keys() - {"title"}):
            written += 1
            (tmp_path / f"{row['title']}.{key}.md").write_text(row[key])
    rows = list(read_pages(tmp_path, config()))
    assert len(rows) == written
    assert all(isinstance(row, Page) for row in rows)
    categories = [row.provenance.categories for row in rows if re.match(r"エジプト\.", row.title)]
    assert len({tuple(name for name in names if name != "エジプト") for names in categories}) == 1
