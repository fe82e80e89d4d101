"""The S3 requests that a store makes, with retries, checksums, bounded waits and clear errors."""

import base64
import hashlib
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store.base import BadArtifact, FileEntry
from tsugiki.store.client import Limits, make_client, s3_errors, status_of
from tsugiki.store.files import clear_errors, hash_file, sync

_MIB = 1024 * 1024
_DELETE_BATCH = 1000
_CONFLICTS = 10
_CONFLICT_SECONDS = 0.3


class Gone(Exception):
    """An object that was asked for is not there."""


@dataclass(frozen=True)
class Transfer:
    """One object and the local file with the same content."""

    key: str
    path: Path
    entry: FileEntry


class Bucket:
    """One bucket, through boto3's usual configuration (AWS_ENDPOINT_URL, AWS_REGION, credentials).

    Every method raises `BadInput` where the configuration is at fault and `TsugikiError` where the network is.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self._limits = limits
        self._client = make_client(limits)

    def list(self, prefix: str, at_most: int | None = None) -> dict[str, int]:
        """Keys that begin with `prefix`, in order, with their sizes in bytes."""
        config = {"MaxItems": at_most, "PageSize": at_most} if at_most else {}
        with s3_errors(f"s3://{self.name}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix, PaginationConfig=config
            )
            return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def read(self, key: str) -> bytes | None:
        """An object's content; None where there is no such object."""
        with s3_errors(f"s3://{self.name}"):
            try:
                content: bytes = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
            except self._client.exceptions.NoSuchKey:
                return None
            return content

    def write(self, key: str, content: bytes) -> None:
        """Put an object, over whatever is there."""
        with s3_errors(f"s3://{self.name}"):
            self._client.put_object(Bucket=self.name, Key=key, Body=content, ChecksumAlgorithm="SHA256")

    def create(self, key: str, content: bytes, writer: str) -> bool:
        """Put an object only where there is none.

        Args:
            key: Where to.
            content: What.
            writer: A name that no other writer has. It tells a repeated request, whose first answer was lost, from
                another writer's.

        Returns:
            False where another writer's object was there first.

        Raises:
            BadInput: the server ignores the condition, so that two writers could not be told apart.
        """
        with s3_errors(f"s3://{self.name}"):
            if not self._put_if_absent(key, content, writer):
                head = self._client.head_object(Bucket=self.name, Key=key)
                return bool(head["Metadata"].get("writer") == writer)
            if self._put_if_absent(key, content, writer):
                raise BadInput(f"s3://{self.name}: the server ignores If-None-Match; use one that honours it")
            return True

    def _put_if_absent(self, key: str, content: bytes, writer: str) -> bool:
        from botocore.exceptions import ClientError

        for attempt in range(_CONFLICTS):
            try:
                self._client.put_object(
                    Bucket=self.name,
                    Key=key,
                    Body=content,
                    ChecksumAlgorithm="SHA256",
                    IfNoneMatch="*",
                    Metadata={"writer": writer},
                )
            except ClientError as error:
                if status_of(error) == 412:
                    return False
                # 409: another request for this key was under way, and its outcome is not known yet.
                if status_of(error) != 409 or attempt == _CONFLICTS - 1:
                    raise
                time.sleep(_CONFLICT_SECONDS)
            else:
                return True
        raise AssertionError("the last conflict is raised")

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is gone already is fine."""
        doomed = [{"Key": key} for key in keys]
        with s3_errors(f"s3://{self.name}"):
            for start in range(0, len(doomed), _DELETE_BATCH):
                batch = {"Objects": doomed[start : start + _DELETE_BATCH], "Quiet": True}
                answer = self._client.delete_objects(Bucket=self.name, Delete=batch)
                for refused in answer.get("Errors", []):
                    if refused["Code"] == "NoSuchKey":
                        continue
                    what = f"s3://{self.name}/{refused['Key']}"
                    raise TsugikiError(f"{what}: not deleted ({refused['Code']}); run the same command again")

    def abort_uploads(self, prefix: str) -> None:
        """End unfinished multipart uploads below `prefix`. Where listing them is refused, they stay."""
        from botocore.exceptions import ClientError

        with s3_errors(f"s3://{self.name}"):
            pages = self._client.get_paginator("list_multipart_uploads")
            try:
                for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                    for item in page.get("Uploads", []):
                        self._abort(item["Key"], item["UploadId"])
            except ClientError as error:
                # Not essential: a lifecycle rule of the bucket removes them too.
                if error.response["Error"]["Code"] not in ("AccessDenied", "NotImplemented"):
                    raise

    def _abort(self, key: str, upload_id: str) -> None:
        with suppress(self._client.exceptions.NoSuchUpload):
            self._client.abort_multipart_upload(Bucket=self.name, Key=key, UploadId=upload_id)

    def upload(self, transfers: Iterable[Transfer]) -> None:
        """Upload files at the same time, large ones in parts; the server checks a SHA-256 of every request."""
        with s3_errors(f"s3://{self.name}"), self._manager() as manager:
            futures = [
                manager.upload(str(it.path), self.name, it.key, extra_args=self._checksum(it.entry)) for it in transfers
            ]
            for future in futures:
                future.result()

    def _checksum(self, entry: FileEntry) -> dict[str, str]:
        if entry.size < self._limits.part_bytes:
            return {"ChecksumSHA256": base64.b64encode(bytes.fromhex(entry.sha256)).decode()}
        return {"ChecksumAlgorithm": "SHA256"}

    def download(self, transfers: Iterable[Transfer], parts: Path) -> None:
        """Download files at the same time. Each appears at its path complete, checked and durable.

        Args:
            transfers: What to download where to.
            parts: Directory for unfinished downloads, on the same file system.

        Raises:
            Gone: an object does not exist.
            BadArtifact: an object's content is not what its entry says.
        """
        with (
            s3_errors(f"s3://{self.name}"),
            self._manager() as manager,
            ThreadPoolExecutor(self._limits.requests) as pool,
        ):
            started = [
                (it, part, manager.download(self.name, it.key, str(part)))
                for it, part in ((it, parts / str(index)) for index, it in enumerate(transfers))
            ]
            for done in [pool.submit(self._finish, *it) for it in started]:
                done.result()

    def _finish(self, transfer: Transfer, part: Path, future: Any) -> None:
        from botocore.exceptions import ClientError

        with clear_errors(str(transfer.path)):
            try:
                future.result()
            except ClientError as error:
                if status_of(error) == 404:
                    raise Gone(transfer.key) from error
                raise
            self._compare(transfer.key, hash_file(part), transfer.entry)
            sync(part)
            transfer.path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(transfer.path)

    def check(self, entries: Mapping[str, FileEntry]) -> None:
        """Read objects (key to entry) and compare their checksums, without keeping them.

        Raises:
            BadArtifact: an object's content is not what its entry says.
        """
        with s3_errors(f"s3://{self.name}"), ThreadPoolExecutor(self._limits.requests) as pool:
            for key, found in zip(entries, pool.map(self._hash, entries), strict=True):
                self._compare(key, found, entries[key])

    def _hash(self, key: str) -> str:
        digest = hashlib.sha256()
        body = self._client.get_object(Bucket=self.name, Key=key)["Body"]
        for chunk in body.iter_chunks(_MIB):
            digest.update(chunk)
        return digest.hexdigest()

    def _compare(self, key: str, found: str, entry: FileEntry) -> None:
        if found != entry.sha256:
            where = f"s3://{self.name}/{key}"
            raise BadArtifact(f"{where} has another checksum than recorded; delete the artifact and run again")

    def _manager(self) -> Any:
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        config = TransferConfig(
            multipart_threshold=self._limits.part_bytes,
            multipart_chunksize=self._limits.part_bytes,
            max_concurrency=self._limits.requests,
            preferred_transfer_client="classic",
        )
        return create_transfer_manager(self._client, config)
