"""Sources outside the store (a file, a directory, an S3 object), each with the digest that is its identity."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from tsugiki.errors import BadInput
from tsugiki.store.files import hash_file

BLOCK = 1 << 20
DIGEST = re.compile(r"[a-z0-9]+:\S+")


class Source(BaseModel):
    """Where an import stage reads from, written `URI` or `URI#DIGEST`.

    The URI is a path or `s3://bucket/key`. The digest is `sha256:…` (a file's content, or a directory's names and
    contents) or `etag:…` (an S3 object). Only the digest enters the identity of what is imported: the same file at
    another place is the same source. A source without a digest gets it when the workflow is planned.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    uri: str
    digest: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        uri, mark, digest = value.rpartition("#")
        # a path may hold a # of its own: what follows the last one is a digest only if it reads like one
        return {"uri": uri, "digest": digest} if mark and DIGEST.fullmatch(digest) else {"uri": value}

    @model_validator(mode="after")
    def _check(self) -> Source:
        if not self.uri:
            raise ValueError("the source is empty: give a path or s3://bucket/key")
        if "\0" in self.uri:
            raise ValueError(f"the source {self.uri!r} holds a NUL byte: give a path or s3://bucket/key")
        if self.digest is not None and not self.digest.startswith(("sha256:", "etag:")):
            raise ValueError(f"the digest {self.digest!r} of {self.uri} must begin with sha256: or etag:")
        return self

    @model_serializer(mode="wrap")
    def _join(self, _handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> str:
        if info.context and info.context.get("identity"):
            return self.digest or ""
        return f"{self.uri}#{self.digest}" if self.digest else self.uri

    def pinned(self) -> Source:
        """The same source with its digest, computed here where it is not stated.

        Raises:
            BadInput: no such file, directory or object.
        """
        return self if self.digest else self.model_copy(update={"digest": digest_of(self.uri)})

    def fetch(self, directory: Path) -> Path:
        """A local path of the source; an S3 object is downloaded into `directory`. The digest is checked.

        Raises:
            BadInput: it is not there, or it is not what the digest says.
        """
        path = Path(self.uri)
        if self.uri.startswith("s3://"):
            path = directory / self.uri.rsplit("/", 1)[-1]
            _download(self.uri, path, self.digest)
        if self.digest and self.digest.startswith("sha256:"):
            _compare(self.uri, self.digest, digest_of(str(path)))
        return path


def digest_of(uri: str) -> str:
    """The digest of a path or S3 object.

    Raises:
        BadInput: there is nothing to read.
    """
    if uri.startswith("s3://"):
        return f"etag:{_etag(uri)}"
    path = Path(uri)
    try:
        if path.is_dir():
            return f"sha256:{_hash_tree(path)}"
        return f"sha256:{hash_file(path)}"
    except OSError as error:
        raise BadInput(f"the source {uri} cannot be read: {error.strerror}") from error


def _hash_tree(directory: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        total.update(f"{path.relative_to(directory).as_posix()}\0{hash_file(path)}\n".encode())
    return total.hexdigest()


def _object(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not key:
        raise BadInput(f"the source {uri} names no object: give s3://bucket/key")
    return bucket, key


def _etag(uri: str) -> str:
    from tsugiki.store.client import make_client, s3_errors

    bucket, key = _object(uri)
    with s3_errors(uri):
        client = make_client()
        # a listing tells a missing object from a refused request, which a HEAD does not
        listed = client.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        if not listed or listed[0]["Key"] != key:
            raise BadInput(f"the source {uri} does not exist: check bucket and key")
        return str(listed[0]["ETag"]).strip('"')


def _download(uri: str, path: Path, digest: str | None) -> None:
    from tsugiki.store.client import make_client, s3_errors

    bucket, key = _object(uri)
    part = path.with_name(path.name + ".part")
    with s3_errors(uri), part.open("wb") as file:
        found = make_client().get_object(Bucket=bucket, Key=key)
        if digest and digest.startswith("etag:"):
            _compare(uri, digest, "etag:" + found["ETag"].strip('"'))
        shutil.copyfileobj(found["Body"], file, BLOCK)
    part.replace(path)


def _compare(uri: str, planned: str, found: str) -> None:
    if planned != found:
        raise BadInput(f"{uri} is not what was planned: expected {planned}, found {found}; plan again")
