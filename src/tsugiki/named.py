"""TOML files that are named by a path or by the name of one that comes with the project."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput


def package_folder(package: str) -> Path:
    """The directory of an importable package."""
    return Path(str(importlib.import_module(package).__file__)).parent


def named_file(what: str, folder: str, name: str) -> Path:
    """The file that `name` means: a path that ends in .toml, or one in workflows/`folder`.

    Raises:
        BadInput: there is none.
    """
    own = package_folder("workflows") / folder
    path = Path(name) if name.endswith(".toml") else own / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in own.glob("*.toml")))
        raise BadInput(f"no {what} {name!r}: give the path of a .toml file or one of {known}")
    return path


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file.

    Raises:
        BadInput: it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}") from error
