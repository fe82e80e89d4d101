"""The configuration of a stage: frozen, typed, every unknown key refused, and readable as canonical JSON."""

from __future__ import annotations

import json
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from tsugiki.errors import BadInput


class Config(BaseModel):
    """Base of every stage's configuration.

    A field that changes a result has no default: the recipe states it. Each field carries a docstring with its
    unit, which becomes its line in docs/stages.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    neutral: ClassVar[tuple[str, ...]] = ()
    """Fields that change how the work goes and not what comes out: they are left out of the identity."""

    @model_serializer(mode="wrap")
    def _leave_out_neutral(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        if info.context and info.context.get("identity"):
            return {name: value for name, value in values.items() if name not in self.neutral}
        return values

    @classmethod
    def parse(cls, values: Any, where: str) -> Self:
        """The configuration that `values` (a mapping, or JSON text) states.

        Raises:
            BadInput: an unknown key, a missing one or a value that cannot work; the message names it and `where`.
        """
        try:
            return cls.model_validate_json(values) if isinstance(values, str) else cls.model_validate(values)
        except ValidationError as error:
            raise BadInput(f"{where}: {describe(error)}") from error

    def identity(self) -> Any:
        """The JSON value that stands for this in an identity: sources by digest, neutral fields left out."""
        return self.model_dump(mode="json", context={"identity": True})

    def pinned(self) -> Self:
        """The same configuration, each source with its digest."""
        from tsugiki.source import Source

        fields = {name: getattr(self, name) for name in type(self).model_fields}
        sources = {name: value.pinned() for name, value in fields.items() if isinstance(value, Source)}
        return self.model_copy(update=sources) if sources else self


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: the same text for the same value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def describe(error: ValidationError) -> str:
    """All faults of a configuration on one line: the key, the value and what is wrong with it."""
    return "; ".join(_fault(item) for item in error.errors(include_url=False))


def _fault(item: Any) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "configuration"
    if item["type"] == "extra_forbidden":
        return f"unknown key {key}"
    if item["type"] == "missing":
        return f"{key} is missing"
    message = item["msg"].removeprefix("Value error, ")
    value = repr(item["input"])
    return f"{key}: {message}" + (f" (got {value})" if len(value) <= 80 and value not in message else "")
