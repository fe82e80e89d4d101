"""Models from a directory: whole ones are taken as they are, others refused with the reason."""

import json
from collections.abc import Callable
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

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


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
