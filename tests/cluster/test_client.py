"""Errors of the Kubernetes API and of the way to it: one line each, which says what to do."""

import json
import socket
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.api import Answer, Api, kubeconfig
from tests.kube import Kube, until
from tsugiki.cluster.client import Cluster, connect
from tsugiki.cluster.refusals import Asked, Conflict, NotThere, Unreachable, refusal
from tsugiki.errors import BadInput, TsugikiError

WORKFLOW: dict[str, Any] = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"generateName": "nothing-", "labels": {"workflows.argoproj.io/controller-instanceid": "nobody"}},
    "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]},
}
PATH = "/apis/argoproj.io/v1alpha1/namespaces/work/workflows"
ASKED = Asked("create", PATH, "work", "test")


@pytest.fixture
def cluster_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cluster]:
    """Connects to a server through a kubeconfig of its own."""

    def make(server: str, **user: Any) -> Cluster:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", server, **user)))
        return connect("work")

    return make


def test_no_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
    with pytest.raises(BadInput, match=r"no kubeconfig at .*/config: set KUBECONFIG to the file"):
        connect("work")


@pytest.mark.parametrize("text", ["not: [yaml", "{}", "current-context: away\ncontexts: []\nclusters: []\nusers: []\n"])
def test_a_kubeconfig_that_cannot_be_used(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(path))
    with pytest.raises(BadInput, match=r"the kubeconfig .*/config cannot be used \(.*\): choose a context") as caught:
        connect("work")
    assert "\n" not in str(caught.value)


def test_several_kubeconfigs_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig(tmp_path / "one", "http://127.0.0.1:1")
    (tmp_path / "two").write_text("apiVersion: v1\nkind: Config\ncontexts: []\nclusters: []\nusers: []\n", "utf-8")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'two'}:{tmp_path / 'one'}")
    assert connect("work").context == "test"


