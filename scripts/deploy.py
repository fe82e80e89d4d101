"""Install an overlay of k8s/ on a Kubernetes cluster; run again, it changes only what differs."""

from __future__ import annotations

import argparse
import hashlib
import os
import secrets
import shutil
import sys
import urllib.request
from pathlib import Path
from typing import Any

from scripts.kubectl import Kubectl, Rendered
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.process import exit_code, to_stderr

OVERLAYS = Path("k8s", "overlays")
ARGO = Path("k8s", "components", "argo")
ARGO_RELEASE = "v4.1.2"
CRDS_URL = f"https://raw.githubusercontent.com/argoproj/argo-workflows/{ARGO_RELEASE}/manifests/base/crds/full"
ROLLOUT_SECONDS = 600
MEMORY = "custom-resource-definitions"


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit code is the project's."""
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__)
    parser.add_argument("overlay", help="a folder in k8s/overlays, or a path")
    parser.add_argument("--context", default="", help="context of the kubeconfig (default: the current one)")
    parser.add_argument("--force", action="store_true", help="take over fields that others manage")
    arguments = parser.parse_args(argv)
    kubectl = Kubectl(arguments.context, arguments.force)
    return exit_code(lambda: deploy(overlay_path(arguments.overlay), kubectl), to_stderr("deploy"))


def overlay_path(overlay: str) -> Path:
    """The folder of an overlay.

    Raises:
        BadInput: there is none.
    """
    for path in (OVERLAYS / overlay, Path(overlay)):
        if (path / "kustomization.yaml").is_file():
            return path
    known = ", ".join(sorted(path.name for path in OVERLAYS.iterdir()))
    raise BadInput(f"no overlay {overlay!r}: take one of {known}, or the path of a folder with a kustomization.yaml")


def deploy(overlay: Path, kubectl: Kubectl) -> None:
    """Bring the cluster to what the overlay says, in the order in which parts need each other."""
    print(f"cluster: {kubectl.describe()}", flush=True)
    rendered = kubectl.render(overlay)
    controller = rendered.find("Deployment", "workflow-controller")
    refuse_unknown_apis(rendered, kubectl, overlay, argo=controller is not None)
    kubectl.apply(rendered.of("Namespace"))
    if controller:
        install_crds(controller["metadata"]["namespace"], kubectl)
    server = rendered.find("StatefulSet", "s3")
    if server:
        make_secret(rendered.namespace, kubectl)
    kubectl.apply(rendered.objects)
    print(f"applied: {len(rendered.objects)} objects of {overlay}", flush=True)
    for item in rendered.of("Deployment", "StatefulSet"):
        kubectl.wait_rollout(item, ROLLOUT_SECONDS)
    if server:
        make_bucket(rendered, kubectl)
    elif rendered.needs_keys and not has_secret(rendered.namespace, kubectl):
        print(f"Secret s3 is missing in {rendered.namespace}: make it with your bucket's keys (docs/cluster.md)")
    print(next_steps(rendered, kubectl))


def install_crds(namespace: str, kubectl: Kubectl) -> None:
    """Apply Argo's custom resource definitions and wait until they serve.

    That takes the API server half a minute, so a ConfigMap in Argo's namespace remembers what was applied: nothing is
    done while the definitions are still the same.
    """
    pinned = dict(line.split()[::-1] for line in (ARGO / "crds.sha256").read_text(encoding="utf-8").splitlines())
    names = [f"{name.removesuffix('.yaml').split('_')[1]}.argoproj.io" for name in pinned]
    if kubectl.config(namespace, MEMORY) != crd_states(names, kubectl):
        kubectl.apply_folder(fetch_crds(pinned))
        kubectl("wait", "--for=condition=Established", "--timeout=60s", *(f"crd/{name}" for name in names))
        metadata = {"name": MEMORY, "namespace": namespace}
        data = crd_states(names, kubectl)
        kubectl.apply([{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}])
    print(f"Argo {ARGO_RELEASE}: {len(names)} custom resource definitions", flush=True)


def crd_states(names: list[str], kubectl: Kubectl) -> dict[str, str]:
    """What tells one state of the definitions from another, by name; and the release that they are from."""
    columns = "custom-columns=NAME:.metadata.name,UID:.metadata.uid,GENERATION:.metadata.generation"
    rows = kubectl("get", "crd", *names, "--ignore-not-found", "--no-headers", "-o", columns).splitlines()
    states = {name: f"{uid}.{generation}" for name, uid, generation in map(str.split, rows)}
    return states | {"release": ARGO_RELEASE}


