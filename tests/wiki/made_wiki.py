"""A wiki of made-up pages that speaks the Action API on the loopback interface, with MediaWiki's limits, and counts."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MOST_IDS = 50
MOST_MEMBERS = 500
MOST_CATEGORIES = 500
NOW = "2026-11-26T00:00:00Z"


@dataclass
class MadePage:
    """One page."""

    title: str
    text: str
    categories: tuple[str, ...] = ()
    namespace: int = 0
    redirect: str = ""
    disambiguation: bool = False
    model: str = "wikitext"
    hidden: bool = False
    deleted: bool = False


@dataclass
class MadeWiki:
    """Pages by id, and what MediaWiki answers about them."""

    pages: dict[int, MadePage] = field(default_factory=dict)
    most_bytes: int = 8 * 1024 * 1024
    """Text in one answer, beyond which it is cut off."""
    case: str = "first-letter"
    remark: str = ""
    """What every answer warns of."""
    damage: set[int] = field(default_factory=set)
    """Pages whose text is not the one that was saved."""
    requests: list[dict[str, str]] = field(default_factory=list)
    """Parameters of every request that arrived."""
    headers: list[dict[str, str]] = field(default_factory=list)
    at_once: int = 0
    """Requests under way now."""
    most_at_once: int = 0
    before: Callable[[int], None] = lambda _number: None
    """Called with the number of each request, from 1, before it is answered."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, title: str, text: str = "本文", *categories: str, **more: Any) -> int:
        """A further page; its id."""
        number = len(self.pages) + 1
        self.pages[number] = MadePage(title, text, categories, **more)
        return number

    def add_category(self, name: str, *parents: str) -> int:
        """A further category, below others."""
        return self.add(f"Category:{name}", "分類", *parents, namespace=14)

    def answer(self, params: dict[str, str]) -> dict[str, Any]:
        """The JSON object of one request."""
        if params.get("meta") == "siteinfo":
            category = {"id": 14, "case": self.case, "name": "Category", "canonical": "Category"}
            return {"batchcomplete": True, "query": _SITE | {"namespaces": {"14": category}}}
        if params.get("generator") == "categorymembers":
            return self._members(params)
        ids = params["pageids"].split("|")
        if len(ids) > MOST_IDS:
            return {"error": {"code": "toomanyvalues", "info": f"{len(ids)} ids"}}
        return self._contents([int(number) for number in ids], params)

    def _members(self, params: dict[str, str]) -> dict[str, Any]:
        name = params["gcmtitle"].removeprefix("Category:")
        members = [number for number, page in self.pages.items() if name in page.categories and not page.deleted]
        # pages before categories, each by their sort keys
        members.sort(key=lambda number: (self.pages[number].namespace == 14, self.pages[number].title))
        start, limit = int(params.get("gcmcontinue", 0)), min(int(params["gcmlimit"]), MOST_MEMBERS)
        query = self._resolved(members[start : start + limit])
        answer: dict[str, Any] = {"batchcomplete": True} | ({"query": query} if query else {})
        if start + limit < len(members):
            answer["continue"] = {"gcmcontinue": str(start + limit), "continue": "gcmcontinue||"}
        return answer

    def _resolved(self, numbers: list[int]) -> dict[str, Any]:
        """These pages, and in place of redirects what they lead to, however many lie between; no circle is shown."""
        redirects, shown = [], list[dict[str, Any]]()
        known = {self.pages[number].title for number in numbers}
        while numbers:
            targets = []
            for page in (self.pages[number] for number in numbers):
                if page.redirect:
                    redirects.append({"from": page.title, "to": page.redirect})
                    targets += [] if page.redirect in known else [page.redirect]
                    known.add(page.redirect)
            shown += [self._info(number) for number in numbers if not self.pages[number].redirect]
            there = {page.title: number for number, page in self.pages.items() if not page.deleted} if targets else {}
            shown += [{"ns": 0, "title": title, "missing": True} for title in targets if title not in there]
            numbers = [there[title] for title in targets if title in there]
        pages = {"pages": shown} if shown else {}
        return pages | {"redirects": redirects} if redirects else pages

    def _info(self, number: int) -> dict[str, Any]:
        page = self.pages.get(number)
        if page is None or page.deleted:
            return {"pageid": number, "missing": True}
        info: dict[str, Any] = {
            "pageid": number,
            "ns": page.namespace,
            "title": page.title,
            "contentmodel": page.model,
            "length": len(utf8(page.text)),
            "canonicalurl": f"http://wiki.invalid/wiki/{number}",
        }
        return (
            info
            | ({"pageprops": {"disambiguation": ""}} if page.disambiguation else {})
            | ({"redirect": True} if page.redirect else {})
        )

    def _contents(self, numbers: list[int], params: dict[str, str]) -> dict[str, Any]:
        done = params.get("continue", "").removeprefix("||").split("|")
        following: dict[str, str] = {}
        pages = {number: self._info(number) for number in numbers}
        if "revisions" in params["prop"] and "revisions" not in done:
            following |= self._add_texts(pages, int(params.get("rvcontinue", "0|0").split("|")[0]))
        if "categories" in params["prop"] and "categories" not in done:
            wanted = params.get("clcategories", "").replace("Category:", "")
            following |= self._add_categories(pages, params.get("clcontinue", "0|0"), wanted)
        answer: dict[str, Any] = {"query": {"pages": list(pages.values())}}
        if not following:
            return answer | {"batchcomplete": True}
        ended = [
            name for name, key in (("revisions", "rvcontinue"), ("categories", "clcontinue")) if key not in following
        ]
        cut = {"result": {"warnings": "This result was truncated"}} if "rvcontinue" in following else {}
        going_on = following | {"continue": "||" + "|".join(["info", "pageprops", *ended])}
        return answer | {"continue": going_on, "warnings": cut}

    def _add_texts(self, pages: dict[int, dict[str, Any]], first: int) -> dict[str, str]:
        size = 0
        for number in sorted(pages):
            page = self.pages.get(number)
            if number < first or page is None or page.deleted:
                continue
            size += len(utf8(page.text))
            if size > self.most_bytes and size > len(utf8(page.text)):
                return {"rvcontinue": f"{number}|{number + 1000}"}
            slot: dict[str, Any] = (
                {"texthidden": True} if page.hidden else {"content": page.text + "…" * (number in self.damage)}
            )
            pages[number]["revisions"] = [
                {
                    "revid": number + 1000,
                    "timestamp": "2026-01-02T03:04:05Z",
                    "sha1": hashlib.sha1(utf8(page.text)).hexdigest(),
                    "slots": {"main": {"contentmodel": page.model} | slot},
                }
            ]
        return {}

    def _add_categories(self, pages: dict[int, dict[str, Any]], start: str, wanted: str) -> dict[str, str]:
        left, begin = MOST_CATEGORIES, [int(part) for part in start.split("|")]
        for number in sorted(pages):
            for index, name in enumerate(self.pages[number].categories if number in self.pages else ()):
                if [number, index] < begin or wanted not in ("", name):
                    continue
                if left == 0:
                    return {"clcontinue": f"{number}|{index}"}
                left -= 1
                pages[number].setdefault("categories", []).append({"ns": 14, "title": f"Category:{name}"})
        return {}


