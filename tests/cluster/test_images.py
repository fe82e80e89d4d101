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
import os, torch, torch.distributed as world
world.init_process_group("gloo")
ranks = torch.tensor([world.get_rank()])
world.all_reduce(ranks)
os.write(1, b"sum of ranks %d\\n" % ranks.item())
world.destroy_process_group()
"""
# in bfloat16 vLLM's attention takes AMX wherever the processor announces it, and dies in some virtual machines that do
VLLM = """
from transformers import LlamaConfig, LlamaForCausalLM
from vllm import LLM, SamplingParams

if __name__ == "__main__":
    sizes = dict(vocab_size=64, hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2)
    LlamaForCausalLM(LlamaConfig(**sizes, max_position_embeddings=64)).save_pretrained("/tmp/llama")
    settings = dict(dtype="float32", enforce_eager=True, max_model_len=32, max_num_seqs=1)
    engine = LLM("/tmp/llama", skip_tokenizer_init=True, **settings)
    sampling = SamplingParams(max_tokens=4, ignore_eos=True, detokenize=False)
    [answer] = engine.generate([{"prompt_token_ids": [1, 2, 3]}], sampling, use_tqdm=False)
    engine.llm_engine.engine_core.shutdown()
    print(len(answer.outputs[0].token_ids), "tokens")
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
        # vLLM's processes share 160 MiB; a pod without a volume there has 64
        pod["spec"]["volumes"].append({"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}})
        pod["spec"]["containers"][0]["volumeMounts"].append({"name": "shm", "mountPath": "/dev/shm"})
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
@pytest.mark.timeout(600)  # three processes import torch and vLLM
def test_vllm_generates_without_a_compiler(images: Images) -> None:
    setting = ["env", "VLLM_CPU_KVCACHE_SPACE=1", "VLLM_LOGGING_LEVEL=ERROR"]

    shown = images.output("serve", *setting, "python", "-c", VLLM, seconds=500)

    assert shown.splitlines()[-1] == "4 tokens"