def fetch_crds(pinned: dict[str, str]) -> Path:
    """A folder with the files of these names and SHA-256: ARGO_CRDS where that is set, else fetched from the release.

    Raises:
        BadInput: a file is missing, or another one.
    """
    given = os.environ.get("ARGO_CRDS")
    folder = Path(given or Path("build", f"argo-crds-{ARGO_RELEASE}"))
    for name, digest in pinned.items():
        if not given and not (folder / name).exists():
            download(f"{CRDS_URL}/{name}", folder / name)
        if not (folder / name).is_file():
            raise BadInput(
                f"ARGO_CRDS: {folder} has no {name}; put manifests/base/crds/full of Argo {ARGO_RELEASE} there"
            )
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            raise BadInput(f"{folder / name} is not the file of Argo {ARGO_RELEASE}: remove it, then deploy again")
    return folder


def download(url: str, path: Path) -> None:
    """Write what a URL serves to a file, which appears whole or not at all.

    Raises:
        TsugikiError: it cannot be had.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with urllib.request.urlopen(url, timeout=60) as answer, part.open("wb") as out:
            shutil.copyfileobj(answer, out)
    except OSError as error:
        raise TsugikiError(f"{url}: {error}; or set ARGO_CRDS to a folder with the files") from error
    part.replace(path)


def refuse_unknown_apis(rendered: Rendered, kubectl: Kubectl, overlay: Path, argo: bool) -> None:
    """Say what the cluster does not serve before anything of the overlay, which may hold `argo`, is applied.

    Raises:
        BadInput: Argo, or an API that the overlay needs, is not installed.
    """
    served = kubectl("api-versions").split()
    if not argo and "argoproj.io/v1alpha1" not in served:
        raise BadInput("the cluster has no Argo Workflows: install it, or add components/argo to the overlay")
    for item in rendered.objects:
        if item["apiVersion"] not in served:
            raise BadInput(
                f"the cluster serves no {item['kind']} of {item['apiVersion']}: install what does, or remove its "
                f"component from {overlay / 'kustomization.yaml'}"
            )


def has_secret(namespace: str, kubectl: Kubectl) -> bool:
    """Whether the namespace has the keys of its store."""
    return bool(kubectl("-n", namespace, "get", "secret", "s3", "--ignore-not-found", "-o", "name"))


def make_secret(namespace: str, kubectl: Kubectl) -> None:
    """Give the S3 server of the namespace random keys, unless it has keys."""
    if has_secret(namespace, kubectl):
        return
    kubectl.apply(
        [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "s3", "namespace": namespace},
                "stringData": {"AWS_ACCESS_KEY_ID": "tsugiki", "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(32)},
            }
        ]
    )
    print(f"Secret s3 in {namespace}: made with a random key", flush=True)


def make_bucket(rendered: Rendered, kubectl: Kubectl) -> None:
    """Make the bucket of the artifact repository on the namespace's own S3 server, unless it is there."""
    import boto3
    from botocore.exceptions import ClientError

    from tsugiki.store.client import s3_errors

    keys = kubectl.secret(rendered.namespace, "s3")
    with kubectl.forward(rendered.namespace, "svc/s3", 7070) as port, s3_errors(f"bucket {rendered.bucket}"):
        client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name=rendered.region,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        )
        try:
            client.create_bucket(Bucket=rendered.bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise


def next_steps(rendered: Rendered, kubectl: Kubectl) -> str:
    """What to type next, for this cluster."""
    command = " ".join(kubectl.command)
    here = f"{command} -n {rendered.namespace}"
    lines = [
        "next:",
        *_images(),
    ]
    if rendered.find("StatefulSet", "s3"):
        key = f"$({here} get secret s3 -o jsonpath='{{.data.%s}}' | base64 -d)"
        lines += [
            f"  {here} port-forward svc/s3 7070 &",
            f"  export AWS_ENDPOINT_URL_S3=http://127.0.0.1:7070 AWS_REGION={rendered.region}",
            *(f'  export {name}="{key % name}"' for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
        ]
    lines.append(f"  make submit WORKFLOW=cpt_sft ROOT=s3://{rendered.bucket}/store")
    server = rendered.find("Deployment", "argo-server")
    if server:
        lines += [
            f"  {command} -n {server['metadata']['namespace']} port-forward svc/argo-server 2746 &",
            f"  http://localhost:2746/workflows/{rendered.namespace}, and sign in with what this prints:",
            f'  echo "Bearer $({here} create token submitter --duration 24h)"',
        ]
    return "\n".join(lines)


def _images() -> list[str]:
    """How the images come to the nodes. kind and `docker save` find only what docker built, and it may not be first."""
    built, images = "BUILDER=docker make images", "localhost/tsugiki-{data,train,serve}:dev"
    return [
        f"  kind:       {built} && kind load docker-image {images}",
        f"  k3s:        {built} && docker save {images} | sudo k3s ctr images import -",
        "  a registry: PREFIX=registry/tsugiki- TAG=1 PUSH=1 make images; name them in the profile (docs/cluster.md)",
    ]


if __name__ == "__main__":
    sys.exit(main())
