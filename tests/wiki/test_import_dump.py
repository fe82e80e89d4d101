"""The import from a dump: trees under both schemas, redirects, damage, and any number of workers."""

import bz2
import gzip
import hashlib
import re
import threading

import pytest

from jobs.import_dump import ImportDumpConfig
from tests.wiki.sqldump import LINKS_NEW, LINKS_OLD, PAGE, statements
from tests.wiki.wikidump import Made, WikiDump
from tsugiki.errors import BadInput, Preempted
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.wiki.dumps.sql import as_text, read_table
from tsugiki.work import Work

PAGES = (
    Made(1, "アニメ", 14, ("文化",)),
    Made(2, "映画: 'A' \\ (B), C", 14, ("アニメ", "環")),
    Made(3, "環", 14, ("映画: 'A' \\ (B), C", "アニメ")),
    Made(4, "遠い", 14, ("環",)),
    Made(5, "除外 作品", 14, ("アニメ",)),
    Made(10, "星: 灯台", 0, ("アニメ", "環"), "灯台。[[Category:アニメ]]"),
    Made(11, 'O\'Neil \\ "x", (y)', 0, ("映画: 'A' \\ (B), C",)),
    Made(6, "出典のない記事", 14, (), hidden=True),
    Made(12, "R&B <i>", 0, ("環", "出典のない記事")),
    Made(13, "曖昧", 0, ("アニメ",), disambiguates=True),
    Made(14, "ノートの頁", 1, ("アニメ",)),
    Made(15, "絵.png", 6, ("アニメ",)),
    Made(16, "空", 0, ("環",), ""),
    Made(17, "消えた頁", 0, ("アニメ",), in_xml=False),
    Made(18, "表にない頁", 0, ("アニメ",), in_tables=False),
    Made(19, "遠い頁", 0, ("遠い",)),
    Made(20, "除外の頁", 0, ("除外 作品",)),
    Made(21, "よそ", 0, ("文化",)),
    Made(30, "転送一", 0, ("アニメ",), redirect="R&B <i>"),
    Made(31, "転送二", 0, ("環",), redirect="外の & 頁"),
    Made(32, "転送三", 0, ("アニメ",), redirect="外の & 頁"),
    Made(33, "転送四", 0, ("アニメ",), redirect="無い頁"),
    Made(34, "転送五", 0, ("アニメ",), redirect="転送元"),
    Made(35, "転送元", 0, (), redirect="よそ"),
    Made(36, "外の & 頁", 0, ("文化", "出典のない記事", "頁のない分類")),
    Made(37, "転送六", 0, ("アニメ",), redirect="外の曖昧"),
    Made(38, "外の曖昧", 0, (), disambiguates=True),
)
TREE = {"roots": ["アニメ"], "depth": 2, "allow": [], "deny": ["除外"]}
SETTINGS = {
    "namespaces": [0],
    "categories": "text",
    "licence": "CC BY-SA 4.0",
    "attribution": "Wiki contributors",
    "url_prefix": "",
    "max_page_bytes": 10_000,
    "max_rejected_share": 0.2,
    "tree": TREE,
}


def config(files, **changes):
    named = {name: str(path) for name, path in files.items()}
    return ImportDumpConfig.parse({**SETTINGS, **named, **changes}, "import_dump")


def read(files, tmp_path, workers=1, stop=None, **changes):
    """The rows and metrics of an import."""
    work = Work(tmp_path / "work", stop=stop or threading.Event())
    work.path.mkdir(exist_ok=True)
    for file in work.path.iterdir():
        file.unlink()
    cut = Cut(Files(**files), config(files, **changes), work, workers)
    rows = list(cut.rows())
    return rows, cut.metrics()


def summary(rows):
    pages = {row.title: "/".join(row.provenance.path) for row in rows if isinstance(row, Page)}
    return pages, {row.source: row.reason for row in rows if isinstance(row, Rejected)}


@pytest.fixture
def files(tmp_path):
    return WikiDump(tmp_path / "dump", PAGES).write()


