"""The production overlay and its rules, where the cluster serves Kueue and the Prometheus operator."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.overlay import K8S, write_overlay
from tests.kube import Kube, KubectlError, until

pytestmark = pytest.mark.cluster

CRDS = Path(__file__).with_name("crds.yaml")
ALERTS = Path(__file__).with_name("alerts.yaml")
QUEUE = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "LocalQueue"}


@pytest.fixture(scope="module")
def served(cluster: Kube) -> Iterator[Kube]:
    """A cluster with the real custom resource definitions, or with those fields of them that k8s/ uses."""
    groups = {version.split("/")[0] for version in cluster("api-versions").split()}
    if {"kueue.x-k8s.io", "monitoring.coreos.com"} <= groups:
        yield cluster
        return
    cluster("apply", "--server-side", "-f", str(CRDS))
    cluster("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))
    needed = {"kueue.x-k8s.io/v1beta2", "monitoring.coreos.com/v1"}
    until(lambda: needed <= set(cluster("api-versions").split()), 30, "the new kinds")
    yield cluster
    cluster("delete", "-f", str(CRDS))


def dry_run(kube: Kube, folder: Path) -> str:
    """What the API server says to an overlay, unknown fields refused."""
    return kube("apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", str(folder))


@pytest.mark.usefixtures("served")
def test_production_is_accepted(namespace: Kube, tmp_path: Path) -> None:
    accepted = dry_run(namespace, write_overlay(tmp_path / "production", namespace.namespace, "overlays/production"))
    for kind in ("clusterqueue", "localqueue", "resourceflavor", "podmonitor", "prometheusrule", "resourcequota"):
        assert f"\n{kind}." in accepted or f"\n{kind}/" in accepted


@pytest.mark.usefixtures("served")
def test_a_field_that_kueue_does_not_know_is_refused(namespace: Kube, tmp_path: Path) -> None:
    patch = {**QUEUE, "metadata": {"name": "tsugiki", "namespace": "tsugiki"}, "spec": {"clusterQeueu": "tsugiki"}}
    folder = write_overlay(tmp_path / "typo", namespace.namespace, "overlays/production", patches=(patch,))
    with pytest.raises(KubectlError, match="clusterQeueu"):
        dry_run(namespace, folder)


def test_the_alerts_fire_when_they_should(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool on PATH: it is in Debian's package prometheus")
    rules = yaml.safe_load((K8S / "components" / "monitoring" / "rules.yaml").read_text(encoding="utf-8"))
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules["spec"]), encoding="utf-8")
    shutil.copy(ALERTS, tmp_path)
    done = subprocess.run(
        [promtool, "test", "rules", ALERTS.name], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
