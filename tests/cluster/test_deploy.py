"""`make deploy OVERLAY=dev`, from an empty cluster to a workflow that has run."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from scripts.kubectl import Kubectl
from tests.cluster.isolated import Isolated
from tests.cluster.overlay import S3_IMAGE, holds_image, needs_image, volume
from tests.kube import Kube, until

pytestmark = [pytest.mark.cluster, pytest.mark.argo]

CONTROLLER = "quay.io/argoproj/workflow-controller:v4.1.2"
EXECUTOR = "quay.io/argoproj/argoexec:v4.1.2"
SERVER = "quay.io/argoproj/argocli:v4.1.2"


class Deployed:
    """The dev overlay as `make deploy` installed it."""

    def __init__(self, names: Isolated, overlay: Path, output: str) -> None:
        self.overlay = overlay
        self.output = output
        self.labels = names.labels
        self.work = Kube(names.work)
        self.argo = Kube(names.argo)

    @property
    def keys(self) -> dict[str, str]:
        """The S3 server's keys."""
        return Kubectl("", force=False).secret(self.work.namespace, "s3")


def deploy(overlay: Path | str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the deploy script."""
    command = [sys.executable, "-m", "scripts.deploy", str(overlay), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


@pytest.fixture(scope="module")
def deployed(cluster: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The dev overlay on the cluster, under names of its own."""
    if "ARGO_CRDS" not in os.environ:
        pytest.skip("set ARGO_CRDS to a folder with manifests/base/crds/full of Argo v4.1.2")
    for image in (S3_IMAGE, CONTROLLER, EXECUTOR):
        needs_image(cluster, image)
    names = Isolated(f"test-{uuid.uuid4().hex[:8]}")
    folder = tmp_path_factory.mktemp("dev")
    overlay = names.write(cluster, folder / "overlay", server=holds_image(cluster, SERVER))
    (folder / "volume").mkdir()
    with volume(Kube(names.work), "data-s3-0", folder / "volume"):
        done = deploy(overlay)
        try:
            assert done.returncode == 0, done.stdout + done.stderr
            yield Deployed(names, overlay, done.stdout)
        finally:
            names.remove(cluster)


def test_it_names_the_cluster_first_and_what_to_do_last(deployed: Deployed) -> None:
    lines = deployed.output.splitlines()
    assert lines[0].startswith("cluster: context ")
    assert any(line.strip() == "make submit WORKFLOW=cpt_sft ROOT=s3://tsugiki/store" for line in lines)
    assert deployed.keys["AWS_SECRET_ACCESS_KEY"] not in deployed.output


def test_deploying_again_changes_nothing(deployed: Deployed) -> None:
    def state() -> list[str]:
        kinds = "deployments,statefulsets,pods,secrets,configmaps,roles,networkpolicies"
        items = [item for kube in (deployed.work, deployed.argo) for item in kube.get(kinds)["items"]]
        return sorted(f"{item['metadata']['uid']} {item['metadata'].get('generation')}" for item in items)

    before, keys = state(), deployed.keys
    done = deploy(deployed.overlay)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (state(), deployed.keys) == (before, keys)


@pytest.fixture(scope="module")
def workflow(deployed: Deployed) -> str:
    """A workflow of one stage that has succeeded."""
    container = {
        "name": "main",
        "container": {
            "image": S3_IMAGE,
            "command": ["/usr/local/bin/versitygw"],
            "args": ["--version"],
            "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
        },
    }
    deployed.work.apply(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {"name": "hello", "labels": deployed.labels},
            "spec": {
                "entrypoint": "main",
                "serviceAccountName": "stage",
                "automountServiceAccountToken": False,
                "executor": {"serviceAccountName": "executor"},
                "templates": [container],
            },
        }
    )
    phase = "jsonpath={.status.phase}"
    ends = ("Succeeded", "Failed", "Error")
    until(lambda: deployed.work("get", "workflow", "hello", "-o", phase) in ends, 120, "the workflow to end")
    found = deployed.work.get("workflow", "hello")["status"]
    assert found["phase"] == "Succeeded", json.dumps(found)
    return "hello"


def test_a_stage_keeps_its_token_from_its_own_container(deployed: Deployed, workflow: str) -> None:
    pod = deployed.work.get("pods", "-l", f"workflows.argoproj.io/workflow={workflow}")["items"][0]
    mounts = {item["name"]: [mount["name"] for mount in item["volumeMounts"]] for item in pod["spec"]["containers"]}
    assert "exec-sa-token" in mounts["wait"]
    assert "exec-sa-token" not in mounts["main"]
    assert not [volume for volume in pod["spec"]["volumes"] if "projected" in volume]


def test_the_log_of_a_stage_is_kept_in_the_bucket(deployed: Deployed, workflow: str) -> None:
    with Kubectl("", force=False).forward(deployed.work.namespace, "svc/s3", 7070) as port:
        s3 = boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=deployed.keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=deployed.keys["AWS_SECRET_ACCESS_KEY"],
        )
        (entry,) = s3.list_objects_v2(Bucket="tsugiki", Prefix=f"argo/{workflow}/")["Contents"]
        assert entry["Key"].endswith("/main.log")
        assert b"Version" in s3.get_object(Bucket="tsugiki", Key=entry["Key"])["Body"].read()


def test_the_server_shows_a_submitter_its_workflows_and_their_logs(deployed: Deployed, workflow: str) -> None:
    needs_image(deployed.work, SERVER)
    headers = {"Authorization": f"Bearer {deployed.work('create', 'token', 'submitter').strip()}"}
    with Kubectl("", force=False).forward(deployed.argo.namespace, "svc/argo-server", 2746) as port:

        def get(path: str) -> bytes:
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return bytes(answer.read())

        listed = json.loads(get(f"/api/v1/workflows/{deployed.work.namespace}"))
        assert [item["metadata"]["name"] for item in listed["items"]] == [workflow]
        files = f"/artifact-files/{deployed.work.namespace}/workflows/{workflow}/{workflow}/outputs/main-logs"
        assert b"Version" in get(files)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            get("/api/v1/workflows/kube-system")


def test_a_field_that_somebody_else_manages_is_left_alone_and_named(deployed: Deployed) -> None:
    patch = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "s3"}, "data": {"AWS_REGION": "eu-west-1"}}
    deployed.work.apply(patch, flags=("--field-manager=somebody",))
    done = deploy(deployed.overlay)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "somebody" in done.stderr
    assert "FORCE=1" in done.stderr
    assert deploy(deployed.overlay, "--force").returncode == 0
    assert deployed.work.get("configmap", "s3")["data"]["AWS_REGION"] == "us-east-1"


def test_a_new_key_is_made_when_the_old_one_is_deleted(deployed: Deployed) -> None:
    old = deployed.keys
    deployed.work("delete", "secret", "s3")
    deployed.work("rollout", "restart", "statefulset/s3")
    done = deploy(deployed.overlay)
    assert done.returncode == 0, done.stdout + done.stderr
    assert deployed.keys["AWS_SECRET_ACCESS_KEY"] != old["AWS_SECRET_ACCESS_KEY"]
