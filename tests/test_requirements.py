"""The versions in the images are those that are tested on this machine."""

import re
from pathlib import Path

import pytest

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
PIN = re.compile(r"^([a-z0-9-]+)==(\S+?)(?: ;.*)?(?: \\)?$", re.MULTILINE)
SHARED = ("boto3", "peft", "pydantic", "safetensors", "tokenizers", "transformers", "zstandard")


def pins(lock: str) -> set[tuple[str, str]]:
    """Names and versions in a file of requirements; a name may have one version for each Python."""
    return set(PIN.findall((REQUIREMENTS / lock).read_text()))


@pytest.mark.parametrize("image", ["data", "torch", "train"])
def test_an_image_is_locked_to_what_is_tested(image: str) -> None:
    locked = pins(f"images/{image}.txt")

    assert locked
    assert locked - pins("locked.txt") == set(), "requirements/locked.txt has changed: run make lock"


@pytest.mark.parametrize("variant", ["cpu", "cuda"])
def test_serving_has_the_releases_that_training_has(variant: str) -> None:
    serve, train = dict(pins(f"images/serve-{variant}.txt")), dict(pins("images/train.txt"))

    assert {name: serve[name] for name in SHARED} == {name: train[name] for name in SHARED}


@pytest.mark.parametrize("lock", ["tools", "data", "train", "serve-cpu", "serve-cuda"])
def test_every_locked_package_has_a_hash(lock: str) -> None:
    text = (REQUIREMENTS / "images" / f"{lock}.txt").read_text()
    packages = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)

    assert [package for package in packages if package and "--hash=sha256:" not in package] == []
