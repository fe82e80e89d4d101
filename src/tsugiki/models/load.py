"""Bring a model into an artifact and refuse one that could not be trained or served."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from tsugiki.errors import BadInput
from tsugiki.models.config import ImportModelConfig
from tsugiki.models.hub import download
from tsugiki.work import Work

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
HEADER_BYTES = 8
MAX_HEADER_BYTES = 100_000_000


def load_model(config: ImportModelConfig, out: Path, work: Work) -> dict[str, Any]:
    """Copy or download the model into `out` and check it.

    Returns:
        Architecture, number of parameters, data types, origin and licence.

    Raises:
        BadInput: not a model, a part is missing, or the repository has no such revision.
        TsugikiError: the hub cannot be reached.
    """
    if config.source is not None:
        _copy(config.source.fetch(work.path), out, work)
    else:
        download(str(config.repo), str(config.revision), out, work)
    origin = f"{config.repo}@{config.revision}" if config.repo else str(config.source and config.source.uri)
    return describe_model(out, origin) | {"origin": origin, "licence": config.licence}


def _copy(source: Path, out: Path, work: Work) -> None:
    if not source.is_dir():
        raise BadInput(f"{source} is not a directory: give the directory that holds config.json and the weights")
    files = sorted(path for path in source.rglob("*") if path.is_file())
    for done, path in enumerate(files, start=1):
        work.check_stop()
        target = out / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        work.progress(done, len(files))


def describe_model(path: Path, name: str = "") -> dict[str, Any]:
    """Architecture, parameters and data types of a checkpoint, read from its headers alone.

    Args:
        path: directory of the checkpoint.
        name: what a message calls it; empty: the directory's name.

    Raises:
        BadInput: config.json, the tokenizer or weights are missing or damaged.
    """
    try:
        return _describe(path)
    except BadInput as error:
        raise BadInput(f"{name or path.name}: {error}") from error


def _describe(path: Path) -> dict[str, Any]:
    architectures = _json(path / "config.json").get("architectures")
    if not isinstance(architectures, list) or not architectures or not isinstance(architectures[0], str):
        raise BadInput("config.json names no architecture: this is not a model for transformers")
    if not any((path / name).is_file() for name in ("tokenizer.json", "tokenizer.model", "tokenizer_config.json")):
        raise BadInput("it has no tokenizer: add tokenizer.json and tokenizer_config.json")
    tensors = [tensor for weights in _weight_files(path) for tensor in _tensors(weights)]
    parameters = sum(math.prod(tensor.shape) for tensor in tensors)
    dtypes = sorted({tensor.dtype for tensor in tensors})
    return {"architecture": architectures[0], "parameters": parameters, "dtypes": dtypes}


def _weight_files(path: Path) -> list[Path]:
    if (path / INDEX).is_file():
        listed = _json(path / INDEX).get("weight_map")
        names = sorted(set(map(str, listed.values()))) if isinstance(listed, dict) else []
        missing = [name for name in names if not (path / name).is_file()]
        if missing or not names:
            raise BadInput(f"it lacks {missing[0] if missing else 'weights'}, which {INDEX} lists: fetch it again")
        return [path / name for name in names]
    if (path / WEIGHTS).is_file():
        return [path / WEIGHTS]
    raise BadInput(f"it has no {WEIGHTS} or {INDEX}: convert its weights to safetensors")


class _Tensor(BaseModel):
    """What the header of a safetensors file says about one tensor."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def _tensors(path: Path) -> list[_Tensor]:
    """Every tensor of a safetensors file, from its header."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(HEADER_BYTES), "little")
        if length > MAX_HEADER_BYTES:
            raise BadInput(f"{path.name} is not a safetensors file: its header would have {length} bytes")
        try:
            header = TypeAdapter(dict[str, Any]).validate_json(file.read(length))
            header.pop("__metadata__", None)
            tensors = [_Tensor.model_validate(item) for item in header.values()]
        except ValueError as error:
            raise BadInput(f"{path.name} is damaged: its header lists no tensors; fetch it again") from error
    end = HEADER_BYTES + length + max((tensor.data_offsets[1] for tensor in tensors), default=0)
    if path.stat().st_size != end:
        raise BadInput(f"{path.name} is cut off: {path.stat().st_size} bytes instead of {end}; fetch it again")
    return tensors


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"it has no {path.name}: give the directory of a model") from error
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path.name} is not JSON: fetch it again") from error
    if not isinstance(value, dict):
        raise BadInput(f"{path.name} is not a JSON object: fetch it again")
    return value
