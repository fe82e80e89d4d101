"""The import from a dump: trees under both schemas, redirects, categories, and any number of workers."""

import bz2
import gzip
import json
import re
import threading

import pytest

from jobs.import_dump import import_dump
from tests.wiki.dumping import EXPECTED, PAGES, SETTINGS, TREE, config, read, summary
from tests.wiki.sqldump import LINKS_NEW, LINKS_OLD, statements
from tests.wiki.wikidump import Made, WikiDump
from tsugiki.cli import main
from tsugiki.errors import Preempted
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.wiki.dumps.index import pages_at, places_of_titles
from tsugiki.wiki.dumps.sql import as_text, read_table
from tsugiki.work import Work


@pytest.mark.parametrize("new_schema", [True, False])
@pytest.mark.parametrize("lines", [True, False])
@pytest.mark.parametrize("indexed", [True, False])
def test_a_tree_is_cut_out(tmp_path, new_schema, lines, indexed):
    files = WikiDump(tmp_path / "dump", PAGES, new_schema=new_schema, lines=lines).write()
    if not indexed:
        del files["index"]
    rows, metrics = read(files, tmp_path)
    assert summary(rows) == EXPECTED
    assert metrics == {
        "licence": "CC BY-SA 4.0",
        "wiki": "testwiki",
        "categories": 4,
        "links_not_followed": {"deny": 1, "repeated": 1, "visited": 2},
    }
    first = next(row for row in rows if isinstance(row, Page))
    assert (first.provenance.page_id, first.provenance.revision_id) == (10, 1010)
    assert first.provenance.categories == ("アニメ",)
    assert first.provenance.url == "https://wiki.example/wiki/%E6%98%9F:_%E7%81%AF%E5%8F%B0"
    assert first.provenance.attribution == (
        "Wiki contributors, 星: 灯台, https://wiki.example/wiki/Special:PermanentLink/1010"
    )


@pytest.mark.parametrize("new_schema", [True, False])
@pytest.mark.parametrize("indexed", [True, False])
def test_categories_come_from_the_tables_if_asked_for_without_those_that_are_hidden(tmp_path, new_schema, indexed):
    files = WikiDump(tmp_path / "dump", PAGES, new_schema=new_schema).write()
    if not indexed:
        del files["index"]
    rows, _ = read(files, tmp_path, 2, categories="wiki")
    assert summary(rows) == EXPECTED
    listed = {page.title: page.within for page in PAGES}
    found = {row.title: row.provenance.categories for row in rows if isinstance(row, Page)}
    assert found == {title: tuple(c for c in listed[title] if c != "出典のない記事") for title in found}
    assert found["外の & 頁"] == ("文化", "頁のない分類")


@pytest.mark.parametrize("apart", [True, False])
def test_rows_do_not_depend_on_workers_streams_or_how_the_xml_begins_and_ends(tmp_path, apart):
    expected = None
    for per_stream, workers in ((1, 1), (4, 1), (4, 2), (100, 1)):
        files = WikiDump(tmp_path / "dump", PAGES, per_stream=per_stream, apart=apart).write()
        rows, _ = read(files, tmp_path, workers)
        expected = expected or rows
        assert rows == expected


def test_chains_of_redirects_are_followed_to_their_end(tmp_path):
    steps = 11
    chain = [Made(10 + step, f"段{step}", 0, (), redirect=f"段{step + 1}") for step in range(1, steps)]
    ends = [Made(10 + steps, f"段{steps}", 0, ()), Made(9, "段0", 0, ("アニメ",), redirect="段1")]
    tops = [Made(1, "アニメ", 14), Made(8, "頁", 0, ("アニメ",))]
    files = WikiDump(tmp_path / "dump", [*tops, *chain, *ends]).write()
    rows, _ = read(files, tmp_path, tree=TREE | {"depth": 0})
    assert summary(rows) == ({"頁": "アニメ"}, {"段0": "broken_redirect"})
    (lost,) = (row for row in rows if isinstance(row, Rejected))
    assert lost.detail.endswith("段9, 段10, the end of more than 10 steps")
    files = WikiDump(tmp_path / "dump", [*tops, *chain[1:], *ends, Made(11, "段1", 0, (), redirect="段3")]).write()
    rows, _ = read(files, tmp_path, tree=TREE | {"depth": 0})
    assert summary(rows) == ({"頁": "アニメ", f"段{steps}": "アニメ"}, {"段0": "redirect"})


def test_what_redirects_lead_to_is_said_as_it_is(tmp_path):
    rows, _ = read(WikiDump(tmp_path / "dump", PAGES).write(), tmp_path)
    details = {row.source: row.detail for row in rows if isinstance(row, Rejected)}
    assert details["転送七"] == "to よそ"
    assert details["転送八"] == "to 曖昧"
    assert details["転送九"] == "to 輪一 by way of 輪一, 輪二, which it comes from"
    assert details["転送四"] == "to 無い頁, which the dump does not hold"


