"""What Kustomize makes of k8s/, which takes kubectl and no cluster."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.cluster.overlay import K8S, Object, find, render, write_overlay
from tests.kube import Kube

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH")

PRODUCTION = K8S / "overlays" / "production"


def https(folder: Path) -> Object:
    """What the policy `https` of an overlay says."""
    policy: Object = find(render(Kube(), folder), "NetworkPolicy", "https")["spec"]
    return policy


def test_an_endpoint_at_another_port_is_added_in_one_line(tmp_path: Path) -> None:
    patch = yaml.safe_load((PRODUCTION / "network.yaml").read_text(encoding="utf-8"))
    patch["spec"]["egress"][0]["ports"].append({"protocol": "TCP", "port": 9000})
    changed = https(write_overlay(tmp_path / "changed", "", "overlays/production", patches=(patch,)))
    assert [item["port"] for item in changed["egress"][0]["ports"]] == [443, 9000]
    assert len(changed["egress"]) == 1


def test_production_as_it_is_changes_no_port(tmp_path: Path) -> None:
    assert https(PRODUCTION) == https(write_overlay(tmp_path / "base", "", "base"))


def test_who_submits_may_delete_what_the_jobset_component_makes(tmp_path: Path) -> None:
    objects = render(Kube(), write_overlay(tmp_path / "jobset", "", "base", "components/jobset"))
    rules = find(objects, "Role", "submitter")["rules"]
    verbs = [rule["verbs"] for rule in rules if rule["resources"] in (["jobs"], ["jobsets"])]
    assert verbs == [["get", "list", "watch", "delete"]] * 2
