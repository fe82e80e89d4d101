"""Fixtures of tests on a real Argo: a namespace of their own, and one run of the whole workflow that they share."""

import json
import os
import ssl
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.argo.space import RECIPE, ROOT, Flow, Space
from tests.argo.watch import Watch, gpus_of, progress_of
from tests.cluster.conftest import cluster, cluster_s3, new_namespace  # noqa: F401  # fixtures
from tests.cluster.overlay import needs_image, write_overlay
from tests.kube import Kube, until
from tsugiki.labels import RECIPE as RECIPE_LABEL

IMAGES = os.environ.get("TSUGIKI_TEST_IMAGES", "localhost/tsugiki-{image}:dev")
CONTROLLER = "app=workflow-controller"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stops parts of the cluster comes last: nothing else may be under way then."""
    items.sort(key=lambda item: "outages" in item.nodeid)


@pytest.fixture(scope="session")
def argo(cluster: Kube) -> Kube:  # noqa: F811
    """The cluster with a running Argo."""
    if not cluster.get("pods", "--all-namespaces", f"--selector={CONTROLLER}")["items"]:
        pytest.skip("no Argo on the cluster: install its controller")
    for image in ("data", "train", "serve"):
        needs_image(cluster, IMAGES.format(image=image))
    return cluster


@pytest.fixture(scope="session")
def space(argo: Kube, cluster_s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:  # noqa: F811
    """A namespace with what k8s/ installs, and a bucket."""
    import boto3

    folder, bucket = tmp_path_factory.mktemp("space"), f"argo-{uuid.uuid4().hex[:8]}"
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket=bucket)
    with new_namespace(argo) as kube:
        _install(kube, folder / "k8s", bucket, cluster_s3)
        pods, workflows = Watch(kube, "pods", gpus_of), Watch(kube, "workflows", progress_of)
        yield Space(kube, bucket, write_profile(folder / "profile.toml", kube.namespace, bucket), pods, workflows)
        pods.close()
        workflows.close()
    # objects of workflows that still ran may come later: they stay with the bucket
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=item["Key"])


def write_profile(path: Path, namespace: str, bucket: str, more: str = "") -> Path:
    """A profile for the cluster, with further lines of TOML."""
    lines = [
        'description = "A cluster for tests"',
        f'namespace = "{namespace}"',
        f'root = "s3://{bucket}/store"',
        f'images = "{IMAGES}"',
        more,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _install(kube: Kube, folder: Path, bucket: str, s3: dict[str, str]) -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    repository = {
        "archiveLogs": True,
        "s3": {
            "endpoint": s3["AWS_ENDPOINT_URL_S3"].rpartition("/")[2],
            "insecure": s3["AWS_ENDPOINT_URL_S3"].startswith("http:"),
            "region": s3["AWS_REGION"],
            "bucket": bucket,
            "keyFormat": "argo/{{workflow.name}}/{{pod.name}}",
            **{
                f"{part}KeySecret": {"name": "s3", "key": key}
                for part, key in zip(("access", "secret"), keys, strict=True)
            },
        },
    }
    named = {"apiVersion": "v1", "kind": "ConfigMap"}
    settings = {name: s3[name] for name in ("AWS_ENDPOINT_URL_S3", "AWS_REGION")}
    patches = (
        {**named, "metadata": {"name": "s3", "namespace": "tsugiki"}, "data": settings},
        {
            **named,
            "metadata": {"name": "artifact-repositories", "namespace": "tsugiki"},
            "data": {"s3": json.dumps(repository)},
        },
    )
    kube("apply", "--server-side", "-k", str(write_overlay(folder, kube.namespace, "base", patches=patches)))
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}}
    kube.apply({**secret, "stringData": {key: s3[key] for key in keys}})


@dataclass(frozen=True)
class Here:
    """A run of the same workflow on this machine."""

    store: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="session")
def here(argo: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """The whole workflow on this machine, under way."""
    folder = tmp_path_factory.mktemp("here")
    where = ("--root", str(folder / "store"), "--out", str(folder / "out"))
    command = [sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft", "--recipe", str(RECIPE), *where]
    with (folder / "log").open("w") as log, subprocess.Popen(command, cwd=ROOT, stderr=log, text=True) as process:
        yield Here(folder / "store", process)
        process.terminate()


@pytest.fixture(scope="session")
def sample(space: Space, here: Here, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """The whole workflow, submitted; its recipe has a name that no other run has. It runs on this machine meanwhile."""
    recipe = tmp_path_factory.mktemp("recipe") / f"whole-{space.bucket}.toml"
    recipe.write_text(RECIPE.read_text(encoding="utf-8"), encoding="utf-8")
    return space.submit(recipe=recipe)


@pytest.fixture(scope="session")
def prepared(sample: Flow) -> Flow:
    """The whole workflow, of which base and corpus are made: what single stages of other workflows read."""

    def made() -> bool:
        return all(sample.task(name).phase == "Succeeded" for name in ("make-base", "select-topic"))

    until(lambda: sample.name in sample.space.workflows.last and made(), 300, sample.describe)
    return sample


@pytest.fixture(scope="session")
def finished(prepared: Flow) -> Flow:
    """The whole workflow, succeeded."""
    prepared.succeeded(600)
    return prepared


@pytest.fixture(scope="session")
def metrics(finished: Flow) -> dict[str, float]:
    """What the controller publishes for Prometheus of the whole workflow, by name and labels."""
    controller = Kube().get("pods", "--all-namespaces", f"--selector={CONTROLLER}")["items"][0]
    # its certificate is its own, and on the node its address leads to it
    context = ssl._create_unverified_context()
    with urllib.request.urlopen(f"https://{controller['status']['podIP']}:9090/metrics", context=context) as answer:
        lines = answer.read().decode().splitlines()
    recipe = finished.run.labels[RECIPE_LABEL]
    found = [line.rpartition(" ") for line in lines if f'recipe="{recipe}"' in line]
    return {name.replace(f'recipe="{recipe}",', ""): float(value) for name, _, value in found}
