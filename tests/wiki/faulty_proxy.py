"""A proxy in front of an API that counts requests and answers some of them as wikis and networks do on bad days."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.wiki.made_wiki import served


@dataclass
class Proxy:
    """What the next requests meet, one word each; when all words are spent they pass."""

    upstream: str
    faults: list[str] = field(default_factory=list)
    """`429`, `503`, `403` …: that status; `429 7`: with Retry-After; `maxlag`, `ratelimited`, `badvalue` …: that error
    in an answer of status 200; `drop`: the connection ends without an answer; `cut`: in the middle of one;
    `half`: half an answer as if it were the whole; `html`: a page; `huge`: an endless answer; `pass`."""
    requests: list[str] = field(default_factory=list)
    """Path and query of every request."""
    answered: list[str] = field(default_factory=list)
    """Those that were passed on and answered."""
    url: str = ""

    def expect(self, *faults: str) -> None:
        """Let the next requests meet these."""
        self.faults = list(faults)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def do_GET(self) -> None:
        self.proxy.requests.append(self.path)
        fault, *after = (self.proxy.faults.pop(0) if self.proxy.faults else "pass").split()
        headers = {"Retry-After": after[0]} if after else {}
        if fault == "301":
            headers["Location"] = "https://moved.invalid/api.php"
        if fault.isdigit():
            self._send(int(fault), b"<html><title>Sorry</title>asked for by the test</html>", "text/html", headers)
        elif fault == "drop":
            self.close_connection = True
        elif fault in ("cut", "half", "huge"):
            self._damage(fault)
        elif fault == "html":
            self._send(200, b"<html>a page</html>", "text/html", headers)
        elif fault == "pass":
            self._pass()
        else:
            error = {"error": {"code": fault, "info": "asked for by the test"}}
            self._send(200, json.dumps(error).encode(), "application/json", headers)

    def _upstream(self) -> tuple[bytes, dict[str, str]]:
        headers = {name: self.headers[name] for name in ("User-Agent", "Accept-Encoding") if name in self.headers}
        with urllib.request.urlopen(urllib.request.Request(self.proxy.upstream + self.path, headers=headers)) as answer:
            return answer.read(), dict(answer.headers)

    def _pass(self) -> None:
        body, headers = self._upstream()
        kept = {name: value for name, value in headers.items() if name in ("Content-Encoding", "Retry-After")}
        self._send(200, body, headers["Content-Type"], kept)
        self.proxy.answered.append(self.path)

    def _damage(self, fault: str) -> None:
        body, headers = self._upstream()
        kept = {name: value for name, value in headers.items() if name == "Content-Encoding"}
        if fault == "half":
            self._send(200, body[: len(body) // 2], "application/json", kept)
            return
        self.close_connection = True
        if fault == "cut":
            self._head(200, "application/json", kept | {"Content-Length": str(len(body))})
            self.wfile.write(body[: len(body) // 2])
            return
        self._head(200, "application/json", {"Content-Length": str(10**12)})
        try:
            while True:
                self.wfile.write(b" " * 1024 * 1024)
        except OSError:
            return  # the client has had enough

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        self._head(status, kind, {"Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def _head(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def standing_before(api: str, faults: Sequence[str] = ()) -> Iterator[Proxy]:
    """A proxy before the API at that URL."""
    scheme, _, rest = api.partition("://")
    host, _, path = rest.partition("/")
    proxy = Proxy(f"{scheme}://{host}", list(faults))
    with served(type("Handler", (_Handler,), {"proxy": proxy})) as address:
        proxy.url = f"{address}/{path}"
        yield proxy
