"""Models from a hub: fetched file by file, and a download that was stopped goes on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.test_command import ROOT
from tsugiki.errors import BAD_INPUT, PREEMPTED
from tsugiki.kinds import Checkpoint
from tsugiki.log import RUN_VARIABLE
from tsugiki.store import open_store

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.safetensors"


class _Hub(BaseHTTPRequestHandler):
    """A hub that holds one repository, `some/model`, at one commit: the files of `folder`."""

    folder: Path
    asked: list[str]
    """Names of the files that were fetched, in order."""
    closed: set[str]
    """Names of files that only those with a right to them get."""
    stalls: str
    """Name of a file of which half is sent, until `goes_on`."""
    stalled: threading.Event
    goes_on: threading.Event

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        files = {path.name: path for path in self.folder.iterdir() if path.is_file()}
        if self.path.startswith(f"/api/models/some/model/revision/{COMMIT}"):
            self._answer(200, json.dumps({"id": "some/model", "sha": COMMIT}).encode(), "application/json")
        elif self.path.startswith(f"/api/models/some/model/tree/{COMMIT}"):
            tree = [{"type": "file", "path": n, "size": p.stat().st_size, "oid": "0"} for n, p in sorted(files.items())]
            self._answer(200, json.dumps(tree).encode(), "application/json")
        elif name in self.closed:
            self._answer(403, b"", "text/plain", ("X-Error-Code", "GatedRepo"))
        elif self.path == f"/some/model/resolve/{COMMIT}/{name}" and name in files:
            self.asked += [name] if self.command == "GET" else []
            self._answer(200, files[name].read_bytes(), "application/octet-stream")
        else:
            self._answer(404, b"", "text/plain", ("X-Error-Code", "RepoNotFound"))

    def _answer(self, status: int, body: bytes, kind: str, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        stated = (("Content-Type", kind), ("Content-Length", str(len(body))), ("X-Repo-Commit", COMMIT))
        for name, value in (*stated, ("ETag", f'"{len(body)}"'), *headers):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            half = len(body) // 2 if self.path.endswith(f"/{self.stalls}") else len(body)
            self.wfile.write(body[:half])
            if half < len(body):
                self.stalled.set()
                self.goes_on.wait()
                self.wfile.write(body[half:])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Hub:
    """A hub on the loopback interface."""

    url: str
    handler: type[_Hub]

    def environment(self, home: Path) -> dict[str, str]:
        """Variables of a process that uses it."""
        return {**os.environ, "HF_ENDPOINT": self.url, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0"}


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    """The hub, with a file that is not wanted."""
    shutil.rmtree(model / "extra")
    (model / "pytorch_model.bin").write_bytes(b"not wanted")
    state = {"folder": model, "asked": [], "closed": set(), "stalls": "",
             "stalled": threading.Event(), "goes_on": threading.Event()}  # fmt: skip
    handler = type("Hub", (_Hub,), state)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Hub(f"http://127.0.0.1:{server.server_port}", handler)
    handler.goes_on.set()
    server.shutdown()
    server.server_close()


def start(hub: Hub, folder: Path, repo: str = "some/model") -> subprocess.Popen[str]:
    """The stage as a process of a run; its store and all else lie in the folder."""
    config = json.dumps({"repo": repo, "revision": COMMIT, "licence": "MIT"})
    command = [sys.executable, "-m", "jobs.import_model", "--root", str(folder / "store"), "--config", config]
    environment = hub.environment(folder / "home") | {RUN_VARIABLE: "run-1"}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code and what was printed; one that does not end is killed."""
    try:
        out, err = process.communicate(timeout=100)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out, err


def test_a_repository_is_downloaded_at_its_commit(hub: Hub, model: Path, tmp_path: Path) -> None:
    code, out, err = ended(start(hub, tmp_path))
    assert code == 0, err
    made = Checkpoint.open(open_store(str(tmp_path / "store")), out.splitlines()[-1])
    assert made.record.metrics["origin"] == f"some/model@{COMMIT}"
    assert set(made.record.files) == {"config.json", "tokenizer.json", WEIGHTS}
    assert made.file(WEIGHTS).read_bytes() == (model / WEIGHTS).read_bytes()


def test_told_to_stop_within_a_file_it_leaves_and_goes_on_with_that_file(hub: Hub, tmp_path: Path) -> None:
    hub.handler.stalls = WEIGHTS
    first = start(hub, tmp_path)
    assert hub.handler.stalled.wait(120), ended(first)
    first.send_signal(signal.SIGTERM)
    code, _, err = ended(first)
    assert code == PREEMPTED, err
    hub.handler.stalls = ""
    code, out, err = ended(start(hub, tmp_path))
    assert code == 0, err
    assert hub.handler.asked == ["config.json", WEIGHTS, WEIGHTS, "tokenizer.json"]
    store = open_store(str(tmp_path / "store"))
    record = Checkpoint.open(store, out.splitlines()[-1]).record
    assert (set(record.files), record.attempts) == ({"config.json", "tokenizer.json", WEIGHTS}, 2)
    assert not (tmp_path / "store" / ".work" / "checkpoint").exists(), "saved state is left"


def test_a_repository_that_is_not_there_is_named(hub: Hub, tmp_path: Path) -> None:
    code, _, err = ended(start(hub, tmp_path, "some/other"))
    assert code == BAD_INPUT, err
    assert json.loads(err.splitlines()[-1])["text"].startswith(f"the hub has no some/other@{COMMIT}")


def test_files_that_only_some_may_read_are_refused_with_what_to_do(hub: Hub, tmp_path: Path) -> None:
    hub.handler.closed = {WEIGHTS}
    code, _, err = ended(start(hub, tmp_path))
    assert code == BAD_INPUT, err
    said = json.loads(err.splitlines()[-1])["text"]
    assert said.startswith(f"the hub has no some/model@{COMMIT}, or it is not yours to read: ")
    assert "HF_TOKEN (on a cluster: Secret `hub`)" in said
