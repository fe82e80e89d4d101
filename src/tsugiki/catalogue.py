"""The stages in jobs/, by name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from tsugiki.stage import Stage


def stage_names() -> list[str]:
    """Name of every stage in jobs/, without importing it."""
    import jobs

    return sorted(module.name for module in pkgutil.iter_modules(jobs.__path__))


def all_stages() -> dict[str, Stage[Any, Any]]:
    """Every stage in jobs/, by name."""
    return {name: load_stage(name) for name in stage_names()}


def load_stage(name: str) -> Stage[Any, Any]:
    """The stage that jobs/NAME.py defines under its own name."""
    found = getattr(importlib.import_module(f"jobs.{name}"), name)
    if not isinstance(found, Stage):
        raise TypeError(f"jobs/{name}.py must define a stage called {name}")
    return found
