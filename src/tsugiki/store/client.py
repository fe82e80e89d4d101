"""The S3 client, with bounded waits; and what S3 or the way to it refuses, in one clear line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tsugiki.errors import BadInput, TsugikiError
from tsugiki.store.files import clear_errors

Client = Any
"""A boto3 S3 client. boto3 has no types of its own."""

_MIB = 1024 * 1024

_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError")
_SETTINGS = ("ProfileNotFound", "NoRegionError", "InvalidRegionError", "ParamValidationError", "ConfigParseError")
_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed")


@dataclass(frozen=True)
class Limits:
    """How requests are made; nothing here changes what is stored."""

    part_bytes: int = 32 * _MIB
    """Larger files travel in parts of this size; S3 takes 5 MiB at least and 10,000 parts at most."""
    requests: int = 16
    """Requests at the same time."""
    attempts: int = 6
    """Tries of one request, with growing pauses of up to 20 s between them."""
    connect_seconds: float = 5
    read_seconds: float = 60


DEFAULT_LIMITS = Limits()


def make_client(limits: Limits = DEFAULT_LIMITS) -> Client:
    """An S3 client from boto3's usual configuration (AWS_ENDPOINT_URL, AWS_REGION, credentials).

    Raises:
        BadInput: the configuration cannot be used.
    """
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.read_seconds,
        retries={"mode": "standard", "total_max_attempts": limits.attempts},
        max_pool_connections=limits.requests + 4,
    )
    with s3_errors("AWS settings"):
        try:
            return boto3.session.Session().client("s3", config=config)
        except ValueError as error:
            raise BadInput(f"{_line(error)}; correct AWS_ENDPOINT_URL") from error


@contextmanager
def s3_errors(where: str) -> Iterator[None]:
    """Turn boto3's and the OS's errors from inside into one clear line.

    Args:
        where: What the line begins with, where the error names nothing better.

    Raises:
        BadInput: the configuration is at fault: credentials, bucket, region, permission.
        TsugikiError: the server or the network is, and may not be the next time.
    """
    from boto3.exceptions import Boto3Error
    from boto3.s3.transfer import S3TransferRetriesExceededError
    from botocore.exceptions import BotoCoreError, ClientError

    with clear_errors(where):
        try:
            yield
        except ClientError as error:
            raise _explain_answer(error, where) from error
        except (BotoCoreError, Boto3Error, S3TransferRetriesExceededError) as error:
            raise _explain_failure(error, where) from error


def status_of(error: Any) -> int:
    """HTTP status of a `ClientError`; 0 where there was no answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _line(error: Exception) -> str:
    """The error's text without line breaks and without the query of a URL."""
    return re.sub(r"\?[^\s\"']*", "", " ".join(str(error).split()))


def _explain_answer(error: Any, where: str) -> TsugikiError:
    """What the server refused, as one line."""
    code, status = error.response.get("Error", {}).get("Code", ""), status_of(error)
    if code == "NoSuchBucket":
        return BadInput(f"{where}: there is no such bucket; create it or correct the root")
    if code in _REGION or status == 301:
        return BadInput(f"{where}: the bucket is in another region ({code}); set AWS_REGION")
    if code in _EXPIRED:
        return TsugikiError(f"{where}: {code}; renew the credentials or set the clock, then run the command again")
    if status in (401, 403):
        return BadInput(f"{where}: access denied ({code}); use credentials that may list, read, write and delete")
    return TsugikiError(f"{where}: {_line(error)}; run the same command again")


def _explain_failure(error: Exception, where: str) -> TsugikiError:
    """What failed before or without an answer, as one line."""
    kind = type(error).__name__
    if kind in _CREDENTIALS:
        return BadInput(f"{where}: {_line(error)}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if kind in _SETTINGS:
        return BadInput(f"{where}: {_line(error)}; correct the root or the AWS settings")
    return TsugikiError(f"{where}: {_line(error)}; check AWS_ENDPOINT_URL and the network, then run the command again")
