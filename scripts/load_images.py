"""Copy images from buildah's storage to the containerd of a node on this machine: load_images.py SOCKET IMAGE...

Layers travel uncompressed, in one stream, and only those that the node lacks: after a change of code that is 2 MB.
"""

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

LAYOUT = Path(__file__).resolve().parents[1] / "build/images/layout"
"""The images in OCI's layout. A layer that the node has is a file of its size without data, and is not copied again."""
BLOBS = LAYOUT / "blobs/sha256"


def main(socket: str, images: list[str]) -> None:
    """Send the images, and what the node lacks of their layers."""
    ctr = ["ctr", "--address", socket, "--namespace", "k8s.io"]
    listed = subprocess.run([*ctr, "content", "ls", "--quiet"], check=True, capture_output=True, text=True).stdout
    stored = {digest.removeprefix("sha256:") for digest in listed.split()}
    export(images, stored)
    needed = manifests_and_layers()
    importing = subprocess.Popen([*ctr, "images", "import", "-"], stdin=subprocess.PIPE)
    assert importing.stdin is not None
    with importing.stdin as pipe, tarfile.open(fileobj=pipe, mode="w|", bufsize=1 << 20) as stream:
        for path in (LAYOUT / "oci-layout", LAYOUT / "index.json", *(BLOBS / digest for digest in needed - stored)):
            stream.add(path, str(path.relative_to(LAYOUT)))
    if importing.wait():
        sys.exit(f"load_images: {socket} did not take {' '.join(images)}")
    for digest in needed:
        hollow(BLOBS / digest)


def export(images: list[str], stored: set[str]) -> None:
    """Copy the images' layers to `LAYOUT`, but for those that have a file there."""
    BLOBS.mkdir(parents=True, exist_ok=True)
    for blob in BLOBS.iterdir():
        if is_hollow(blob) and blob.name not in stored:
            blob.unlink()
    (LAYOUT / "index.json").unlink(missing_ok=True)  # it would go on naming the images of the last call
    for image in images:
        command = ["skopeo", "copy", "--quiet", "--dest-oci-accept-uncompressed-layers"]
        subprocess.run([*command, f"containers-storage:{image}", f"oci:{LAYOUT}:{image}"], check=True)


def manifests_and_layers() -> set[str]:
    """Digests of everything that the index leads to."""
    digests = set()
    for image in json.loads((LAYOUT / "index.json").read_bytes())["manifests"]:
        manifest = image["digest"].removeprefix("sha256:")
        parts = json.loads((BLOBS / manifest).read_bytes())
        digests |= {manifest} | {part["digest"].removeprefix("sha256:") for part in [parts["config"], *parts["layers"]]}
    return digests


def is_hollow(blob: Path) -> bool:
    """Whether the file has a size and no data."""
    status = blob.stat()
    return status.st_size > 0 and status.st_blocks == 0


def hollow(blob: Path) -> None:
    """Drop the data of a layer and keep its size; what is small (manifests, configurations) stays."""
    size = blob.stat().st_size
    if size > 1 << 20:
        with blob.open("wb") as file:
            file.truncate(size)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if absent := [program for program in ("skopeo", "ctr") if shutil.which(program) is None]:
        sys.exit(f"load_images: no {' and no '.join(absent)} on PATH: install it (Debian: skopeo, containerd)")
    main(sys.argv[1], sys.argv[2:])
