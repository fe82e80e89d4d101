"""The generated pages: docs/stages.md, written from the stages themselves."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from tsugiki.catalogue import all_stages
from tsugiki.config import Config
from tsugiki.stage import Stage

HEADER = """# Stages

Generated from jobs/ by `make docs`; do not edit. Each stage is one command, `python -m jobs.NAME`, one container
and one task of a workflow. Fields without a default are decisions that the recipe states.
"""


@dataclass(frozen=True)
class FieldLine:
    """One documented field of a configuration."""

    name: str
    type: str
    default: str | None
    text: str

    @property
    def default_note(self) -> str:
        """`, default 1`, or nothing for a field that must be stated."""
        return "" if self.default is None else f", default {self.default}"


def fields(config: type[BaseModel], prefix: str = "") -> Iterator[FieldLine]:
    """The fields of a configuration and, behind each group, the fields of the group under dotted names."""
    texts = _texts(config)
    for name, info in config.model_fields.items():
        text = " ".join((texts.get(name) or info.description or "").split())
        yield FieldLine(prefix + name, type_name(info.annotation), _default(info), text)
        for group in _groups(info.annotation):
            yield from fields(group, f"{prefix}{name}.")


def _texts(config: type[BaseModel]) -> dict[str, str]:
    """The docstring under each field, by the field's name; a subclass's own text wins."""
    found: dict[str, str] = {}
    for cls in reversed([cls for cls in config.__mro__ if issubclass(cls, BaseModel) and cls is not BaseModel]):
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            match field, text:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    found[name] = words
    return found


def _default(info: FieldInfo) -> str | None:
    if info.is_required():
        return None
    value = info.default if info.default is not PydanticUndefined else info.get_default(call_default_factory=True)
    return f"`{value!r}`"


def _groups(annotation: Any) -> list[type[Config]]:
    parts = [annotation, *getattr(annotation, "__args__", ())]
    return [part for part in parts if isinstance(part, type) and issubclass(part, Config)]


def type_name(annotation: Any) -> str:
    """A type as a reader writes it: `int`, `"adamw" | "adamw_8bit"`, `tuple[str, ...]`."""
    if isinstance(annotation, type) and not getattr(annotation, "__args__", ()):
        return annotation.__name__
    text = str(annotation).replace("typing.", "").replace("NoneType", "None")
    if text.startswith("Literal["):
        return " | ".join(f'"{value}"' for value in annotation.__args__)
    for part in getattr(annotation, "__args__", ()):
        if isinstance(part, type):
            text = text.replace(f"{part.__module__}.{part.__qualname__}", part.__name__)
    return text


def stages_page() -> str:
    """The text of docs/stages.md."""
    return "\n".join([HEADER, *(_section(stage) for stage in all_stages().values())])


def _section(stage: Stage[Any, Any]) -> str:
    signature, needs = stage.signature, stage.resources
    inputs = [
        f"- `--{name.replace('_', '-')}`: {spec.kind.kind}{' (any number)' if spec.many else ''}"
        for name, spec in signature.inputs.items()
    ]
    rows = [
        f"| `{field.name}` | `{_cell(field.type)}` | {_cell(field.default or '')} | {_cell(field.text)} |"
        for field in fields(signature.config)
    ]
    gpus = f", {needs.gpus} GPU" if needs.gpus else ""
    return "\n".join(
        [
            f"## {stage.name}",
            "",
            stage.doc,
            "",
            f"Makes: {signature.output.kind}. Image `{stage.image}`; {needs.cpus:g} cores, {needs.memory_gb:g} GiB, "
            f"{needs.disk_gb:g} GiB disk{gpus}, {needs.hours:g} h an attempt. Version {stage.version}.",
            "",
            *(["Inputs:", "", *inputs, ""] if inputs else []),
            "| field | type | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