def test_a_server_that_is_not_there(cluster_at: Callable[..., Cluster]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(Unreachable, match=f"the API server {url} of context test does not answer .connection refused"):
        cluster_at(url).list("Workflow")


def test_a_server_that_hangs_up(cluster_at: Callable[..., Cluster]) -> None:
    with Api(lambda *_: (0, "")).running() as api, pytest.raises(Unreachable, match="does not answer"):
        cluster_at(api.url).list("Workflow")


def test_lists_are_read_to_their_end(cluster_at: Callable[..., Cluster]) -> None:
    def answer(_verb: str, path: str) -> Answer:
        more = {} if "continue=next" in path else {"continue": "next"}
        return 200, json.dumps({"items": [{"page": path.count("continue=next")}], "metadata": more})

    with Api(answer).running() as api:
        assert [item["page"] for item in cluster_at(api.url).list("Workflow", "a=b")] == [0, 1]
    assert all("labelSelector=a%3Db" in asked for asked in api.asked)


def status(message: str, **details: str) -> str:
    """A Status object, as the API server answers."""
    return json.dumps({"kind": "Status", "message": message, "details": details})


# answers of a real API server, but for the last three
ANSWERS: list[tuple[int, str, type[TsugikiError], str]] = [
    (
        401,
        status("Unauthorized"),
        BadInput,
        "the credentials of context test are refused or have expired: log in again",
    ),
    (
        403,
        status('workflows.argoproj.io is forbidden: User "ann" cannot create resource "workflows" in API group'),
        BadInput,
        "ann may not create workflows in namespace work (context test): have the role submitter",
    ),
    (
        403,
        status(
            'workflows.argoproj.io "a" is forbidden: exceeded quota: runs, requested: count/workflows.argoproj.io=1, '
            "used: count/workflows.argoproj.io=3, limited: count/workflows.argoproj.io=3"
        ),
        TsugikiError,
        "exceeded quota: runs, requested: count/workflows.argoproj.io=1, used: count/workflows.argoproj.io=3",
    ),
    (
        403,
        status(
            'workflows.argoproj.io "a" is forbidden: status unknown for quota: runs, resources: '
            "count/workflows.argoproj.io"
        ),
        TsugikiError,
        "yet to count for its quota: runs, resources: count/workflows.argoproj.io: run it again in some minutes",
    ),
    (
        403,
        status('workflows.argoproj.io "a" is forbidden: unable to create new content in namespace work because it is '
               "being terminated"),
        BadInput,
        "namespace work is being deleted",
    ),
    (404, "404 page not found\n", BadInput, "Argo Workflows is not installed in context test: install Argo"),
    (404, status("not found", name="work", kind="namespaces"), BadInput, "there is no namespace work"),
    (
        404,
        status('workflows.argoproj.io "a" not found', name="a", kind="workflows"),
        NotThere,
        "there is no workflow a in namespace work",
    ),
    (409, status('workflows.argoproj.io "a" already exists'), Conflict, "already exists: run the command again"),
    (
        422,
        status("forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no runs at night"),
        BadInput,
        "the cluster's admission policy refuses it: ",
    ),
    (
        400,
        status('Workflow in version "v1alpha1" cannot be handled as a Workflow: strict decoding error: unknown field '
               '"spec.x"'),
        BadInput,
        'unknown field "spec.x"',
    ),
    (
        403,
        status('admission webhook "w" denied the request: no'),
        BadInput,
        "the cluster's admission policy refuses it: ",
    ),
    (429, status("too many requests"), Unreachable, "answers 429 (too many requests): try again"),
    (503, "upstream connect error", Unreachable, "answers 503 (upstream connect error): try again"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "body", "kind", "text"), ANSWERS)
def test_an_answer_becomes_one_line(code: int, body: str, kind: type[TsugikiError], text: str) -> None:
    error = refusal(ASKED, code, body)
    assert type(error) is kind
    assert text in str(error)
    assert "\n" not in str(error)


@pytest.fixture
def real(namespace: Kube) -> Cluster:
    """A new namespace of a real cluster with Argo's CRDs."""
    if "argoproj.io" not in namespace("api-versions"):
        pytest.skip("the cluster has no CRDs of Argo")
    return connect(namespace.namespace)


@pytest.mark.cluster
def test_an_object_is_made_read_changed_listed_and_deleted(real: Cluster) -> None:
    made = real.create(WORKFLOW)
    name = made["metadata"]["name"]
    assert name.startswith("nothing-")
    assert real.get("Workflow", name)["spec"] == WORKFLOW["spec"]
    assert real.patch("Workflow", name, {"spec": {"shutdown": "Stop"}})["spec"]["shutdown"] == "Stop"
    selector = "workflows.argoproj.io/controller-instanceid=nobody"
    assert [item["metadata"]["name"] for item in real.list("Workflow", selector)] == [name]
    assert real.list("Workflow", "workflows.argoproj.io/controller-instanceid=other") == []
    real.delete("Workflow", name)
    with pytest.raises(NotThere, match=f"there is no workflow {name} in namespace {real.namespace}"):
        real.get("Workflow", name)


@pytest.mark.cluster
def test_a_dry_run_keeps_nothing(real: Cluster) -> None:
    assert real.create(WORKFLOW, dry_run=True)["metadata"]["name"].startswith("nothing-")
    assert real.list("Workflow") == []


@pytest.mark.cluster
def test_a_field_that_the_cluster_does_not_know_is_refused(real: Cluster) -> None:
    with pytest.raises(BadInput, match='the cluster refuses it: .*unknown field "spec.surplus"'):
        real.create({**WORKFLOW, "spec": {**WORKFLOW["spec"], "surplus": 1}})


@pytest.mark.cluster
def test_a_namespace_that_is_not_there(real: Cluster) -> None:
    with pytest.raises(BadInput, match="there is no namespace away in context .*make deploy OVERLAY=dev"):
        connect("away").create(WORKFLOW)


@pytest.mark.cluster
def test_a_kind_that_is_not_there(real: Cluster) -> None:
    with pytest.raises(TsugikiError, match="does not know /apis/jobset.x-k8s.io"):
        real.get("JobSet", "any")


COUNTED = "count/workflows.argoproj.io"


@pytest.mark.cluster
def test_a_quota_that_is_used_up(real: Cluster, namespace: Kube) -> None:
    pods = count(100)

    def counted() -> bool:
        # A quota from before its controller knew of workflows is counted when it changes, else after five minutes.
        hard = {COUNTED: "0", "pods": str(next(pods))}
        namespace.apply(
            {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "runs"}, "spec": {"hard": hard}}
        )
        return COUNTED in namespace.get("resourcequota", "runs").get("status", {}).get("used", {})

    until(counted, 120, "workflows to be counted")
    with pytest.raises(TsugikiError, match=r"exceeded quota: runs, .*: wait for other runs to end, or have the quota"):
        real.create(WORKFLOW)


@pytest.fixture
def policy(namespace: Kube) -> Iterator[None]:
    """An admission policy that refuses every workflow of the namespace."""
    name = namespace.namespace
    group = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": ["argoproj.io"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["workflows"]}
    only_here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    namespace.apply(
        {
            "apiVersion": group,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [rule], **only_here},
                "validations": [{"expression": "false", "message": "no runs at night"}],
            },
        },
        {
            "apiVersion": group,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {"policyName": name, "validationActions": ["Deny"]},
        },
    )
    yield
    namespace("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


@pytest.mark.cluster
@pytest.mark.usefixtures("policy")
def test_an_admission_policy_that_refuses(real: Cluster) -> None:
    said: list[str] = []

    def refused() -> bool:
        try:
            real.create(WORKFLOW, dry_run=True)
        except BadInput as error:
            said.append(str(error))
        return bool(said)

    # it takes the API server a moment to heed a new policy
    until(refused, 60, "the policy to be heeded")
    assert "the cluster's admission policy refuses it" in said[0]
    assert "no runs at night" in said[0]
