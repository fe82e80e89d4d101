"""Fixtures of tests on a real cluster: skipped, with the reason, where there is none."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.kube import Kube, missing, until


@pytest.fixture(scope="session")
def cluster() -> Kube:
    """The cluster for tests, through kubectl."""
    if reason := missing():
        pytest.skip(reason)
    return Kube()


@contextmanager
def new_namespace(cluster: Kube) -> Iterator[Kube]:
    """A namespace with a name of its own, through kubectl; it is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster("create", "namespace", name)
    kube = Kube(name)
    # no pod can be made before
    until(lambda: bool(kube("get", "serviceaccount", "default", "--ignore-not-found")), 30, "the default account")
    yield kube
    cluster("delete", "namespace", name, "--wait=false")


@pytest.fixture
def namespace(cluster: Kube) -> Iterator[Kube]:
    """A new namespace for one test."""
    with new_namespace(cluster) as kube:
        yield kube


@pytest.fixture(scope="module")
def module_namespace(cluster: Kube) -> Iterator[Kube]:
    """A new namespace that the tests of a module share."""
    with new_namespace(cluster) as kube:
        yield kube


@pytest.fixture(scope="session")
def cluster_s3(cluster: Kube) -> dict[str, str]:
    """The environment that leads boto3, here and in pods, to the S3 server beside the cluster."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    if absent := [name for name in names if name not in os.environ]:
        pytest.skip(f"no S3 server for tests: set {', '.join(absent)}")
    return {name: os.environ[name] for name in names}
