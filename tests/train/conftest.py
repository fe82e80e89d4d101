"""Bases that are made once and only read."""

from pathlib import Path

import pytest
import torch

from tests.train import tiny
from tsugiki.train.base import make_base

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint directory of each architecture."""
    root = tmp_path_factory.mktemp("bases")
    for name in tiny.ARCHITECTURES:
        make_base(tiny.TEXTS, root / name, tiny.work(root / "work" / name), tiny.base_config(name))
    return {name: root / name for name in tiny.ARCHITECTURES}
