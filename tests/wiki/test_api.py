"""The client of the Action API on a real connection: who it says it is, how long it waits, and what it gives up on."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.wiki.faulty_proxy import Proxy, standing_before
from tests.wiki.made_wiki import MadeWiki, serving
from tsugiki.errors import BadInput
from tsugiki.wiki.api.client import LONGEST_PAUSE, Client, Unanswered
from tsugiki.wiki.api.config import ApiConfig
from tsugiki.wiki.api.verdict import Again, Response, judge

SITE = {"action": "query", "meta": "siteinfo"}


@dataclass
class Clock:
    """Time that passes only by waiting."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        if seconds > 0.001:  # not the distance that a billion requests a minute keep
            self.waits.append(round(seconds, 3))
        self.now += seconds

    def read(self) -> float:
        return self.now


def settings(api: str, **changes: Any) -> ApiConfig:
    values = {
        "api": api,
        "contact": "ops@wiki.invalid",
        "requests_per_minute": 1e9,
        "maxlag_seconds": 5,
        "patience_minutes": 10,
    }
    return ApiConfig.parse(values | changes, "the test")


def client(api: str, clock: Clock, **changes: Any) -> Client:
    return Client(settings(api, **changes), clock.wait, clock.read)


@pytest.fixture
def wiki() -> MadeWiki:
    return MadeWiki()


@pytest.fixture
def proxy(wiki: MadeWiki) -> Iterator[Proxy]:
    with serving(wiki) as api, standing_before(api) as proxy:
        yield proxy


def test_every_request_says_who_asks_and_obeys_the_etiquette(wiki: MadeWiki) -> None:
    clock = Clock()
    with serving(wiki) as api:
        answer = client(api, clock, maxlag_seconds=7).ask(SITE)
    assert answer["query"]["general"]["generator"] == "MediaWiki 1.45.0"
    (headers,) = wiki.headers
    assert re.fullmatch(r"tsugiki/\S+ \(ops@wiki\.invalid\) urllib3/\d\S+", headers["User-Agent"])
    assert headers["Accept-Encoding"] == "gzip"
    assert wiki.requests == [SITE | {"format": "json", "formatversion": "2", "curtimestamp": "1", "maxlag": "7"}]


@pytest.mark.parametrize(
    ("fault", "reason", "wait"),
    [
        ("429 7", "rate_limited", 7),
        ("429", "rate_limited", 1),
        ("503 3", "server_error", 3),
        ("500", "server_error", 1),
        ("408", "server_error", 1),
        ("maxlag 5", "maxlag", 5),
        ("ratelimited", "ratelimited", 1),
        ("readonly", "readonly", 1),
        ("internal_api_error_DBQueryError", "internal_api_error_DBQueryError", 1),
        ("drop", "connection", 1),
        ("cut", "connection", 1),
        ("huge", "connection", 1),
    ],
)
def test_what_fails_for_now_is_asked_again_after_the_time_the_wiki_states(
    proxy: Proxy, fault: str, reason: str, wait: float
) -> None:
    clock = Clock()
    asking = client(proxy.url, clock)
    proxy.expect(fault)
    assert "query" in asking.ask(SITE)
    assert dict(asking.repeated) == {reason: 1}
    assert clock.waits == [wait]
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("fault", ["half", "html"])
def test_damage_after_a_good_answer_is_asked_again(proxy: Proxy, fault: str) -> None:
    clock = Clock()
    asking = client(proxy.url, clock)
    proxy.expect("pass", fault)
    assert asking.ask(SITE) != {}
    assert "query" in asking.ask(SITE)
    assert sum(asking.repeated.values()) == 1
    assert len(proxy.requests) == 3


def test_pauses_double_up_to_a_limit_and_start_again_with_the_next_request(proxy: Proxy) -> None:
    clock = Clock()
    asking = client(proxy.url, clock, patience_minutes=60)
    proxy.expect(*["503"] * 9, "pass", "503")
    asking.ask(SITE)
    assert clock.waits == [1, 2, 4, 8, 16, 32, 64, LONGEST_PAUSE, LONGEST_PAUSE]
    clock.waits.clear()
    asking.ask(SITE)
    assert clock.waits == [1]


def test_a_wiki_that_never_answers_ends_the_patience(proxy: Proxy) -> None:
    clock = Clock()
    proxy.expect(*["maxlag 5"] * 100)
    with pytest.raises(Unanswered, match=r"maxlag.*patience_minutes = 1;.*the same command goes on") as caught:
        client(proxy.url, clock, patience_minutes=1).ask(SITE)
    assert caught.value.exit_code == 1
    assert sum(clock.waits) <= 60


