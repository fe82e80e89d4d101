"""What the tests of the crawl share: a small made wiki, and the crawl of a wiki on the loopback interface."""

from __future__ import annotations

from collections import Counter
from typing import Any

from jobs.crawl_wiki import crawl_wiki
from tests.wiki.made_wiki import MadeWiki
from tsugiki.kinds import Pages
from tsugiki.stage import Call
from tsugiki.wiki.crawl.config import CrawlConfig

SETTINGS: dict[str, Any] = {
    "contact": "ops@wiki.invalid",
    "requests_per_minute": 1e9,
    "maxlag_seconds": 5,
    "patience_minutes": 1,
    "tree": {"roots": ["作品"], "depth": 9, "allow": [], "deny": []},
    "edition": "2026-11-26",
    "namespaces": [0],
    "categories": "wiki",
    "licence": "CC BY-SA 4.0",
    "attribution": "執筆者",
    "max_page_bytes": 1000,
}


def crawl_of(api: str, **changes: Any) -> Call[Pages]:
    """The crawl of that wiki; changes to the tree go there."""
    tree = {name: changes.pop(name, value) for name, value in SETTINGS["tree"].items()}
    return crawl_wiki.call(CrawlConfig.parse(SETTINGS | {"api": api, "tree": tree} | changes, "the test"))


def small_wiki() -> MadeWiki:
    """A small tree with a cycle, a page in two categories, and everything that is no page to train on."""
    wiki = MadeWiki()
    wiki.add_category("作品", "映画")
    wiki.add_category("映画", "作品")
    wiki.add_category("映画の一覧", "映画")
    wiki.add("星屑の灯台", "灯台の話", "作品", "映画")
    wiki.add("灯台", "", "作品", redirect="星屑の灯台")
    wiki.add("曖昧", "どれか", "作品", disambiguation=True)
    wiki.add("Template:箱", "箱", "作品", namespace=10)
    wiki.add("無い先", "", "作品", redirect="どこにも無い")
    wiki.add("長い頁", "長" * 400, "映画")
    wiki.add("空の頁", "", "映画")
    wiki.add("データ", "{}", "映画", model="json")
    wiki.add("隠された版", "秘密", "映画", hidden=True)
    wiki.add("最後の頁", "終わり", "映画の一覧")
    wiki.add("外の頁", "関係ない", "別")
    return wiki


def asked(wiki: MadeWiki) -> Counter[tuple[tuple[str, str], ...]]:
    """How often each request was made."""
    return Counter(tuple(sorted(item.items())) for item in wiki.requests)
