"""The dev overlay under names of a test's own, so that it stands beside whatever else the cluster holds."""

import json
from pathlib import Path

from tests.cluster.overlay import K8S, Object, render
from tests.kube import Kube

CLUSTER_ROLES = ("ClusterRole", "ClusterRoleBinding")


class Isolated:
    """The namespaces `tsugiki` and `argo` of the dev overlay, renamed.

    Its Argo heeds only workflows with the label `instance`, and any other Argo leaves those alone.
    """

    def __init__(self, name: str) -> None:
        self.work = name
        self.argo = f"{name}-argo"
        self.labels = {"workflows.argoproj.io/controller-instanceid": name}

    def write(self, kube: Kube, folder: Path, server: bool) -> Path:
        """Render k8s/overlays/dev, rename it and write it as an overlay; without Argo's server unless `server`."""
        folder.mkdir()
        objects = [self._renamed(item) for item in render(kube, K8S / "overlays" / "dev")]
        if not server:
            objects = [item for item in objects if not item["metadata"]["name"].startswith("argo-server")]
        (folder / "objects.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}))
        (folder / "kustomization.yaml").write_text(json.dumps({"resources": ["objects.json"]}))
        return folder

    def _renamed(self, item: Object) -> Object:
        names = {"tsugiki": self.work, "argo": self.argo}
        metadata = item["metadata"]
        if "namespace" in metadata:
            metadata["namespace"] = names[metadata["namespace"]]
        if item["kind"] == "Namespace":
            metadata["name"] = names[metadata["name"]]
        for subject in item.get("subjects", []):
            subject["namespace"] = names[subject["namespace"]]
        if item["kind"] in CLUSTER_ROLES:
            metadata["name"] += f"-{self.work}"
        if item.get("roleRef", {}).get("kind") == "ClusterRole":
            item["roleRef"]["name"] += f"-{self.work}"
        if item["kind"] == "ConfigMap":
            item["data"] = {
                key: text.replace(".tsugiki.svc", f".{self.work}.svc") for key, text in item["data"].items()
            }
        if metadata["name"] == "workflow-controller-configmap":
            item["data"]["instanceID"] = self.work
        return item

    def remove(self, kube: Kube) -> None:
        """Delete it all. The controller goes last: it takes its finalizers off the pods."""
        kube("delete", "namespace", self.work, "--ignore-not-found", "--timeout=120s")
        kube("delete", "namespace", self.argo, "--ignore-not-found", "--timeout=120s")
        for kind in CLUSTER_ROLES:
            names = [f"argo-controller-{self.work}", f"argo-server-{self.work}"]
            kube("delete", kind, *names, "--ignore-not-found")
