"""What k8s/ installs, on a real cluster."""

import json
from pathlib import Path

import pytest
import yaml

from scripts.deploy import ARGO_RELEASE
from tests.cluster.overlay import COMPONENTS, K8S, OVERLAYS, find, render, stage_pod, write_overlay
from tests.kube import Kube, KubectlError, until

pytestmark = pytest.mark.cluster

IMAGE = "localhost/pause:1"
UNIT = "tsugiki.test/unit"
"""A resource of which the test gives the node one, as it would have a GPU."""


@pytest.fixture(scope="module")
def installed(module_namespace: Kube, tmp_path_factory: pytest.TempPathFactory) -> Kube:
    """A namespace with base and quota in it."""
    kube = module_namespace
    folder = write_overlay(tmp_path_factory.mktemp("k8s") / "installed", kube.namespace, "base", "components/quota")
    kube("apply", "--server-side", "--dry-run=server", "--validate=strict", "-k", str(folder))
    kube("apply", "--server-side", "--validate=strict", "-k", str(folder))
    until(lambda: "used" in kube.get("resourcequota", "tsugiki")["status"], 30, "the quota to count")
    return kube


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_renders(cluster: Kube, name: str) -> None:
    objects = render(cluster, K8S / "overlays" / name)
    assert (
        find(objects, "Namespace", "tsugiki")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
        == "restricted"
    )


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_changes_what_base_renders(cluster: Kube, tmp_path: Path, name: str) -> None:
    base = render(cluster, write_overlay(tmp_path / "base", "", "base"))
    assert render(cluster, write_overlay(tmp_path / name, "", "base", f"components/{name}")) != base


def test_no_manifest_holds_credentials(cluster: Kube) -> None:
    for name in OVERLAYS:
        secrets = [item for item in render(cluster, K8S / "overlays" / name) if item["kind"] == "Secret"]
        assert {item["type"] for item in secrets} == {"kubernetes.io/service-account-token"}
        assert not any("data" in item or "stringData" in item for item in secrets)


def test_production_uses_no_secret_for_s3(cluster: Kube) -> None:
    objects = render(cluster, K8S / "overlays" / "production")
    repository = find(objects, "ConfigMap", "artifact-repositories")["data"]["s3"]
    assert "useSDKCreds: true" in repository
    assert "Secret" not in repository


def test_a_second_apply_changes_nothing(installed: Kube, tmp_path: Path) -> None:
    kinds = "serviceaccounts,roles,rolebindings,networkpolicies,configmaps,services,resourcequotas,limitranges"
    before = {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in installed.get(kinds)["items"]}
    folder = write_overlay(tmp_path / "again", installed.namespace, "base", "components/quota")
    installed("apply", "--server-side", "-k", str(folder))
    after = {item["metadata"]["uid"]: item["metadata"]["resourceVersion"] for item in installed.get(kinds)["items"]}
    assert after == before


def test_a_stage_pod_runs_and_holds_no_token(installed: Kube) -> None:
    installed.apply(stage_pod("stage", IMAGE))
    until(lambda: installed.phase("stage") == "Running", 60, lambda: installed("describe", "pod", "stage"))
    pod = installed.get("pod", "stage")["spec"]
    assert [volume["name"] for volume in pod["volumes"]] == ["tmp"]


