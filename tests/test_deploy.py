"""What the deploy script says when it cannot go on."""

from pathlib import Path

import pytest

from scripts.deploy import fetch_crds, main, next_steps, overlay_path
from scripts.kubectl import Kubectl, Rendered, explain, waits
from tsugiki.errors import BadInput


def test_an_unknown_overlay_is_named_with_those_that_exist() -> None:
    with pytest.raises(BadInput, match=r"no overlay 'prod': take one of dev, production, or"):
        overlay_path("prod")


def test_an_overlay_may_be_a_path(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").touch()
    assert overlay_path(str(tmp_path)) == tmp_path


def test_without_kubectl_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert main(["dev"]) == 2
    assert "kubectl is not on the PATH" in capsys.readouterr().err


def test_a_changed_definition_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "crd.yaml").write_text("kind: CustomResourceDefinition")
    monkeypatch.setenv("ARGO_CRDS", str(tmp_path))
    with pytest.raises(BadInput, match=r"crd\.yaml is not the file of Argo v4"):
        fetch_crds({"crd.yaml": "0" * 64})
    with pytest.raises(BadInput, match=r"has no other\.yaml"):
        fetch_crds({"other.yaml": "0" * 64})


def test_images_are_taken_from_the_program_that_built_them() -> None:
    repository = {"s3": "s3: {bucket: b, region: r}"}
    names = {"name": "artifact-repositories", "namespace": "work"}
    objects = [{"kind": "ConfigMap", "metadata": names, "data": repository}]
    said = next_steps(Rendered(objects), Kubectl("", force=False)).splitlines()
    from_docker = [line for line in said if "kind load docker-image" in line or "docker save" in line]
    assert len(from_docker) == 2
    assert all("BUILDER=docker make images && " in line for line in from_docker)


def test_kubectl_s_complaint_becomes_one_line() -> None:
    assert explain("Warning: old\nerror: no such thing\nusage\nmore\n") == "no such thing (and 2 more lines)"
    conflict = 'error: Apply failed with 1 conflict: conflict with "helm" using v1: .data.a\nPlease review the fields'
    assert explain(conflict).endswith("change it there, or take it over with FORCE=1")
    assert "\n" not in explain(conflict)


def test_what_a_pod_waits_for_is_found() -> None:
    waiting = {"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"}
    assert waits({"status": {"containerStatuses": [waiting]}}) == ["ErrImagePull not found"]
    assert waits({"status": {"conditions": [unscheduled]}}) == ["0/1 nodes are available"]
    assert waits({"status": {"containerStatuses": [{"state": {"running": {}}}]}}) == []