def test_a_wiki_that_asks_for_more_than_the_patience_is_not_waited_for(proxy: Proxy) -> None:
    clock = Clock()
    proxy.expect("429 3600")
    with pytest.raises(Unanswered, match="again in 3600 s"):
        client(proxy.url, clock).ask(SITE)
    assert clock.waits == []


def test_nothing_listens_there() -> None:
    with pytest.raises(Unanswered, match=r"127\.0\.0\.1:9/api\.php: no whole answer came"):
        client("http://127.0.0.1:9/api.php", Clock(), patience_minutes=0.01).ask(SITE)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("403", "answers 403 .*Sorry.*who asks"),
        ("404", "answers 404 .*api.php"),
        ("html", "answers with text/html .*a page"),
        ("badvalue", "refuses a request .badvalue: asked for by the test"),
        ("301", r"is at https://moved\.invalid/api\.php: give that as api"),
    ],
)
def test_what_will_not_get_better_is_bad_input_at_once(proxy: Proxy, fault: str, message: str) -> None:
    clock = Clock()
    proxy.expect(fault)
    with pytest.raises(BadInput, match=message):
        client(proxy.url, clock).ask(SITE)
    assert len(proxy.requests) == 1
    assert clock.waits == []


def test_requests_keep_their_distance(proxy: Proxy) -> None:
    clock = Clock()
    asking = client(proxy.url, clock, requests_per_minute=120)
    for _ in range(3):
        asking.ask(SITE)
    assert clock.waits == [0.5, 0.5]
    clock.now += 10
    asking.ask(SITE)
    assert clock.waits == [0.5, 0.5]


def test_a_proxy_of_the_environment_is_used_with_its_password(wiki: MadeWiki, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(wiki) as api:
        monkeypatch.setenv("http_proxy", api.replace("http://", "http://me:a%40b@").removesuffix("/w/api.php"))
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        # no such host exists: only the proxy can answer
        assert "query" in client("http://wiki.invalid/w/api.php", Clock()).ask(SITE)
        (headers,) = wiki.headers
        assert headers["Host"] == "wiki.invalid"
        assert base64.b64decode(headers["proxy-authorization"].removeprefix("Basic ")) == b"me:a@b"
        monkeypatch.setenv("no_proxy", "wiki.invalid")
        with pytest.raises(Unanswered):
            client("http://wiki.invalid/w/api.php", Clock(), patience_minutes=0.01).ask(SITE)
    assert len(wiki.headers) == 1


def test_retry_after_may_be_a_date() -> None:
    late = judge("u", Response(503, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, b""), known=True)
    past = judge("u", Response(503, {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, b""), known=True)
    odd = judge("u", Response(503, {"Retry-After": "soon"}, b""), known=True)
    assert isinstance(late, Again)
    assert late.after > 1e9
    assert [item.after for item in (past, odd) if isinstance(item, Again)] == [0, 0]


@pytest.mark.parametrize("contact", ["ops@wiki.invalid", "https://wiki.invalid/bot", "a.b+c@mail.wiki.invalid"])
def test_contacts_that_reach_somebody(contact: str) -> None:
    assert settings("https://wiki.invalid/w/api.php", contact=contact).contact == contact


@pytest.mark.parametrize(
    "contact",
    ["", "me", "me@", "@x.y", "a b@x.y", "ops@wiki", "me@example.org", "https://example.com/me", "x@y.z\r\nA: b"],
)
def test_contacts_that_reach_nobody_are_refused(contact: str) -> None:
    with pytest.raises(BadInput, match="contact .* (is no mail address|reaches nobody)"):
        settings("https://wiki.invalid/w/api.php", contact=contact)


@pytest.mark.parametrize("api", ["", "ja.wikipedia.org", "ftp://x.y/api.php", "https://x.y/api.php?action=query"])
def test_an_api_needs_a_url(api: str) -> None:
    with pytest.raises(BadInput, match=r"api .* is no URL"):
        settings(api)


def test_recorded_answers_of_wikipedia_are_understood(data: Path) -> None:
    files = sorted((data / "api-cassettes").glob("*.json"))
    assert files
    for file in files:
        for exchange in json.loads(file.read_text())["interactions"]:
            response = exchange["response"]
            headers = {name.title(): values[0] for name, values in response["headers"].items()}
            answer = judge(
                "u", Response(response["status"]["code"], headers, response["body"]["string"].encode()), known=False
            )
            assert isinstance(answer, dict)
            assert "query" in answer
