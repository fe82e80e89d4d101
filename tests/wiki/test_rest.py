"""A wiki that asks to be left alone: no attempt comes sooner, whoever watches hears of it, and failures add up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiki.crawling import crawl_of, small_wiki
from tests.wiki.faulty_proxy import Proxy, standing_before
from tests.wiki.made_wiki import serving
from tsugiki.attempts import GivenUp, Run
from tsugiki.errors import OutOfTime, Preempted
from tsugiki.execute import Conditions, execute
from tsugiki.store import open_store
from tsugiki.wiki.api.answers import Answers
from tsugiki.wiki.api.client import Unanswered
from tsugiki.wiki.api.rest import FILE, LONGEST_SECONDS, Rest
from tsugiki.work import Work


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with serving(small_wiki()) as api, standing_before(api) as proxy:
        yield proxy


@pytest.fixture(params=["directory", "s3"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "store") if request.param == "directory" else request.getfixturevalue("s3_root")


def test_attempts_that_come_too_early_ask_nothing_and_are_given_up(proxy: Proxy, where: str, tmp_path: Path) -> None:
    proxy.expect("pass", "pass", *["429 3600"] * 9)
    said: list[str] = []
    conditions = Conditions(run=Run("one", retries=2), say=said.append)
    faults = [(Unanswered, "again in 3600 s"), (Unanswered, "alone until .* nothing was asked"), (GivenUp, "failure 3")]
    for number, (fault, message) in enumerate(faults):
        with pytest.raises(fault, match=message):
            execute(crawl_of(proxy.url), open_store(where, tmp_path / f"machine{number}"), conditions)
    assert len(proxy.requests) == 3
    assert said == [f"{proxy.url} answers 429: too many requests; to be asked again in 3600 s"]


def test_an_attempt_that_was_stopped_in_a_pause_leaves_the_rest_of_it_to_the_next(
    proxy: Proxy, where: str, tmp_path: Path
) -> None:
    proxy.expect("pass", "503 50")
    said: list[str] = []
    for number in range(2):
        stop = threading.Event()

        def say(text: str, stop: threading.Event = stop) -> None:
            said.append(text)
            stop.set()

        with pytest.raises(Preempted):
            execute(
                crawl_of(proxy.url), open_store(where, tmp_path / f"machine{number}"), Conditions(stop=stop, say=say)
            )
    assert len(proxy.requests) == 2
    assert said[0] == f"{proxy.url} answers 503; to be asked again in 50 s"
    assert said[1].startswith(f"{proxy.url} asked to be left alone until 2")


def test_the_wait_for_a_wiki_ends_with_the_time_limit(proxy: Proxy, tmp_path: Path) -> None:
    proxy.expect("503 50")
    with pytest.raises(OutOfTime):
        execute(crawl_of(proxy.url), open_store(str(tmp_path)), Conditions(hours=1e-5, run=Run("one", retries=2)))


def test_a_rest_is_kept_as_what_is_no_progress_and_ends_after_a_day(tmp_path: Path) -> None:
    kept: list[tuple[str, ...]] = []
    published: list[tuple[str, ...]] = []
    rest = Rest(Work(tmp_path, publish=published.append, keep=kept.append))
    assert rest.seconds == 0
    rest.begin(1e30)
    assert LONGEST_SECONDS - 60 < Rest(Work(tmp_path)).seconds <= LONGEST_SECONDS
    assert (kept, published) == ([(FILE,)], [])
    rest.begin(0)
    assert Rest(Work(tmp_path)).seconds == 0


def test_what_was_answered_is_saved_before_a_long_pause(proxy: Proxy, tmp_path: Path) -> None:
    published: list[tuple[str, ...]] = []
    stop = threading.Event()

    def publish(names: tuple[str, ...]) -> None:
        published.append(names)
        stop.set()

    config = crawl_of(proxy.url, requests_per_minute=6).config
    answers = Answers(config, Work(tmp_path, publish=publish, stop=stop))
    answers({"action": "query", "meta": "siteinfo"})
    assert published == []
    with pytest.raises(Preempted):
        answers({"action": "query", "pageids": "1", "prop": "info"})
    assert published == [("answers-00000.jsonl",)]
