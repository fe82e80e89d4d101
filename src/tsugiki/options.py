"""Options that several command lines have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

ROOT_VARIABLE = "TSUGIKI_ROOT"


def root_option(command: argparse.ArgumentParser) -> None:
    """Add the option that names the store."""
    command.add_argument(
        "--root",
        default=os.environ.get(ROOT_VARIABLE, "build/store"),
        help=f"the store: a directory or s3://bucket/prefix (default: ${ROOT_VARIABLE}, else build/store)",
    )
