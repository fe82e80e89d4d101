"""The stages in jobs/, by name."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from tsugiki.stage import Stage


def all_stages() -> dict[str, Stage[Any, Any]]:
    """Every stage in jobs/, by name."""
    import jobs

    names = sorted(module.name for module in pkgutil.iter_modules(jobs.__path__))
    return {name: load_stage(name) for name in names}


def load_stage(name: str) -> Stage[Any, Any]:
    """The stage that jobs/NAME.py defines under its own name."""
    found = getattr(importlib.import_module(f"jobs.{name}"), name)
    if not isinstance(found, Stage):
        raise TypeError(f"jobs/{name}.py must define a stage called {name}")
    return found
