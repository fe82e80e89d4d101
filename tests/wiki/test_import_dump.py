"""The import from a dump, whole and in parts: trees under both schemas, redirects, damage, and any number of workers."""

import bz2
import hashlib
import threading

import pytest

from jobs.import_dump import ImportDumpConfig
from tests.wiki.wikidump import Made, WikiDump
from tsugiki.errors import BadInput, Preempted
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.config import PagesConfig
from tsugiki.wiki.dump import read_dump
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.work import Work

PAGES = (
    Made(1, "アニメ", 14, ("文化",)),
    Made(2, "映画: 'A' \\ (B), C", 14, ("アニメ", "環")),
    Made(3, "環", 14, ("映画: 'A' \\ (B), C", "アニメ")),
    Made(4, "遠い", 14, ("環",)),
    Made(5, "除外 作品", 14, ("アニメ",)),
    Made(10, "星: 灯台", 0, ("アニメ", "環"), "灯台。[[Category:アニメ]]"),
    Made(11, 'O\'Neil \\ "x", (y)', 0, ("映画: 'A' \\ (B), C",)),
    Made(12, "R&B <i>", 0, ("環",)),
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
    Made(36, "外の & 頁", 0, ()),
)
TREE = {"roots": ["アニメ"], "depth": 2, "allow": [], "deny": ["除外"]}
SETTINGS = {
    "namespaces": [0],
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
