"""Compare the files of a dump with the checksums that were published beside them."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.pool import check_stop

_LINE = re.compile(r"([0-9a-fA-F]+) [ *](.+)")
_ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
_BLOCK_BYTES = 1 << 20


def verify(checksums: Path, files: Sequence[Path]) -> None:
    """Check every file, by its name, against a list as `sha1sum`, `md5sum` or `sha256sum` write it.

    Raises:
        BadInput: a file is not what the list says, or not in it; the message names the file.
    """
    listed = _read(checksums)
    for path in files:
        if path.name not in listed:
            raise BadInput(
                f"{path}: {checksums.name} lists no {path.name}; give each file under the name it was published with, "
                "and the checksums of the same dump"
            )
        expected = listed[path.name].lower()
        algorithm = _ALGORITHMS[len(expected)]
        found = _digest(path, algorithm)
        if found != expected:
            raise BadInput(
                f"{path}: its {algorithm} is {found}, and {checksums.name} says {expected}; fetch the file again"
            )


def _read(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: the checksums cannot be read ({error}); give the dump's *-sha1sums.txt") from None
    found = [_LINE.fullmatch(line) for line in lines if line.strip()]
    listed = {line[2]: line[1] for line in found if line and len(line[1]) in _ALGORITHMS}
    if not listed or len(listed) < len(found):
        raise BadInput(f"{path}: not a list of checksums and names; give the dump's *-sha1sums.txt or *-md5sums.txt")
    return listed


def _digest(path: Path, algorithm: str) -> str:
    total = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                check_stop()
                total.update(block)
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); check the path and its rights") from None
    return total.hexdigest()