def test_the_order_of_the_index_does_not_matter(tmp_path):
    files = WikiDump(tmp_path / "dump", PAGES).write()
    del files["checksums"]
    expected = read(files, tmp_path)[0], read({"dump": files["dump"], "index": files["index"]}, tmp_path, tree=None)[0]
    lines = bz2.decompress(files["index"].read_bytes()).splitlines(keepends=True)
    files["index"].write_bytes(bz2.compress(b"".join(reversed(lines))))
    again = read(files, tmp_path)[0], read({"dump": files["dump"], "index": files["index"]}, tmp_path, tree=None)[0]
    assert again == expected


def test_lines_of_an_index_may_be_cut_anywhere_by_the_pieces_read(files, monkeypatch):
    text = bz2.decompress(files["index"].read_bytes())
    files["index"].write_bytes(text)
    expected = pages_at(files["index"])
    assert sum(expected.values()) == len(text.splitlines())
    for size in range(1, 30):
        monkeypatch.setattr("tsugiki.wiki.source._READ_BYTES", size)
        assert pages_at(files["index"]) == expected
        assert places_of_titles(files["index"], ["外の & 頁", "星: 灯台", "無い"]).keys() == {"外の & 頁", "星: 灯台"}


def test_without_a_tree_all_pages_are_read_as_import_pages_reads_them(tmp_path):
    pages = [*PAGES, *(Made(number, f"頁 {number}") for number in range(100, 301))]
    files = WikiDump(tmp_path / "dump", pages, per_stream=101).write()
    settings = {key: SETTINGS[key] for key in ("namespaces", "licence", "url_prefix", "max_page_bytes")}
    plain = PagesConfig(format="dump", markup="wikitext", max_rejected_share=0, **settings)
    expected = list(read_dump(files["dump"], plain))
    files = {name: files[name] for name in ("dump", "index", "checksums")}
    for workers in (1, 2):
        rows, metrics = read(files, tmp_path, workers, tree=None)
        assert [without_attribution(row) for row in rows] == expected
        assert metrics == {"licence": "CC BY-SA 4.0", "wiki": "testwiki"}


def without_attribution(row):
    if isinstance(row, Rejected):
        return row
    assert row.provenance.attribution.endswith(f"/{row.provenance.revision_id}")
    return row.model_copy(update={"provenance": row.provenance.model_copy(update={"attribution": None})})


def test_the_schema_between_the_two_is_read_by_target_and_else_by_title(tmp_path):
    files = WikiDump(tmp_path / "dump", PAGES).write()
    old = WikiDump(tmp_path / "old", PAGES, new_schema=False).write()
    # with both columns: half of the links have their number already
    columns = LINKS_NEW | {"cl_to": "varbinary(255)"}
    new_rows = read_all(files["categorylinks"], LINKS_NEW)
    old_rows = read_all(old["categorylinks"], LINKS_OLD)
    rows = [
        (*new[:5], None, old[1]) if number % 2 else (*new[:5], new[5], b"")
        for number, (new, old) in enumerate(zip(new_rows[: len(old_rows)], old_rows, strict=True))
    ]
    files["categorylinks"].write_bytes(gzip.compress(b"".join(statements("categorylinks", columns, rows))))
    del files["checksums"]
    assert summary(read(files, tmp_path)[0]) == EXPECTED


def read_all(path, columns):
    numbers = ("cl_from", "cl_collation_id", "cl_target_id")
    return [
        tuple(int(value) if name in numbers else as_text(value) for name, value in zip(columns, row, strict=True))
        for batch in read_table(path, "categorylinks", tuple(columns))
        for row in batch
    ]


def test_a_case_sensitive_wiki_tells_categories_apart_by_their_first_letter(tmp_path):
    pages = (Made(1, "a", 14, ("A",)), Made(2, "A", 14), Made(3, "klein", 0, ("a",)), Made(4, "gross", 0, ("A",)))
    for case, root in (("case-sensitive", "a"), ("first-letter", "A")):
        files = WikiDump(tmp_path / "dump", pages, case=case).write()
        tree = TREE | {"roots": ["a"], "depth": 0}
        page = {"a": "klein", "A": "gross"}[root]
        assert summary(read(files, tmp_path, tree=tree)[0])[0] == {page: root}


def test_a_redirect_does_not_claim_that_its_target_is_kept(tmp_path):
    pages = (
        Made(1, "アニメ", 14),
        Made(9, "映画", 14, ("アニメ",)),
        Made(2, "頁", 0, ("アニメ",)),
        Made(3, "曖昧", 0, ("アニメ",), disambiguates=True),
        *(Made(4 + number, f"転送{number}", 0, ("アニメ",), redirect="曖昧") for number in range(2)),
        *(Made(6 + number, f"迷子{number}", 0, ("アニメ",), redirect="無い") for number in range(2)),
    )
    rows, _ = read(WikiDump(tmp_path / "dump", pages).write(), tmp_path, max_rejected_share=1)
    assert {(row.source, row.reason, row.detail) for row in rows if isinstance(row, Rejected)} == {
        ("曖昧", "disambiguation", "the wiki marks it as a disambiguation page"),
        *((f"転送{number}", "redirect", "to 曖昧") for number in range(2)),
        *((f"迷子{number}", "broken_redirect", "to 無い, which the dump does not hold") for number in range(2)),
    }