@pytest.mark.parametrize(
    "changes",
    [
        {"securityContext": {"privileged": True}},
        {
            "securityContext": {
                "capabilities": {"drop": ["ALL"]},
                "allowPrivilegeEscalation": True,
                "runAsNonRoot": True,
            }
        },
        {"securityContext": {"allowPrivilegeEscalation": False, "runAsNonRoot": True}},
        {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsUser": 0}},
    ],
    ids=["privileged", "escalating", "with capabilities", "root"],
)
def test_pod_security_refuses(installed: Kube, changes: dict[str, object]) -> None:
    with pytest.raises(KubectlError, match='violates PodSecurity "restricted'):
        installed.apply(stage_pod("refused", IMAGE, **changes))


@pytest.mark.parametrize(
    ("account", "granted"),
    [
        ("stage", {}),
        ("executor", {"workflowtaskresults": {"create", "patch"}}),
        (
            "nodes",
            {
                "workflowtaskresults": {"create", "patch"},
                "jobs": {"create", "get", "list", "watch", "patch", "delete"},
            },
        ),
    ],
)
def test_an_account_may_do_what_it_must_and_nothing_else(
    installed: Kube, account: str, granted: dict[str, set[str]]
) -> None:
    assert installed.rights(account) == granted
    for resource in ("workflowtaskresults.argoproj.io", "jobs.batch", "pods", "secrets"):
        for verb in ("create", "patch", "get", "delete"):
            expected = verb in granted.get(resource.split(".")[0], set())
            assert installed.can(account, verb, resource) == expected, (verb, resource)


def test_the_jobset_component_lets_nodes_make_jobsets_and_people_delete_them(namespace: Kube, tmp_path: Path) -> None:
    folder = write_overlay(tmp_path / "jobset", namespace.namespace, "base", "components/jobset")
    namespace("apply", "--server-side", "-k", str(folder))
    rights = namespace.rights("nodes")
    assert rights["jobsets"] == rights["jobs"] == {"create", "get", "list", "watch", "patch", "delete"}
    people = namespace.rights("submitter")
    assert people["jobsets"] == people["jobs"] == {"get", "list", "watch", "delete"}
    assert "jobsets" not in namespace.rights("executor")


def test_a_submitter_makes_workflows_and_no_pods(installed: Kube) -> None:
    for verb in ("create", "list", "patch", "delete"):
        assert installed.can("submitter", verb, "workflows.argoproj.io")
    assert installed.can("submitter", "get", "pods", "--subresource=log")
    assert installed.can("submitter", "get", "secrets/s3")
    assert not installed.can("submitter", "get", "secrets/executor.service-account-token")
    assert not installed.can("submitter", "create", "pods")


@pytest.mark.parametrize("account", ["executor", "nodes"])
def test_argo_finds_the_token_of_an_account(installed: Kube, account: str) -> None:
    def token() -> str:
        return str(installed.get("secret", f"{account}.service-account-token").get("data", {}).get("token", ""))

    until(lambda: bool(token()), 30, f"the token of {account}")


def test_the_quota_refuses_what_exceeds_it(installed: Kube) -> None:
    with pytest.raises(KubectlError, match="exceeded quota: tsugiki, requested: requests.cpu=300"):
        installed.apply(stage_pod("greedy", IMAGE, resources={"requests": {"cpu": "300"}}))
    with pytest.raises(KubectlError, match="exceeded quota: tsugiki, requested: requests.nvidia.com/gpu=17"):
        installed.apply(stage_pod("greedy", IMAGE, resources={"limits": {"nvidia.com/gpu": "17"}}))


def test_a_container_that_requests_nothing_passes_the_quota(installed: Kube) -> None:
    installed.apply(stage_pod("modest", IMAGE, resources={}))
    resources = installed.get("pod", "modest")["spec"]["containers"][0]["resources"]
    assert resources == {"requests": {"cpu": "50m", "memory": "64Mi"}}


def test_nodes_have_names_before_they_are_ready(installed: Kube) -> None:
    pod = stage_pod("first", IMAGE, readinessProbe={"tcpSocket": {"port": 1}})
    pod["metadata"]["labels"] = {"tsugiki/nodes": "true"}
    pod["spec"] |= {"hostname": "first", "subdomain": "nodes"}
    installed.apply(pod)

    def names() -> list[str]:
        slices = installed.get("endpointslices", "-l", "kubernetes.io/service-name=nodes")["items"]
        return [end.get("hostname", "") for item in slices for end in item["endpoints"] or []]

    until(lambda: names() == ["first"], 60, "the name of the node")


def test_a_nightly_run_gives_its_place_to_one_that_somebody_waits_for(installed: Kube) -> None:
    node = installed.get("nodes")["items"][0]["metadata"]["name"]
    path = f"/status/capacity/{UNIT.replace('/', '~1')}"
    patch = [{"op": "add", "path": path, "value": "1"}]
    installed("patch", "node", node, "--subresource=status", "--type=json", "-p", json.dumps(patch))

    def pod(name: str, priority: str) -> dict[str, object]:
        made = stage_pod(name, IMAGE, resources={"limits": {UNIT: "1", "cpu": "50m", "memory": "64Mi"}})
        made["spec"]["priorityClassName"] = priority
        return made

    try:
        installed.apply(pod("nightly", "tsugiki-nightly"))
        until(lambda: installed.phase("nightly") == "Running", 60, lambda: installed("describe", "pod", "nightly"))
        installed.apply(pod("batch", "tsugiki-batch"))
        until(lambda: installed.phase("batch") == "Running", 60, lambda: installed("describe", "pod", "batch"))
        assert not installed("get", "pod", "nightly", "--ignore-not-found")
    finally:
        removed = [{"op": "remove", "path": path}]
        installed("patch", "node", node, "--subresource=status", "--type=json", "-p", json.dumps(removed))


def test_one_release_of_argo_is_pinned_everywhere(cluster: Kube) -> None:
    objects = render(cluster, K8S / "overlays" / "dev")
    settings = find(objects, "ConfigMap", "workflow-controller-configmap")["data"]
    images = [yaml.safe_load(settings["executor"])["image"]]
    for name in ("workflow-controller", "argo-server"):
        images += [
            item["image"] for item in find(objects, "Deployment", name)["spec"]["template"]["spec"]["containers"]
        ]
    assert {image.rpartition(":")[2] for image in images} == {ARGO_RELEASE}


def test_the_controller_knows_its_settings(cluster: Kube) -> None:
    settings = find(render(cluster, K8S / "overlays" / "dev"), "ConfigMap", "workflow-controller-configmap")["data"]
    # it stops at a setting that it does not know, at a key `config` beside others, and at what is no YAML
    assert set(settings) == {"executor", "retentionPolicy", "workflowDefaults"}
    assert all(isinstance(yaml.safe_load(text), dict) for text in settings.values())
    assert set(yaml.safe_load(settings["retentionPolicy"])) == {"completed", "failed", "errored"}


@pytest.mark.argo
def test_the_defaults_of_workflows_are_a_workflow_s(cluster: Kube, namespace: Kube) -> None:
    settings = find(render(cluster, K8S / "overlays" / "dev"), "ConfigMap", "workflow-controller-configmap")["data"]
    if "argoproj.io/v1alpha1" not in cluster("api-versions"):
        pytest.skip("the cluster has no Argo Workflows")
    made = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "defaults"}}
    made |= yaml.safe_load(settings["workflowDefaults"])
    flags = ("--dry-run=server", "--validate=strict")
    namespace.apply(made, flags=flags)
    made["spec"]["podGC"]["strategy"] = "OnSuccess"
    with pytest.raises(KubectlError, match="podGC"):
        namespace.apply(made, flags=flags)
