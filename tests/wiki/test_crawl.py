"""The crawl of a made wiki: what is kept of a tree, what is set aside, with how many requests, and after kills."""

from __future__ import annotations

import bz2
import hashlib
import html
import re
from pathlib import Path
from typing import Any

import pytest

from tests.wiki.crawling import crawl_of
from tests.wiki.made_wiki import MadeWiki
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Pages
from tsugiki.store import Store
from tsugiki.wiki.crawl.fetch import MOST_BYTES, base36, packed
from tsugiki.wiki.tree import Found, Member


def test_pages_come_with_everything_their_licence_and_a_later_look_ask_for(api: str, store: Store) -> None:
    call = crawl_of(api)
    execute(call, store, Conditions())
    pages = Pages.open(store, call.address)
    first, last = pages.rows()
    assert (first.title, first.text, first.markup) == ("星屑の灯台", "灯台の話", "wikitext")
    assert first.provenance.model_dump() == {
        "page_id": 4,
        "revision_id": 1004,
        "timestamp": "2026-01-02T03:04:05Z",
        "sha1": base36(hashlib.sha1("灯台の話".encode()).hexdigest()),
        "url": "http://wiki.invalid/wiki/4",
        "licence": "CC BY-SA 4.0",
        "attribution": "執筆者, 星屑の灯台, http://wiki.invalid/wiki/Special:PermanentLink/1004",
        "categories": ("作品", "映画"),
        "path": ("作品",),
    }
    assert (last.title, last.provenance.path) == ("最後の頁", ("作品", "映画", "映画の一覧"))


def test_what_is_not_collected_says_why(api: str, store: Store) -> None:
    call = crawl_of(api, depth=1)
    record = execute(call, store, Conditions()).record
    rejected = Pages.open(store, call.address).rejected()
    assert {(row.source, row.reason, row.detail) for row in rejected} == {
        ("灯台", "redirect", "to 星屑の灯台"),
        ("無い先", "redirect", "to どこにも無い"),
        ("どこにも無い", "missing", "the wiki has no such page"),
        ("曖昧", "disambiguation", "the wiki marks it as a disambiguation page"),
        ("Template:箱", "namespace", "namespace 10"),
        ("長い頁", "too_long", "1200 bytes, more than max_page_bytes = 1000"),
        ("空の頁", "empty", "the page has no text"),
        ("データ", "not_wikitext", "content model json"),
        ("隠された版", "hidden_text", "the wiki shows no text of revision 1012"),
        ("Category:映画の一覧", "category_depth", "deeper below every root than depth admits"),
    }
    assert record.metrics["rows"] == 1
    assert record.metrics["links_not_followed"] == {"depth": 1, "repeated": 1, "visited": 1}


def test_the_record_gives_account_of_the_crawl(api: str, store: Store) -> None:
    metrics = execute(crawl_of(api), store, Conditions()).record.metrics
    assert metrics["wiki"] == "MediaWiki 1.45.0"
    assert metrics["licence_of_the_wiki"] == "CC BY-SA 4.0 https://creativecommons.org/licenses/by-sa/4.0/"
    assert metrics["fetched"] == ["2026-11-26T00:00:00Z"] * 2
    assert metrics["categories"] == 3
    assert metrics["requests"] == {
        "listing": 4,
        "pages": 1,
        "in_the_last_attempt": 5,
        "repeated_in_the_last_attempt": {},
    }


def test_a_category_that_is_denied_is_never_asked_for(wiki: MadeWiki, api: str, store: Store) -> None:
    execute(crawl_of(api, deny=["一覧$"]), store, Conditions())
    assert [item["gcmtitle"] for item in wiki.requests if "gcmtitle" in item] == ["Category:作品", "Category:映画"]


