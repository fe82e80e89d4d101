"""What the images hold and allow, found out in pods under restricted pod security, as stages run."""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker

from tests.cluster.overlay import needs_image, stage_pod
from tests.kube import Kube
from tsugiki.catalogue import all_stages

pytestmark = pytest.mark.cluster

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = ("data", "train", "serve")
PIN = re.compile(r"^([a-z0-9-]+)==([^\s;]+)(?: ; (.+?))?(?: \\)?$", re.MULTILINE)
GLOO = """
import torch, torch.distributed as world
world.init_process_group("gloo")
ranks = torch.tensor([world.get_rank()])
world.all_reduce(ranks)
print("sum of ranks", ranks.item())
world.destroy_process_group()
"""


class Images:
    """Pods from the images, in a namespace with restricted pod security."""

    def __init__(self, kube: Kube) -> None:
        self.kube = kube
        self.probe = cache(self._probe)

    def output(self, image: str, *command: str, seconds: float = 120) -> str:
        """What a command writes in a pod of an image, as the image's own user; it must succeed."""
        name = f"{os.environ.get('PREFIX', 'localhost/tsugiki-')}{image}:{os.environ.get('TAG', 'dev')}"
        needs_image(self.kube, name)
        resources = {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "4Gi"}}
        pod = stage_pod("", name, command=list(command), resources=resources, imagePullPolicy="Never")
        pod["metadata"] = {"generateName": f"{image}-"}
        pod["spec"] |= {"serviceAccountName": "default", "automountServiceAccountToken": False}
        pod["spec"]["securityContext"] = {"seccompProfile": {"type": "RuntimeDefault"}}
        created = self.kube("create", "--filename=-", "--output=name", stdin=json.dumps(pod)).strip()
        ended = self.kube.ended(created.removeprefix("pod/"), seconds)
        text = self.kube("logs", created)
        assert ended == "Succeeded", text
        self.kube("delete", created, "--wait=false")
        return text

    def _probe(self, image: str) -> dict[str, Any]:
        code = Path(__file__).with_name("probe.py").read_text()
        return dict(json.loads(self.output(image, "python", "-c", code)))


@pytest.fixture(scope="module")
def images(module_namespace: Kube) -> Images:
    restricted = [f"pod-security.kubernetes.io/{mode}=restricted" for mode in ("enforce", "warn", "audit")]
    module_namespace("label", "namespace", module_namespace.namespace, *restricted)
    return Images(module_namespace)


def pins(lock: str, markers: dict[str, str]) -> dict[str, str]:
    """Name to version of what a file of requirements pins for an interpreter."""
    found = PIN.findall((REPOSITORY / "requirements" / "images" / lock).read_text())
    return {name: version for name, version, marker in found if not marker or Marker(marker).evaluate(markers)}


@pytest.mark.parametrize("image", IMAGES)
def test_image_runs_without_rights_and_writes_to_tmp_only(images: Images, image: str) -> None:
    found = images.probe(image)

    assert found["ids"] == [10001, 10001]
    assert found["writable"] == ["/tmp"]
    assert found["privileged"] == []
    assert found["folder"] == "/app"
    assert found["environment"]["HOME"] == "/tmp"


@pytest.mark.parametrize("image", IMAGES)
def test_image_holds_no_compiler_package_manager_or_cache(images: Images, image: str) -> None:
    found = images.probe(image)

    assert found["tools"] == []
    assert found["caches"] == []


@pytest.mark.parametrize("image", IMAGES)
def test_image_holds_the_locked_packages_and_no_others(images: Images, image: str) -> None:
    found = images.probe(image)
    installed = {name: version.split("+")[0] for name, version in found["packages"].items()}
    _, python, machine = found["python"]
    markers = {"python_full_version": python, "python_version": python[:4], "platform_machine": machine}
    lock = f"serve-{'cuda' if 'vllm' in installed else 'cpu'}.txt" if image == "serve" else f"{image}.txt"
    pinned = pins(lock, markers)
    # the build of torch decides which of its libraries are there
    torch = pins("torch.txt", markers) if image != "data" else {}

    assert installed.pop("tsugiki")
    assert {name: installed.get(name) for name in pinned} == pinned
    assert {name: version for name, version in installed.items() if {**torch, **pinned}.get(name) != version} == {}
    assert image == "data" or installed["torch"] == torch["torch"]


@pytest.mark.parametrize("image", IMAGES)
def test_image_names_itself_and_its_code_and_needs_no_compiling(images: Images, image: str) -> None:
    found = images.probe(image)

    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", found["environment"]["TSUGIKI_COMMIT"])
    assert f"tsugiki-{image}:" in found["environment"]["TSUGIKI_IMAGE"]
    assert found["uncompiled"] == []


@pytest.mark.parametrize("image", IMAGES)
def test_every_stage_of_an_image_starts_in_it(images: Images, image: str) -> None:
    names = [name for name, stage in all_stages().items() if stage.image == image]
    assert names

    shown = images.output(image, "sh", "-ec", "\n".join(f"python -m jobs.{name} --help" for name in names))

    assert re.findall(r"usage: python -m jobs\.(\w+)", shown) == names


def test_processes_of_torchrun_reach_each_other(images: Images) -> None:
    start = 'printf %s "$0" >/tmp/ranks.py && torchrun --standalone --nproc-per-node=2 /tmp/ranks.py'

    shown = images.output("train", "sh", "-ec", start, GLOO)

    assert shown.count("sum of ranks 1") == 2


def test_what_training_imports_is_there(images: Images) -> None:
    packages = "torch, accelerate, bitsandbytes, peft, transformers, tokenizers, safetensors.torch, jinja2"

    shown = images.output("train", "python", "-c", f"import {packages}; print(torch.ones(2, 2) @ torch.ones(2))")

    assert "tensor([2., 2.])" in shown


@pytest.mark.slow
def test_vllm_is_there(images: Images) -> None:
    shown = images.output("serve", "python", "-c", "import vllm; print(vllm.LLM.__name__)")

    assert shown.splitlines()[-1] == "LLM"