def test_files_of_another_place_or_name_of_checksums_make_the_same_artifact(files, tmp_path):
    one = config(files).pinned()
    files["dump"] = files["dump"].rename(tmp_path / "moved.bz2")
    del files["checksums"]
    assert config(files).pinned().identity() == one.identity()
    assert config(files, tree=TREE | {"depth": 3}).pinned().identity() != one.identity()


def test_it_leaves_when_told_to(files, tmp_path):
    stop = threading.Event()
    stop.set()
    for workers in (1, 2):
        with pytest.raises(Preempted):
            read(files, tmp_path, workers, stop)


def test_databases_of_an_earlier_attempt_are_used(files, tmp_path):
    work = Work(tmp_path / "work")
    work.path.mkdir()
    expected = list(Cut(Files(**files), config(files), work, 1).rows())
    kept = {path.name: path.stat().st_mtime_ns for path in work.path.iterdir()}
    assert sorted(kept) == ["categories.sqlite", "links.sqlite", "targets.sqlite"]
    assert list(Cut(Files(**files), config(files), work, 1).rows()) == expected
    assert {path.name: path.stat().st_mtime_ns for path in work.path.iterdir()} == kept


def test_real_pages_out_of_a_multistream_dump(data, tmp_path):
    """The real English minidump, cut into streams of ten pages with an index of our own."""
    plain = bz2.decompress((data / "xml-minidumps/en-wiki.xml.bz2").read_bytes())
    header, _, rest = plain.partition(b"</siteinfo>")
    pages = [b"<page>" + page.rpartition(b"</page>")[0] + b"</page>\n" for page in rest.split(b"<page>")[1:]]
    content, index = bz2.compress(header + b"</siteinfo>\n"), b""
    for start in range(0, len(pages), 10):
        batch = pages[start : start + 10]
        found = [re.search(rb"<title>(.*?)</title>.*?<id>(\d+)</id>", page, re.DOTALL) for page in batch]
        index += b"".join(b"%d:%s:%s\n" % (len(content), page[2], page[1]) for page in found)
        content += bz2.compress(b"".join(batch))
    files = {"dump": tmp_path / "en.xml.bz2", "index": tmp_path / "index.txt.bz2"}
    files["dump"].write_bytes(content + bz2.compress(b"</mediawiki>"))
    files["index"].write_bytes(bz2.compress(index))
    settings = {key: SETTINGS[key] for key in ("namespaces", "licence", "url_prefix")}
    plain_config = PagesConfig(
        format="dump", markup="wikitext", max_rejected_share=0, max_page_bytes=2_000_000, **settings
    )
    expected = list(read_dump(data / "xml-minidumps/en-wiki.xml.bz2", plain_config))
    assert len(expected) == 27
    rows, _ = read(files, tmp_path, 2, tree=None, max_page_bytes=2_000_000)
    assert [without_attribution(row) for row in rows] == expected


def test_the_plan_counts_the_pages_of_branches_and_what_it_found_out_is_used(files, tmp_path, capsys):
    def command(verb, *more):
        given = [f"import_dump.{name}={path}" for name, path in files.items()]
        given += ['import_dump.tree={roots=["アニメ"], depth=2, allow=[], deny=["除外"]}', "clean_corpus.min_chars=1"]
        flags = [part for setting in (*given, "import_dump.max_rejected_share=0.2") for part in ("--set", setting)]
        return main([verb, "collect", "--recipe", "anime_ja_dump", "--root", str(tmp_path / "store"), *flags, *more])

    assert command("plan") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("import_dump: to make, ")
    assert [line.strip() for line in lines[1:-1]] == [
        "dump        testwiki-20260101-pages-articles-multistream.xml.bz2 (testwiki)",
        "categories  4 below アニメ, to depth 2",
        "left out    1 category_deny, 2 missing, 2 namespace",
        "pages       17, before it is known which of them redirect",
        "12 by アニメ",
        "4 by アニメ / 環",
        "1 by アニメ / 映画: 'A' \\ (B), C",
    ]
    databases = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*.sqlite")}
    assert len(databases) == 4
    assert command("run", "--out", str(tmp_path / "out")) == 0
    records = [json.loads(path.read_text()) for path in (tmp_path / "store").rglob("_RECORD.json")]
    # five of the pages have the same text
    assert {record["kind"]: record["metrics"]["rows"] for record in records} == {"pages": 6, "corpus": 2}


def test_how_much_may_be_missing_is_no_part_of_the_identity(files):
    addresses = {import_dump.call(config(files, max_rejected_share=share)).address for share in (0.0, 0.3)}
    assert len(addresses) == 1
