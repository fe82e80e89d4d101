"""Credentials that a real API server refuses: one line each, which says what to do."""

from pathlib import Path

import pytest
import yaml

from tests.kube import Kube
from tsugiki.cluster.client import connect
from tsugiki.errors import BadInput

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def _with_argo(namespace: Kube) -> None:
    if "argoproj.io" not in namespace("api-versions"):
        pytest.skip("the cluster has no CRDs of Argo")


def as_user(kube: Kube, path: Path, token: str) -> None:
    """Write a kubeconfig for the same cluster with a token alone."""
    config = yaml.safe_load(kube("config", "view", "--raw", "--minify", "--flatten"))
    config["users"][0]["user"] = {"token": token}
    path.write_text(yaml.dump(config), encoding="utf-8")


def test_an_account_without_rights(namespace: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(namespace, tmp_path / "config", namespace("create", "token", "default").strip())
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    user = f"system:serviceaccount:{namespace.namespace}:default"
    with pytest.raises(
        BadInput, match=f"{user} may not list workflows in namespace {namespace.namespace} .*role submitter"
    ):
        connect(namespace.namespace).list("Workflow")


def test_credentials_that_have_expired(namespace: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(namespace, tmp_path / "config", "an.old.token")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(BadInput, match="the credentials of context .* are refused or have expired: log in again"):
        connect(namespace.namespace).list("Workflow")


def test_a_certificate_that_is_not_trusted(namespace: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = yaml.safe_load(namespace("config", "view", "--raw", "--minify", "--flatten"))
    del config["clusters"][0]["cluster"]["certificate-authority-data"]
    (tmp_path / "config").write_text(yaml.dump(config), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(BadInput, match="certificate verify failed.*: renew the kubeconfig"):
        connect("default").list("Workflow")
