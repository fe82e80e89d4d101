"""Stores: where artifacts lie, in a directory or under an S3 prefix, with the same promises in both."""

from pathlib import Path

from tsugiki.errors import BadInput
from tsugiki.store.area import Busy
from tsugiki.store.base import RECORD, Attempt, BadArtifact, FileEntry, Store
from tsugiki.store.directory import DirectoryStore
from tsugiki.store.files import clear_errors, hash_directory

__all__ = [
    "RECORD",
    "Attempt",
    "BadArtifact",
    "Busy",
    "FileEntry",
    "Store",
    "hash_directory",
    "open_store",
]


def open_store(root: str, cache: Path | None = None) -> Store:
    """The store at a root; an S3 root is asked for a listing, so that a wrong one ends here.

    Args:
        root: Path of a directory, or `s3://bucket/prefix`. For S3 the endpoint, region and credentials come from
            boto3's usual places (AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID …).
        cache: Directory for local copies of what lies in S3; by default `tsugiki` below XDG_CACHE_HOME or ~/.cache.

    Raises:
        BadInput: the root cannot be used: no credentials, no such bucket, no permission, an unknown scheme.
        TsugikiError: the S3 endpoint cannot be reached.
    """
    if root.startswith("s3://"):
        from tsugiki.store.s3 import S3Store, default_cache

        return S3Store(root, cache or default_cache())
    if "://" in root or not root:
        raise BadInput(f"root {root!r} is neither a directory nor s3://bucket/prefix; choose one of them")
    with clear_errors(root):
        return DirectoryStore(Path(root))