def test_categories_can_come_from_the_text(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.pages[4].text = "話[[Category:灯台|ほし]]"
    call = crawl_of(api, categories="text")
    execute(call, store, Conditions())
    assert next(Pages.open(store, call.address).rows()).provenance.categories == ("灯台",)
    assert all("clshow" not in item for item in wiki.requests)


def test_contents_that_do_not_fit_into_one_answer_are_continued(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.most_bytes = 100
    texts = {f"頁{number}": "文" * (10 + number) for number in range(20)}
    for title, text in texts.items():
        wiki.add(title, text, "作品", *(f"分類{number}" for number in range(60)))
    call = crawl_of(api)
    record = execute(call, store, Conditions()).record
    rows = {row.title: row for row in Pages.open(store, call.address).rows()}
    assert {title: rows[title].text for title in texts} == texts
    assert {len(rows[title].provenance.categories) for title in texts} == {61}
    assert record.metrics["requests"]["pages"] > 10
    assert record.metrics["warnings"] == [], "that an answer was cut short is no news"
    keys = [tuple(sorted(item.items())) for item in wiki.requests]
    assert len(set(keys)) == len(keys), "a part was asked for twice"


def test_what_changes_between_listing_and_fetching_is_set_aside(wiki: MadeWiki, api: str, store: Store) -> None:
    gone, moved, merged, marked, renamed = (wiki.add(f"頁{n}", "文", "作品") for n in range(5))

    def change(number: int) -> None:
        if "pageids" in wiki.requests[number - 1]:
            wiki.pages[gone].deleted = True
            wiki.pages[moved].namespace, wiki.pages[moved].title = 2, "User:頁1"
            wiki.pages[merged].redirect = "星屑の灯台"
            wiki.pages[marked].disambiguation = True
            wiki.pages[renamed].title = "新しい名"

    wiki.before = change
    call = crawl_of(api)
    execute(call, store, Conditions())
    pages = Pages.open(store, call.address)
    late = {row.source: row.reason for row in pages.rejected() if "since it was listed" in row.detail}
    assert late == {"頁0": "missing", "User:頁1": "namespace", "頁2": "redirect", "頁3": "disambiguation"}
    assert [row.title for row in pages.rows()] == ["星屑の灯台", "新しい名", "最後の頁"]


def test_a_text_that_is_not_what_its_checksum_says_is_set_aside(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.damage = {4}
    call = crawl_of(api)
    record = execute(call, store, Conditions()).record
    assert record.metrics["rejected"]["sha1_mismatch"] == 1


def test_half_a_character_is_set_aside_and_survives_the_journal(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.pages[4].text = "壊れた\ud83d字"
    call = crawl_of(api)
    record = execute(call, store, Conditions()).record
    assert record.metrics["rejected"]["invalid_text"] == 1
    assert record.metrics["rows"] == 1


def test_what_the_wiki_remarks_is_kept(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.remark = "Unrecognized parameter: clshow"
    record = execute(crawl_of(api), store, Conditions()).record
    assert record.metrics["warnings"] == ["main: Unrecognized parameter: clshow"]


def test_a_category_that_an_article_redirects_to_is_no_part_of_the_tree(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.add("分類への転送", "", "作品", redirect="Category:主要分類")
    wiki.add_category("主要分類")
    wiki.add("無関係", "文", "主要分類")
    wiki.add("映画の話", "", "作品", redirect="Category:映画")  # which is a sub-category too
    wiki.add("Category:古い名", "", "作品", namespace=14, redirect="Category:新しい名")
    wiki.add_category("新しい名")
    wiki.add("移った頁", "文", "新しい名")
    call = crawl_of(api)
    record = execute(call, store, Conditions()).record
    pages = Pages.open(store, call.address)
    assert {row.title: row.provenance.path for row in pages.rows()} == {
        "星屑の灯台": ("作品",),
        "最後の頁": ("作品", "映画", "映画の一覧"),
        "移った頁": ("作品", "新しい名"),
    }
    rejected = {row.source: (row.reason, row.detail) for row in pages.rejected()}
    assert rejected["分類への転送"] == ("redirect", "to Category:主要分類")
    assert rejected["Category:主要分類"] == ("namespace", "namespace 14")
    assert "Category:映画" not in rejected
    assert record.metrics["requests"]["listing"] == 1 + 4 + 1, "one to tell which are sub-categories"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"roots": ["作品", "無い"]}, "nothing in Category:無い: check how the wiki writes this root"),
        ({"namespaces": [100]}, r"no page to collect below 作品 \(3 categories listed, .* left out\): check roots"),
    ],
)
def test_a_tree_without_pages_is_bad_input(api: str, store: Store, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        execute(crawl_of(api, **changes), store, Conditions())


def test_roots_are_found_however_they_are_written(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.add_category("Anime films")
    wiki.add("Page", "text", "Anime films")
    call = crawl_of(api, roots=["anime_films"])
    execute(call, store, Conditions())
    assert [row.provenance.path for row in Pages.open(store, call.address).rows()] == [("Anime films",)]


def test_a_wiki_that_tells_small_letters_apart_is_asked_as_it_writes(wiki: MadeWiki, api: str, store: Store) -> None:
    wiki.case = "case-sensitive"
    wiki.add_category("anime films")
    wiki.add("page", "text", "anime films")
    call = crawl_of(api, roots=["anime films"])
    execute(call, store, Conditions())
    assert [row.provenance.path for row in Pages.open(store, call.address).rows()] == [("anime films",)]


def test_who_asks_and_how_fast_is_no_part_of_the_identity() -> None:
    one = crawl_of("https://wiki.invalid/api.php")
    other = {"contact": "https://else.invalid", "requests_per_minute": 3, "maxlag_seconds": 9, "patience_minutes": 2}
    assert crawl_of("https://wiki.invalid/api.php", **other).address == one.address
    assert crawl_of("https://wiki.invalid/api.php", edition="later").address != one.address


def test_the_checksum_is_written_as_a_real_dump_writes_it(data: Path) -> None:
    source = bz2.decompress((data / "xml-minidumps" / "ja-wiki.xml.bz2").read_bytes()).decode()
    (text,) = re.findall("<text[^>]*>(.*?)</text>", source, re.DOTALL)
    (sha1,) = re.findall("<sha1>(.*?)</sha1>", source)
    assert base36(hashlib.sha1(html.unescape(text).encode()).hexdigest()) == sha1


def test_batches_hold_fifty_pages_or_what_fits_into_an_answer() -> None:
    def sizes(*lengths: int) -> list[int]:
        found = [Found(Member(number, ""), ()) for number in range(len(lengths))]
        batches = list(packed(found, dict(enumerate(lengths))))
        assert [item for batch in batches for item in batch] == found
        return [len(batch) for batch in batches]

    assert sizes() == []
    assert sizes(*[1] * 101) == [50, 50, 1]
    half = MOST_BYTES // 2
    assert sizes(half, half, 1, half) == [2, 2]
    assert sizes(1, MOST_BYTES, 1, 2 * MOST_BYTES, 1) == [1, 1, 1, 1, 1]


def test_a_checksum_has_31_digits() -> None:
    assert base36("0" * 39 + "1") == "0" * 30 + "1"
    assert base36("da39a3ee5e6b4b0d3255bfef95601890afd80709") == "phoiac9h4m842xq45sp7s6u21eteeq1"
