"""Models from a directory and from a hub: whole ones are taken as they are, others refused with the reason."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import save_file

from tsugiki.errors import BadInput, Preempted
from tsugiki.models.config import ImportModelConfig
from tsugiki.models.load import describe_model, load_model
from tsugiki.source import Source
from tsugiki.work import Work

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A directory in the Hugging Face layout; its tensors stand for those of a model."""
    folder = tmp_path / "model"
    (folder / "extra").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "extra" / "notes.txt").write_text("kept")
    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5, dtype=torch.bfloat16)}, folder / WEIGHTS)
    return folder


def work(path: Path) -> Work:
    path.mkdir()
    return Work(path)


def test_a_directory_is_copied_and_described(model: Path, tmp_path: Path) -> None:
    config = ImportModelConfig(source=Source(uri=str(model)).pinned(), licence="Apache-2.0")
    figures = load_model(config, tmp_path / "out", work(tmp_path / "work"))
    assert figures == {
        "architecture": "LlamaForCausalLM",
        "parameters": 17,
        "dtypes": ["BF16", "F32"],
        "origin": str(model),
        "licence": "Apache-2.0",
    }
    assert (tmp_path / "out" / "extra" / "notes.txt").read_text() == "kept"
    assert (tmp_path / "out" / WEIGHTS).read_bytes() == (model / WEIGHTS).read_bytes()


def test_weights_in_parts_are_counted_together(model: Path) -> None:
    (model / WEIGHTS).rename(model / "part-1.safetensors")
    save_file({"c": torch.zeros(2)}, model / "part-2.safetensors")
    parts = {"a": "part-1.safetensors", "b": "part-1.safetensors", "c": "part-2.safetensors"}
    (model / INDEX).write_text(json.dumps({"weight_map": parts}))
    assert describe_model(model)["parameters"] == 19


def _cut(model: Path) -> None:
    (model / WEIGHTS).write_bytes((model / WEIGHTS).read_bytes()[:-1])


def _write_header(model: Path, header: bytes) -> None:
    (model / WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header)


def _without_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").unlink()


def _without_architecture(model: Path) -> None:
    (model / "config.json").write_text("{}")


def _without_part(model: Path) -> None:
    (model / INDEX).write_text(json.dumps({"weight_map": {"a": "part-9.safetensors"}}))


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda model: (model / "config.json").unlink(), "model: it has no config.json"),
        (lambda model: (model / "config.json").write_text("[]"), "config.json is not a JSON object"),
        (_without_architecture, "names no architecture"),
        (lambda model: (model / "config.json").write_text('{"architectures": "LlamaForCausalLM"}'), "no architecture"),
        (_without_tokenizer, "has no tokenizer"),
        (lambda model: (model / WEIGHTS).unlink(), f"has no {WEIGHTS} or {INDEX}"),
        (lambda model: (model / WEIGHTS).write_bytes(b"\xff" * 64), "is not a safetensors file"),
        (lambda model: (model / WEIGHTS).write_bytes(b"\x08" + b"\0" * 7 + b"not json"), "its header lists no tensors"),
        (lambda model: _write_header(model, b"[1]"), "its header lists no tensors"),
        (lambda model: _write_header(model, b'{"a": {"shape": [1]}}'), "its header lists no tensors"),
        (lambda model: _write_header(model, b"[" * 100_000), "its header lists no tensors"),
        (_cut, r"is cut off: \d+ bytes instead of \d+"),
        (_without_part, "lacks part-9.safetensors"),
        (lambda model: (model / INDEX).write_text('{"weight_map": ["a"]}'), "lacks weights"),
    ],
)
def test_what_could_not_be_trained_is_refused_on_one_line(
    model: Path, damage: Callable[[Path], object], line: str
) -> None:
    damage(model)
    with pytest.raises(BadInput, match=line) as caught:
        describe_model(model)
    assert "\n" not in str(caught.value)


def test_a_file_is_not_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"x")
    config = ImportModelConfig(source=Source(uri=str(tmp_path / "model.bin")), licence="MIT")
    with pytest.raises(BadInput, match=r"model\.bin is not a directory"):
        load_model(config, tmp_path / "out", work(tmp_path / "work"))


def test_copying_stops_when_told(model: Path, tmp_path: Path) -> None:
    attempt = work(tmp_path / "work")
    attempt.stop.set()
    with pytest.raises(Preempted):
        load_model(ImportModelConfig(source=Source(uri=str(model)), licence="MIT"), tmp_path / "out", attempt)


@pytest.mark.parametrize(
    ("stated", "line"),
    [
        ({}, "state exactly one of them"),
        ({"source": "model", "repo": "some/model"}, "state exactly one of them"),
        ({"repo": "some/model"}, "revision is missing"),
        ({"repo": "some/model", "revision": "main"}, "revision"),
    ],
)
def test_an_origin_that_is_not_one_fixed_place_is_refused(stated: dict[str, str], line: str) -> None:
    with pytest.raises(ValidationError, match=line):
        ImportModelConfig.model_validate({"licence": "MIT", **stated})


class _Hub(BaseHTTPRequestHandler):
    """A hub that holds one repository, `some/model`, at one commit: the files of `folder`."""

    folder: Path

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
        elif self.path == f"/some/model/resolve/{COMMIT}/{name}" and name in files:
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
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(model: Path) -> Iterator[str]:
    """The address of a hub on the loopback interface."""
    shutil.rmtree(model / "extra")
    (model / "pytorch_model.bin").write_bytes(b"not wanted")
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Hub", (_Hub,), {"folder": model}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(hub: str, repo: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Download in a process of its own, since the hub's address is read at import."""
    code = (
        "import sys; from pathlib import Path; from tsugiki.models.config import ImportModelConfig;"
        "from tsugiki.models.load import load_model; from tsugiki.work import Work; repo, commit, out = sys.argv[1:];"
        "config = ImportModelConfig(repo=repo, revision=commit, licence='MIT');"
        "print(load_model(config, Path(out), Work(Path(out)))['origin'])"
    )
    environment = {**os.environ, "HF_ENDPOINT": hub, "HF_HOME": str(out.parent / "home"), "HF_HUB_OFFLINE": "0"}
    command = [sys.executable, "-c", code, repo, COMMIT, str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_repository_is_downloaded_at_its_commit(hub: str, model: Path, tmp_path: Path) -> None:
    done = fetch(hub, "some/model", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == f"some/model@{COMMIT}"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"config.json", "tokenizer.json", WEIGHTS}
    assert (tmp_path / "out" / WEIGHTS).read_bytes() == (model / WEIGHTS).read_bytes()


def test_a_repository_that_is_not_there_is_named(hub: str, tmp_path: Path) -> None:
    done = fetch(hub, "some/other", tmp_path / "out")
    assert f"BadInput: the hub has no some/other@{COMMIT}" in done.stderr.splitlines()[-1]
