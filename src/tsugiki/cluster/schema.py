"""Manifests against the schema of Argo's own CRDs, without a cluster: unknown, missing and mistyped fields."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tsugiki.cluster.faults import Fault, shown

SCHEMA = Path(__file__).with_name("schema.json.xz")
"""Made by scripts/make_schema.py from the CRDs of the Argo that k8s/ installs."""


def pack(schemas: Mapping[str, Any]) -> bytes:
    """The content of the schema's file: one JSON Schema for each kind."""
    text = json.dumps(schemas, separators=(",", ":"), sort_keys=True)
    return lzma.compress(text.encode(), preset=lzma.PRESET_EXTREME | 9)


@cache
def schemas() -> dict[str, Any]:
    """The JSON Schema of each kind."""
    found: dict[str, Any] = json.loads(lzma.decompress(SCHEMA.read_bytes()))
    return found


def validate(manifest: Mapping[str, Any]) -> list[Fault]:
    """What the API server would refuse or silently drop, each fault with its path and value."""
    kind = manifest.get("kind")
    schema = schemas().get(str(kind))
    if schema is None:
        return [Fault("kind", f"must be {' or '.join(schemas())}, not {kind!r}")]
    errors = sorted(_validator()(schema).iter_errors(manifest), key=lambda error: list(map(str, error.absolute_path)))
    return [fault for error in errors for fault in _faults(error)]


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    # the two features of Kubernetes' structural schemas that JSON Schema has no word for
    own = {"atMostOneOf": _at_most_one_of, "uniqueBy": _unique_by}
    return validators.extend(Draft202012Validator, own)


def _at_most_one_of(_validator: Any, groups: Iterable[Sequence[str]], value: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    for names in groups:
        given = [name for name in names if isinstance(value, dict) and name in value]
        if len(given) > 1:
            yield ValidationError(f"{' and '.join(given)} exclude each other: keep one")


def _unique_by(_validator: Any, keys: Mapping[str, Any], items: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    seen: set[tuple[str, ...]] = set()
    for item in items if isinstance(items, list) else ():
        if not isinstance(item, dict):
            continue
        values = {key: item.get(key, default) for key, default in keys.items()}
        if tuple(map(str, values.values())) in seen:
            named = ", ".join(f"{key} {value!r}" for key, value in values.items())
            yield ValidationError(f"two items have the same {named}")
        seen.add(tuple(map(str, values.values())))


def _faults(error: Any) -> Iterator[Fault]:
    where = path(error.absolute_path)
    wanted, value = error.validator_value, error.instance
    match error.validator:
        case "additionalProperties":
            for name in sorted(set(value) - set(error.schema.get("properties", ()))):
                yield Fault(_under(where, name), f"unknown field (got {shown(value[name])})")
        case "required":
            # jsonschema reports each missing name with the whole list
            name = next(name for name in wanted if error.message.startswith(repr(name)))
            yield Fault(_under(where, name), "missing")
        case "type":
            yield Fault(
                where, f"must be {wanted if isinstance(wanted, str) else ' or '.join(wanted)}, not {shown(value)}"
            )
        case "enum":
            yield Fault(where, f"must be one of {', '.join(map(str, wanted))}, not {shown(value)}")
        case "pattern":
            yield Fault(where, f"must match {wanted}, not {shown(value)}")
        case "atMostOneOf" | "uniqueBy":
            yield Fault(where, error.message)
        case _:
            yield Fault(where, f"{error.validator} is {wanted}, not {shown(value)}")


def path(parts: Iterable[str | int]) -> str:
    """`spec.templates[2].name` of its parts."""
    text = ""
    for part in parts:
        text = f"{text}[{part}]" if isinstance(part, int) else _under(text, part)
    return text


def _under(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
