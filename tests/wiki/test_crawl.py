"""The crawl of a made wiki: what is kept of a tree, what is set aside, with how many requests, and after kills."""

from __future__ import annotations

import bz2
import hashlib
import html
import json
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.crawl_wiki import crawl_wiki
from tests.wiki.made_wiki import MadeWiki, serving
from tsugiki.artifact import Record
from tsugiki.errors import BadInput, OutOfTime, Preempted
from tsugiki.execute import Conditions, execute, preview
from tsugiki.kinds import Pages
from tsugiki.stage import Call
from tsugiki.store import Store, open_store
from tsugiki.wiki.crawl.config import CrawlConfig
from tsugiki.wiki.crawl.fetch import base36

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


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def wiki() -> MadeWiki:
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


@pytest.fixture
def api(wiki: MadeWiki) -> Iterator[str]:
    with serving(wiki) as url:
        yield url


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
        "attribution": "執筆者, 星屑の灯台, http://wiki.invalid/w/index.php?oldid=1004",
        "categories": ("作品", "映画"),
        "path": ("作品",),
    }
    assert (last.title, last.provenance.path) == ("最後の頁", ("作品", "映画", "映画の一覧"))


def test_what_is_not_collected_says_why(api: str, store: Store) -> None:
    call = crawl_of(api, depth=1)
    record = execute(call, store, Conditions())
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
    metrics = execute(crawl_of(api), store, Conditions()).metrics
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
    record = execute(call, store, Conditions())
    rows = {row.title: row for row in Pages.open(store, call.address).rows()}
    assert {title: rows[title].text for title in texts} == texts
    assert {len(rows[title].provenance.categories) for title in texts} == {61}
    assert record.metrics["requests"]["pages"] > 10
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
    record = execute(call, store, Conditions())
    assert record.metrics["rejected"]["sha1_mismatch"] == 1


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


def test_a_checksum_has_31_digits() -> None:
    assert base36("0" * 39 + "1") == "0" * 30 + "1"
    assert base36("da39a3ee5e6b4b0d3255bfef95601890afd80709") == "phoiac9h4m842xq45sp7s6u21eteeq1"


def asked(wiki: MadeWiki) -> Counter[tuple[tuple[str, str], ...]]:
    return Counter(tuple(sorted(item.items())) for item in wiki.requests)


def test_18000_pages_need_about_400_requests_as_the_plan_says(store: Store) -> None:
    wiki = MadeWiki()
    wiki.add_category("作品")
    for group in range(40):
        wiki.add_category(f"群{group}", "作品" if group < 8 else f"群{group % 8}")
    for number in range(18_000):
        groups = {f"群{number % 40}"} | ({f"群{number // 40 % 40}"} if number % 20 == 0 else set())
        wiki.add(f"頁{number}", f"{number}の文", *groups, *(f"別{index}" for index in range(8)))
    with serving(wiki) as api:
        lines = preview(crawl_of(api), store, Conditions())
        planned = len(wiki.requests)
        record = execute(crawl_of(api), store, Conditions())
    listing, pages = record.metrics["requests"]["listing"], record.metrics["requests"]["pages"]
    assert record.metrics["rows"] == 18_000
    assert (listing, pages) == (1 + 41, 360)
    assert (planned, len(wiki.requests)) == (listing, listing + pages)
    assert max(asked(wiki).values()) == 1
    assert wiki.most_at_once == 1
    text = "\n".join(lines)
    assert "42 to list the categories, 42 of them now" in text
    assert "360 to fetch the pages" in text
    assert "18000, " in text
    assert "41 listed below 作品" in text
    assert sum(" by 作品 / 群" in line for line in lines) == 8


def test_a_plan_fetches_no_page_and_the_crawl_goes_on_from_it(wiki: MadeWiki, api: str, store: Store) -> None:
    first = preview(crawl_of(api), store, Conditions())
    assert all("pageids" not in item for item in wiki.requests)
    again = preview(crawl_of(api), store, Conditions())
    assert len(wiki.requests) == 4
    assert [line.replace(", 0 of", ", 4 of") for line in again] == list(first)
    execute(crawl_of(api), store, Conditions())
    assert max(asked(wiki).values()) == 1
    assert preview(crawl_of(api), store, Conditions()) == [f"{crawl_of(api).address} exists: nothing would be made"]


@pytest.mark.parametrize("killed_at", [1, 3, 5])
def test_a_killed_crawl_asks_again_only_for_what_was_under_way(
    wiki: MadeWiki, api: str, store: Store, tmp_path: Path, killed_at: int
) -> None:
    config = json.dumps(SETTINGS | {"api": api})
    command = [sys.executable, "-m", "jobs.crawl_wiki", "--root", str(tmp_path / "store"), "--config", config]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(number: int) -> None:
        if number == killed_at:
            process.kill()
            process.wait()

    wiki.before = kill
    assert process.wait() == -signal.SIGKILL
    wiki.before = lambda _number: None
    execute(crawl_of(api), store, Conditions())
    undisturbed = open_store(str(tmp_path / "other"))
    repeated = asked(wiki)
    assert sum(repeated.values()) == 6
    assert [count for count in repeated.values() if count > 1] == [2]
    execute(crawl_of(api), undisturbed, Conditions())
    one, other = Pages.open(store, crawl_of(api).address), Pages.open(undisturbed, crawl_of(api).address)
    assert list(one.rows()) == list(other.rows())
    assert list(one.rejected()) == list(other.rejected())


def stopping_at(wiki: MadeWiki, number: int) -> Conditions:
    stop = threading.Event()
    wiki.before = lambda now: stop.set() if now == number else None
    return Conditions(stop=stop)


@pytest.mark.parametrize("root", ["directory", "s3"])
def test_a_stopped_crawl_goes_on_where_it_was_also_on_another_machine(
    root: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    wiki = MadeWiki()
    wiki.add_category("作品")
    for number in range(200):
        wiki.add(f"頁{number}", f"{number}の文", "作品")
    where = str(tmp_path / "store") if root == "directory" else request.getfixturevalue("s3_root")
    with serving(wiki) as api:
        records: list[Record] = []
        for attempt, number in enumerate((1, 2, 4)):
            with pytest.raises(Preempted):
                execute(crawl_of(api), open_store(where, tmp_path / f"{attempt}"), stopping_at(wiki, number))
            assert len(wiki.requests) == number
        wiki.before = lambda _number: None
        records.append(execute(crawl_of(api), open_store(where, tmp_path / "last"), Conditions()))
    assert records[0].metrics["rows"] == 200
    assert records[0].metrics["requests"]["in_the_last_attempt"] == 2
    assert max(asked(wiki).values()) == 1


def test_a_crawl_whose_time_is_up_keeps_what_it_has(wiki: MadeWiki, api: str, store: Store) -> None:
    with pytest.raises(OutOfTime, match="the same command goes on"):
        execute(crawl_of(api, requests_per_minute=0.01), store, Conditions(hours=1e-5))
    execute(crawl_of(api), store, Conditions())
    assert max(asked(wiki).values()) == 1
