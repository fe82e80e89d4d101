"""A real S3 server process for tests: moto behind a front that makes it atomic, counts requests and fails on demand.

Run as a script it serves on a free port of the loopback interface, which it prints.
"""

import io
import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

CONTROL = "/-/"
"""Paths below it are the front's own: no bucket can have this name."""


class Front:
    """WSGI front of moto.

    moto looks for a key and writes it in two steps, and real S3 in one: so requests are answered one at a time.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._faults: dict[str, int] = {}
        self._requests: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        if len(body) < length:  # the client was killed; moto would keep the part that came
            return _refuse(start, "400 Bad Request", "IncompleteBody")
        environ["wsgi.input"] = io.BytesIO(body)
        with self._lock:
            if environ["PATH_INFO"].startswith(CONTROL):
                return self._control(body, start)
            self._requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            return self._answer(environ, start)

    def _control(self, body: bytes, start: Callable[..., Any]) -> Iterable[bytes]:
        if body:
            self._faults = json.loads(body)
            self._requests = []
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(self._requests).encode()]

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self._due("forbid"):
            return _refuse(start, "403 Forbidden", "AccessDenied")
        if "HTTP_IF_NONE_MATCH" in environ:
            if self._due("ignore"):
                del environ["HTTP_IF_NONE_MATCH"]
            elif self._due("conflict"):
                return _refuse(start, "409 Conflict", "ConditionalRequestConflict")
            elif self._due("lose"):
                list(self._application(environ, lambda *_: None))
                return _refuse(start, "500 Internal Server Error", "InternalError")
        return list(self._application(environ, start))

    def _due(self, fault: str) -> bool:
        self._faults[fault] = self._faults.get(fault, 0) - 1
        return self._faults[fault] >= 0


def _refuse(start: Callable[..., Any], status: str, code: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "application/xml")])
    return [f"<Error><Code>{code}</Code><Message>asked for by the test</Message></Error>".encode()]


class Server:
    """A running S3 server.

    `environment` leads boto3 to it; `controlled` says whether it is ours, so that it counts and fails on demand.
    """

    def __init__(self, environment: dict[str, str], controlled: bool = True) -> None:
        self.environment = environment
        self.controlled = controlled

    @cached_property
    def client(self) -> Any:
        """A boto3 client, for what a test does behind the product's back. Made once: it takes a while."""
        import boto3

        names = {"AWS_ENDPOINT_URL": "endpoint_url", "AWS_REGION": "region_name"}
        keys = {"AWS_ACCESS_KEY_ID": "aws_access_key_id", "AWS_SECRET_ACCESS_KEY": "aws_secret_access_key"}
        options = {argument: self.environment[name] for name, argument in (names | keys).items()}
        return boto3.session.Session().client("s3", **options)

    def fail(self, **faults: int) -> None:
        """Let the next requests fail, this often each, and count requests from 0.

        `forbid`: any request is answered 403. Conditional writes: `ignore`: the condition is ignored; `conflict`:
        answered 409; `lose`: done, but answered 500.
        """
        self._control(json.dumps(faults).encode())

    def requests(self) -> list[str]:
        """Method and path of every request since `fail`."""
        return list(json.loads(self._control(None)))

    def _control(self, body: bytes | None) -> bytes:
        url = self.environment["AWS_ENDPOINT_URL"] + CONTROL
        with urllib.request.urlopen(urllib.request.Request(url, data=body)) as answer:
            return bytes(answer.read())


@contextmanager
def running_server() -> Iterator[Server]:
    """A server of our own; or the one at TSUGIKI_TEST_S3 (a URL) with the credentials of the environment."""
    if given := os.environ.get("TSUGIKI_TEST_S3"):
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")
        yield Server({"AWS_ENDPOINT_URL": given, **{name: os.environ[name] for name in names}}, controlled=False)
        return
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield Server(
            {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": "us-east-1",
            }
        )
    finally:
        process.kill()
        process.wait()


def _serve() -> None:
    import logging

    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = Front(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve()
