"""Runs in a container, with Python's own library alone, and prints as JSON what the image holds and allows."""

import json
import os
import platform
import shutil
import stat
import sys
from importlib import metadata
from pathlib import Path

TOOLS = (
    "pip",
    "pip3",
    "uv",
    "apt",
    "apt-get",
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "ld",
    "make",
    "cmake",
    "git",
    "curl",
    "wget",
)
ROOTS = ("/", "/app", "/etc", "/home", "/opt", "/opt/venv", "/root", "/usr", "/usr/local", "/var", "/var/cache", "/run")
CACHES = ("/tmp/.cache", "/var/cache", "/var/lib/apt", "/var/log")


def takes_a_file(folder: str) -> bool:
    """Whether a file can be made in a folder."""
    path = Path(folder, ".probe")
    try:
        path.touch()
    except OSError:
        return False
    path.unlink()
    return True


def privileged() -> list[str]:
    """Programs that run with the rights of their owner or group."""
    found = []
    for folder, _, names in os.walk("/"):
        if folder.startswith(("/proc", "/sys")):
            continue
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink() and path.is_file() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID):
                found.append(str(path))
    return found


def without_bytecode(package: str) -> list[str]:
    """Modules of a package for which no bytecode lies beside the source."""
    from importlib.util import cache_from_source, find_spec

    folders = find_spec(package).submodule_search_locations
    modules = [module for folder in folders for module in Path(folder).rglob("*.py")]
    return [str(module) for module in modules if not Path(cache_from_source(str(module))).exists()]


print(
    json.dumps(
        {
            "ids": [os.getuid(), os.getgid()],
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
            "python": [sys.executable, platform.python_version(), platform.machine()],
            "tools": [tool for tool in TOOLS if shutil.which(tool)],
            "writable": [folder for folder in (*ROOTS, "/tmp") if takes_a_file(folder)],
            "caches": [folder for folder in CACHES if Path(folder).is_dir() and any(Path(folder).iterdir())],
            "privileged": privileged(),
            "uncompiled": [
                module for package in ("tsugiki", "jobs", "pydantic") for module in without_bytecode(package)
            ],
            "packages": {
                item.metadata["Name"].lower().replace("_", "-"): item.version for item in metadata.distributions()
            },
        }
    )
)
