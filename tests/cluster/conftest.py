"""Fixtures of tests on a real cluster: skipped, with the reason, where there is none."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.overlay import write_overlay
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


@pytest.fixture(scope="module")
def bucket(cluster_s3: dict[str, str], module_namespace: Kube) -> Iterator[str]:
    """A bucket of the namespace's name."""
    import boto3

    client = boto3.client("s3")
    name = module_namespace.namespace
    client.create_bucket(Bucket=name)
    yield name
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=name, Key=item["Key"])
    client.delete_bucket(Bucket=name)


@pytest.fixture(scope="module")
def prepared(module_namespace: Kube, cluster_s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Kube:
    """The namespace with everything that pods of stages need in it."""
    kube = module_namespace
    folder = write_overlay(tmp_path_factory.mktemp("k8s") / "stages", kube.namespace, "base")
    kube("apply", "--server-side", "-k", str(folder))
    where = {name: cluster_s3[name] for name in ("AWS_ENDPOINT_URL_S3", "AWS_REGION")}
    keys = {name: cluster_s3[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    kube.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s3"}, "data": where},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}, "stringData": keys},
    )
    return kube
