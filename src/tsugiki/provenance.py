"""What may explain a difference between two results of one identity: code, image, packages, device."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from pathlib import Path

from tsugiki.log import RUN_VARIABLE

PACKAGES = ("tsugiki", "torch", "transformers", "peft", "vllm", "bitsandbytes", "numpy")
COMMIT_VARIABLE = "TSUGIKI_COMMIT"
IMAGE_VARIABLE = "TSUGIKI_IMAGE"


@cache
def commit() -> str:
    """The commit of the running code, `+changes` where files differ from it; `unknown` outside a checkout.

    In an image it comes from the variable TSUGIKI_COMMIT, set when the image is built.
    """
    if COMMIT_VARIABLE in os.environ:
        return os.environ[COMMIT_VARIABLE]
    root = str(Path(__file__).resolve().parents[2])
    head = _git(root, "rev-parse", "HEAD")
    if head is None:
        return "unknown"
    return f"{head}+changes" if _git(root, "status", "--porcelain", "--untracked-files=no") else head


def _git(root: str, *arguments: str) -> str | None:
    import subprocess

    try:
        done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def provenance(gpus: int = 0) -> dict[str, str]:
    """Commit, image, run, Python, the versions of the packages in use, and the device, by name.

    Args:
        gpus: how many were set aside, for another process may use them for this one.
    """
    found = {
        "commit": commit(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "device": _device(gpus),
    }
    given = {"image": IMAGE_VARIABLE, "run": RUN_VARIABLE}
    found |= {name: os.environ[variable] for name, variable in given.items() if variable in os.environ}
    from importlib import metadata

    # only what the stage has loaded: asking for the version of a package must not import it
    loaded = (name for name in PACKAGES if name in sys.modules)
    return found | {name: metadata.version(name) for name in loaded}


def gpus_in_use() -> int:
    """GPUs on which this process holds memory; 0 where torch was not loaded."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return 0
    return sum(torch.cuda.max_memory_allocated(device) > 0 for device in range(torch.cuda.device_count()))


def _device(gpus: int) -> str:
    torch = sys.modules.get("torch")
    if gpus_in_use() or (gpus and torch is not None and torch.cuda.is_available()):
        return str(sys.modules["torch"].cuda.get_device_name())
    return f"CPU, {os.cpu_count()} cores"