_SITE = {
    "general": {"generator": "MediaWiki 1.45.0", "server": "//wiki.invalid", "articlepath": "/wiki/$1"},
    "rightsinfo": {"text": "CC BY-SA 4.0", "url": "https://creativecommons.org/licenses/by-sa/4.0/"},
}


def utf8(text: str) -> bytes:
    """The bytes of a text, also of one that no wiki should have."""
    return text.encode(errors="surrogatepass")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wiki: MadeWiki

    def do_GET(self) -> None:
        params = dict(parse_qsl(urlsplit(self.path).query))
        with self.wiki.lock:
            self.wiki.requests.append(params)
            self.wiki.headers.append(dict(self.headers))
            number = len(self.wiki.requests)
            self.wiki.at_once += 1
            self.wiki.most_at_once = max(self.wiki.most_at_once, self.wiki.at_once)
        self.wiki.before(number)
        answer = {"curtimestamp": NOW} | self.wiki.answer(params)
        if self.wiki.remark:
            answer["warnings"] = {"main": {"warnings": self.wiki.remark}}
        body = json.dumps(answer).encode()
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
        with self.wiki.lock:
            self.wiki.at_once -= 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server with these answers on a free port; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving(wiki: MadeWiki) -> Iterator[str]:
    """The URL of the wiki's api.php."""
    with served(type("Handler", (_Handler,), {"wiki": wiki})) as address:
        yield f"{address}/w/api.php"
