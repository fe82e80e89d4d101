"""Overlays of k8s/ for tests: the same manifests in a namespace of the test's own."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kube import Kube

K8S = Path(__file__).parents[2] / "k8s"
COMPONENTS = sorted(path.name for path in (K8S / "components").iterdir())
OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir())

S3_IMAGE = "ghcr.io/versity/versitygw:v1.8.0"

Object = dict[str, Any]


def write_overlay(folder: Path, namespace: str, *parts: str, patches: tuple[Object, ...] = ()) -> Path:
    """A Kustomize overlay in an empty folder.

    Args:
        folder: Made by this.
        namespace: What every namespace becomes; "" leaves them, as an overlay with Argo in it needs.
        parts: Folders of k8s: `base` or `overlays/NAME` first, then `components/NAME`.
        patches: Objects that are merged into those of the same kind and name.

    Returns:
        The folder.
    """
    folder.mkdir()
    paths = [os.path.relpath((K8S / part).resolve(), folder.resolve()) for part in parts]
    components = [path for path in paths if "/components/" in path]
    kustomization = {
        **({"namespace": namespace} if namespace else {}),
        "resources": [path for path in paths if path not in components],
        "components": components,
        "patches": [{"patch": json.dumps(patch)} for patch in patches],
    }
    (folder / "kustomization.yaml").write_text(json.dumps(kustomization), encoding="utf-8")
    return folder


def render(kube: Kube, folder: Path) -> list[Object]:
    """The objects of an overlay."""
    return list(yaml.safe_load_all(kube("kustomize", str(folder))))


def find(objects: list[Object], kind: str, name: str) -> Object:
    """The object of a kind and name."""
    return next(item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name))


def stage_pod(name: str, image: str, **changes: Any) -> Object:
    """A pod as a stage has it, with changes to its container."""
    container = {
        "name": "main",
        "image": image,
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "serviceAccountName": "stage",
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsUser": 10001, "runAsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{**container, **changes}],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }


def holds_image(kube: Kube, image: str) -> bool:
    """Whether a node has an image: the cluster for tests may not be able to pull one."""
    nodes = kube.get("nodes")["items"]
    return any(image in (held.get("names") or []) for node in nodes for held in node["status"]["images"])


def needs_image(kube: Kube, image: str) -> None:
    """Skip unless a node has an image."""
    if not holds_image(kube, image):
        pytest.skip(f"no node has {image}: load it")


@contextmanager
def volume(kube: Kube, claim: str, folder: Path) -> Iterator[None]:
    """A volume for a claim of the namespace: a folder of the node, which is this machine."""
    folder.chmod(0o777)
    name = f"{kube.namespace}-{claim}"
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "capacity": {"storage": "100Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "claimRef": {"namespace": kube.namespace, "name": claim},
                "hostPath": {"path": str(folder), "type": "Directory"},
            },
        }
    )
    yield
    kube("delete", "persistentvolume", name, "--wait=false")
