"""The configuration of a stage: frozen, typed, every unknown key refused, and readable as canonical JSON."""

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Base of every stage's configuration.

    A field that changes a result has no default: the recipe states it. Each field carries a docstring with its
    unit, which becomes its line in docs/stages.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
