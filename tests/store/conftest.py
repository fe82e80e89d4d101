"""The two stores, as one parametrised fixture."""

from pathlib import Path

import pytest

from tests.store.helpers import Place
from tsugiki.store import Store


@pytest.fixture(params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty root in a directory and in S3."""
    root = request.getfixturevalue("s3_root") if request.param == "s3" else str(tmp_path / "root")
    return Place(root, tmp_path / "caches")


@pytest.fixture
def store(place: Place) -> Store:
    """The store at `place`, opened on this machine."""
    return place.open()
