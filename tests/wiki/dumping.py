"""What the tests of the import from a dump share: a small wiki with all that can be in the way, and the import."""

import threading

from jobs.import_dump import ImportDumpConfig
from tests.wiki.wikidump import Made
from tsugiki.rows import Page, Rejected
from tsugiki.wiki.dumps.cut import Cut, Files
from tsugiki.work import Work

PAGES = (
    Made(1, "アニメ", 14, ("文化",)),
    Made(2, "映画: 'A' \\ (B), C", 14, ("アニメ", "環")),
    Made(3, "環", 14, ("映画: 'A' \\ (B), C", "アニメ")),
    Made(4, "遠い", 14, ("環",)),
    Made(5, "除外 作品", 14, ("アニメ",)),
    Made(7, "幻の分類", 14, ("アニメ",), in_tables=False),
    Made(10, "星: 灯台", 0, ("アニメ", "環"), "灯台。[[Category:アニメ]]"),
    Made(11, 'O\'Neil \\ "x", (y)', 0, ("映画: 'A' \\ (B), C",)),
    Made(6, "出典のない記事", 14, (), hidden=True),
    Made(12, "R&B <i>", 0, ("環", "出典のない記事")),
    Made(13, "曖昧", 0, ("アニメ",), disambiguates=True),
    Made(14, "ノートの頁", 1, ("アニメ",)),
    Made(15, "絵.png", 6, ("アニメ",)),
    Made(16, "空", 0, ("環",), ""),
    Made(17, "消えた頁", 0, ("アニメ",), in_xml=False),
    Made(18, "表にない頁", 0, ("アニメ", "環"), in_tables=False),
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
    Made(39, "転送七", 0, ("アニメ",), redirect="転送五"),
    Made(40, "転送八", 0, ("アニメ",), redirect="曖昧"),
    Made(41, "転送九", 0, ("アニメ",), redirect="輪一"),
    Made(42, "輪一", 0, (), redirect="輪二"),
    Made(43, "輪二", 0, (), redirect="輪一"),
    Made(44, "輪三", 0, ("アニメ",), redirect="輪三"),
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


FILM = "アニメ/映画: 'A' \\ (B), C"
EXPECTED = (
    {
        "星: 灯台": "アニメ",
        'O\'Neil \\ "x", (y)': FILM,
        "R&B <i>": "アニメ/環",
        "外の & 頁": "アニメ",
        "遠い頁": "アニメ/環/遠い",
        "よそ": "アニメ",
    },
    {
        "曖昧": "disambiguation",
        "ノートの頁": "namespace",
        "絵.png": "namespace",
        "空": "empty",
        "消えた頁": "missing",
        "page 7": "missing",
        "page 18": "missing",
        "Category:除外 作品": "category_deny",
        "転送一": "redirect",
        "転送二": "redirect",
        "転送三": "redirect",
        "転送四": "broken_redirect",
        "転送五": "redirect",
        "転送六": "redirect",
        "転送七": "redirect",
        "転送八": "redirect",
        "転送九": "broken_redirect",
        "輪三": "broken_redirect",
        "外の曖昧": "disambiguation",
    },
)
