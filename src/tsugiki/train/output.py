"""Checkpoint directories: weights as safetensors, and every other file of the base with its template's date frozen."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from tsugiki.train.config import Dtype
from tsugiki.train.template import freeze_date

_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")
_REWRITTEN = ("config.json", "generation_config.json", "model.safetensors.index.json")


def write_checkpoint(model: Any, base: Path, out: Path, dtype: Dtype) -> None:
    """Write a model in the layout of transformers, its tokenizer and other small files taken over from its base."""
    out.mkdir(parents=True, exist_ok=True)
    model.to(getattr(torch, dtype)).save_pretrained(out)
    for file in sorted(base.iterdir()):
        if file.is_file() and file.suffix not in _WEIGHTS and file.name not in _REWRITTEN and _is_ours(file):
            _take_over(file, out / file.name)


def write_log(lines: Sequence[str], out: Path) -> None:
    """Write log.jsonl: step, loss, learning rate, gradient norm and tokens so far; no time, so reruns agree."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "log.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _is_ours(file: Path) -> bool:
    """Whether a file of the base describes the model rather than how the base came about."""
    return not file.name.startswith((".", "_")) and file.suffix != ".jsonl"


def _take_over(source: Path, target: Path) -> None:
    if source.name == "chat_template.jinja":
        target.write_text(freeze_date(source.read_text(encoding="utf-8")), encoding="utf-8")
        return
    if source.name == "tokenizer_config.json":
        settings = json.loads(source.read_text(encoding="utf-8"))
        if isinstance(settings.get("chat_template"), str):
            settings["chat_template"] = freeze_date(settings["chat_template"])
            target.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            return
    shutil.copyfile(source, target)