FILM = "アニメ/映画: 'A' \\ (B), C"
EXPECTED = (
    {
        "星: 灯台": "アニメ",
        'O\'Neil \\ "x", (y)': FILM,
        "R&B <i>": "アニメ/環",
        "外の & 頁": "アニメ",
        "遠い頁": "アニメ/環/遠い",
    },
    {
        "曖昧": "disambiguation",
        "ノートの頁": "namespace",
        "絵.png": "namespace",
        "空": "empty",
        "消えた頁": "missing",
        "page 18": "missing",
        "Category:除外 作品": "category_deny",
        "転送一": "duplicate",
        "転送二": "duplicate",
        "転送三": "redirect",
        "転送四": "broken_redirect",
        "転送五": "broken_redirect",
        "転送六": "redirect",
        "外の曖昧": "disambiguation",
    },
)


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
    assert (first.provenance.page_id, first.provenance.revision_id) == (10, 5010)
    assert first.provenance.categories == ("アニメ",)
    assert first.provenance.url == "https://wiki.example/wiki/%E6%98%9F:_%E7%81%AF%E5%8F%B0"
    assert first.provenance.attribution == (
        "Wiki contributors, 星: 灯台, https://wiki.example/wiki/Special:PermanentLink/5010"
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


@pytest.mark.parametrize("footer_alone", [True, False])
def test_rows_do_not_depend_on_workers_streams_or_the_end_of_the_file(tmp_path, footer_alone):
    expected = None
    for per_stream in (1, 4, 100):
        files = WikiDump(tmp_path / "dump", PAGES, per_stream=per_stream, footer_alone=footer_alone).write()
        for workers in (1, 2):
            rows, _ = read(files, tmp_path, workers)
            expected = expected or rows
            assert rows == expected


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
        for number, (new, old) in enumerate(zip(new_rows, old_rows, strict=True))
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


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("dump", lambda c: c[:-200], r"cut off within the stream at byte offset \d+"),
        ("dump", lambda c: c[: len(c) // 2], r"stream at byte offset \d+"),
        ("dump", lambda c: c[:9], "compressed byte offset 9"),
        ("dump", lambda c: c[:-200] + b"\0" * 40 + c[-160:], "no intact bzip2 stream begins at byte offset"),
        ("dump", lambda _: bz2.compress(b"<rss><page/></rss>"), "no siteinfo at its beginning"),
        ("index", lambda c: change(c, lambda t: t.replace(b":10:", b"7:10:", 1)), "cut off before the stream"),
        ("index", lambda c: change(c, lambda t: re.sub(rb"\d(\d+:10:)", rb"\1", t)), "no intact bzip2 stream begins"),
        ("index", lambda c: change(c, shifted), "does not hold page [0-9]+, as the index says"),
        ("index", lambda c: change(c, lambda t: t + b"12:no number:x\n"), "'12:no number:x' .* no offset:id:title"),
        ("index", lambda c: c[:-20], "bzip2 data is cut off"),
        ("categorylinks", lambda c: c[:-20], "gzip data is cut off"),
        ("categorylinks", lambda _: packed(LINKS_NEW, []), "holds no link between categories"),
        ("categorylinks", lambda _: packed({"a": "int", "b": "int"}, [(1, 2)]), "no column cl_target_id or cl_to"),
        ("categorylinks", lambda _: gzip.compress(b"<html>"), "holds no table categorylinks"),
        ("linktarget", lambda c: gzip.compress(gzip.decompress(c).replace(b"(9", b"(8")), "tables of one dump"),
        ("page", lambda _: gzip.compress(b"".join(statements("page", PAGE, [(1, 0, "x", 0, 0.5, None)]))),
         "the page table holds no category"),
    ],
)  # fmt: skip
def test_damage_stops_the_import_with_one_line(files, tmp_path, name, damage, message):
    del files["checksums"]
    files[name].write_bytes(damage(files[name].read_bytes()))
    with pytest.raises(BadInput, match=message) as caught:
        read(files, tmp_path)
    assert "\n" not in str(caught.value)


def change(content, edit):
    return bz2.compress(edit(bz2.decompress(content)))


def shifted(index):
    """The index with each page one stream too late: every offset is that of a stream, and the wrong one."""
    lines = [line.split(b":", 1) for line in index.splitlines()]
    offsets = sorted({int(offset) for offset, _ in lines})
    following = dict(zip(offsets, [*offsets[1:], offsets[0]], strict=True))
    return b"".join(b"%d:%s\n" % (following[int(offset)], rest) for offset, rest in lines)


def packed(columns, rows):
    return gzip.compress(b"".join(statements("categorylinks", columns, rows)))


@pytest.mark.parametrize("name", ["dump", "index", "page", "categorylinks", "linktarget", "page_props"])
def test_a_file_that_is_not_what_was_published_is_named(files, tmp_path, name):
    files[name].write_bytes(files[name].read_bytes() + b" ")
    with pytest.raises(BadInput, match=f"{files[name].name}: its sha1 is [0-9a-f]{{40}}, and"):
        read(files, tmp_path)


def test_checksums_may_be_of_other_kinds_and_must_list_every_file(files, tmp_path):
    for kind in ("md5", "sha256"):
        lines = [f"{hashlib.new(kind, path.read_bytes()).hexdigest()} *{path.name}" for path in files.values()]
        files["checksums"].write_text("\n".join(lines))
        read(files, tmp_path)
    files["checksums"].write_text("\n".join(lines[1:]))
    with pytest.raises(BadInput, match="lists no testwiki-20260101-pages-articles-multistream.xml.bz2"):
        read(files, tmp_path)
    files["checksums"].write_text("<html>")
    with pytest.raises(BadInput, match="not a list of checksums"):
        read(files, tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tree": TREE | {"roots": ["アニ"]}}, "the root 'アニ' is no category of the dump; near it: アニメ"),
        ({"tree": TREE | {"roots": ["Category:アニメ"]}}, "the root 'Category:アニメ' is no category of the dump"),
        (
            {"tree": TREE | {"roots": ["遠い"]}, "namespaces": [9]},
            "no page is in the tree below 遠い .*1 members left out",
        ),
        ({"max_rejected_share": 0.0}, r"1 of \d+ pages cannot be read, .* 消えた頁 \(missing: page 17"),
    ],
)
def test_what_would_give_nothing_or_half_is_refused(files, tmp_path, changes, message):
    with pytest.raises(BadInput, match=message):
        read(files, tmp_path, **changes)


