"""The two stores, as one parametrised fixture."""

from pathlib import Path

import pytest

from tests.s3 import Server
from tests.store.helpers import Place
from tsugiki.store import Store


@pytest.fixture(params=["directory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty root in a directory and in S3."""
    if request.param == "directory":
        return Place(str(tmp_path / "root"), tmp_path / "caches")
    return request.getfixturevalue("s3_place")


@pytest.fixture
def s3_place(s3_root: str, s3_server: Server, tmp_path: Path) -> Place:
    """An empty root in S3."""
    return Place(s3_root, tmp_path / "caches", s3_server)


@pytest.fixture
def store(place: Place) -> Store:
    """The store at `place`, opened on this machine."""
    return place.open()
