"""What `make deploy` refuses before it changes anything."""

import pytest

from scripts.deploy import main
from tests.kube import Kube

pytestmark = pytest.mark.cluster


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which the script refuses."""
    capsys.readouterr()
    assert main(list(arguments)) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    return error


@pytest.mark.usefixtures("cluster")
def test_a_context_that_does_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "dev", "--context", "away")
    assert "cannot locate context away; set KUBECONFIG, or CONTEXT" in error


@pytest.mark.usefixtures("cluster")
def test_a_cluster_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path_factory.mktemp("none") / "config"))
    assert "no cluster: " in refused(capsys, "dev")


def test_a_component_whose_kinds_are_not_served(cluster: Kube, capsys: pytest.CaptureFixture[str]) -> None:
    if "kueue.x-k8s.io" in cluster("api-versions"):
        pytest.skip("the cluster has Kueue")
    if "argoproj.io" not in cluster("api-versions"):
        assert "the cluster has no Argo Workflows" in refused(capsys, "production")
        return
    error = refused(capsys, "production")
    assert "the cluster serves no ClusterQueue of kueue.x-k8s.io/v1beta2" in error
    assert "k8s/overlays/production/kustomization.yaml" in error