def test_near_names_begin_alike_or_hold_the_root(tmp_path):
    names = ["日本のアニメ作品", "日本のアニメ", "アニメ作品 (日本)", "100%_x", "文学"]
    files = WikiDump(tmp_path / "dump", [Made(n, name, 14, ("文学",)) for n, name in enumerate(names, 1)]).write()
    for root, near in (("アニメ作品", "アニメ作品 (日本)"), ("日本のアニメ作", "日本のアニメ作品"), ("0% ", "100% x")):
        with pytest.raises(BadInput, match=re.escape(near)) as caught:
            read(files, tmp_path, tree=TREE | {"roots": [root]})
        assert "文学" not in str(caught.value)


@pytest.mark.parametrize(
    ("left_out", "message"),
    [
        (("page", "categorylinks"), "a tree is cut out by page and categorylinks"),
        (("index", "tree"), "give a tree, or the index"),
        (("page_props",), "categories = wiki needs a tree, and page_props"),
        (("linktarget",), "names categories by cl_target_id; give linktarget"),
    ],
)
def test_files_that_are_needed_are_asked_for(files, tmp_path, left_out, message):
    files = {name: path for name, path in files.items() if name not in left_out}
    with pytest.raises(BadInput, match=message):
        read(files, tmp_path, categories="wiki", **({"tree": None} if "tree" in left_out else {}))


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
