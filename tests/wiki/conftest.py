"""Shared pieces of the tests of the readers: a configuration, a small fictional dump and a small made wiki."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiki.crawling import small_wiki
from tests.wiki.dumping import PAGES
from tests.wiki.made_wiki import MadeWiki, serving
from tests.wiki.wikidump import WikiDump
from tsugiki.store import Store, open_store
from tsugiki.wiki.config import PagesConfig

_SETTINGS = {
    "format": "auto",
    "markup": "wikitext",
    "namespaces": (0,),
    "licence": "CC BY-SA 4.0",
    "url_prefix": "",
    "max_page_bytes": 1_000_000,
    "max_rejected_share": 0.5,
}


@pytest.fixture
def config():
    return lambda **changes: PagesConfig(**{**_SETTINGS, **changes})


@pytest.fixture
def data():
    root = Path(os.environ.get("TSUGIKI_DATA", "absent"))
    if not root.is_dir():
        pytest.skip("TSUGIKI_DATA is not set")
    return root


@pytest.fixture
def files(tmp_path):
    return WikiDump(tmp_path / "dump", PAGES).write()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def wiki() -> MadeWiki:
    return small_wiki()


@pytest.fixture
def api(wiki: MadeWiki) -> Iterator[str]:
    with serving(wiki) as url:
        yield url


def _page(number, title, text, extra="", namespace=0):
    return f"""  <page>
    <title>{title}</title>
    <ns>{namespace}</ns>
    <id>{number}</id>{extra}
    <revision>
      <id>{number + 1000}</id>
      <parentid>7</parentid>
      <timestamp>2026-01-02T03:04:05Z</timestamp>
      <contributor><username>someone</username><id>9</id></contributor>
      <model>wikitext</model>
      <format>text/x-wiki</format>
      <text bytes="10" xml:space="preserve">{text}</text>
      <sha1>abc{number}</sha1>
    </revision>
  </page>
"""


@pytest.fixture
def dump_text():
    pages = [
        _page(
            1,
            "星屑の灯台",
            "灯台の話。&lt;!-- [[Category:隠れ]] --&gt;[[Category:架空の作品|ほし]][[カテゴリ:灯台 作品]]",
        ),
        _page(2, "転送元", "#転送 [[星屑の灯台]]", '\n    <redirect title="星屑の灯台" />'),
        _page(3, "ノート:星屑の灯台", "議論", namespace=1),
        _page(4, "空の頁", ""),
        _page(5, "長い頁", "長" * 5000),
        _page(6, "最後の頁", "終わり。"),
    ]
    return (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja">\n'
        "  <siteinfo><sitename>架空</sitename><base>https://wiki.example/wiki/%E8%A1%A8</base><namespaces>"
        '<namespace key="0" /><namespace key="14">カテゴリ</namespace></namespaces></siteinfo>\n'
        + "".join(pages)
        + "</mediawiki>\n"
    )
