"""How often a crawl asks: as often as its plan says, one request at a time, and after kills nothing twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.wiki.crawling import SETTINGS, asked, crawl_of
from tests.wiki.made_wiki import MadeWiki, serving
from tsugiki.artifact import Record
from tsugiki.errors import OutOfTime, Preempted
from tsugiki.execute import Conditions, execute, preview
from tsugiki.kinds import Pages
from tsugiki.store import Store, open_store


@pytest.mark.slow
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
        record = execute(crawl_of(api), store, Conditions()).record
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


@pytest.mark.parametrize(
    ("source", "each", "fetches"), [("wiki", 10, 3), ("wiki", 20, 5), ("wiki", 30, 7), ("text", 30, 3)]
)
def test_a_plan_says_what_categories_cost(store: Store, source: str, each: int, fetches: int) -> None:
    wiki = MadeWiki()
    wiki.add_category("作品")
    for number in range(110):
        wiki.add(f"頁{number}", "文", "作品", *(f"別{index}" for index in range(each - 1)))
    with serving(wiki) as api:
        call = crawl_of(api, categories=source, requests_per_minute=1e5)
        lines = [line.strip() for line in preview(call, store, Conditions())]
        record = execute(call, store, Conditions()).record
    told = {
        "wiki": "3 to fetch the pages with up to 10 visible categories each; 5 for 20, 7 for 30",
        "text": "3 to fetch the pages",
    }
    assert told[source] in lines
    time = {"wiki": "0.0 to 0.0", "text": "0.0"}
    assert lines[-1] == f"time        {time[source]} min at least, at 100000 requests a minute"
    assert record.metrics["requests"]["pages"] == fetches


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
        records.append(execute(crawl_of(api), open_store(where, tmp_path / "last"), Conditions()).record)
    assert records[0].metrics["rows"] == 200
    assert records[0].metrics["requests"]["in_the_last_attempt"] == 2
    assert max(asked(wiki).values()) == 1


def test_a_crawl_whose_time_is_up_keeps_what_it_has(wiki: MadeWiki, api: str, store: Store) -> None:
    with pytest.raises(OutOfTime, match="the same command goes on"):
        execute(crawl_of(api, requests_per_minute=0.01), store, Conditions(hours=1e-5))
    execute(crawl_of(api), store, Conditions())
    assert max(asked(wiki).values()) == 1
