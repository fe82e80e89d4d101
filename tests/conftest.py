"""Fixtures for every test: a real S3 server."""

import uuid
from collections.abc import Iterator

import pytest

from tests.s3 import Server, running_server


@pytest.fixture(scope="session")
def s3_process() -> Iterator[Server]:
    """The S3 server process that all tests of a run share."""
    with running_server() as server:
        yield server


@pytest.fixture
def s3_server(s3_process: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The S3 server, with the environment variables set that lead boto3 to it."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in s3_process.environment.items():
        monkeypatch.setenv(name, value)
    if s3_process.controlled:
        s3_process.fail()
    return s3_process


@pytest.fixture
def s3_root(s3_server: Server) -> str:
    """A root in a new bucket of the S3 server."""
    bucket = f"test-{uuid.uuid4().hex}"
    s3_server.client.create_bucket(Bucket=bucket)
    return f"s3://{bucket}/some/prefix"
