"""What S3 and the way to it refuse, each in one clear line."""

from typing import Any

from tsugiki.errors import BadInput, TsugikiError

_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError")
_SETTINGS = ("ProfileNotFound", "NoRegionError", "InvalidRegionError", "ParamValidationError", "ConfigParseError")
_REGION = ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestTimeTooSkewed")


def status_of(error: Any) -> int:
    """HTTP status of a `ClientError`; 0 where there was no answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def one_line(error: Exception) -> str:
    """The error's text without line breaks."""
    return " ".join(str(error).split())


def explain_answer(error: Any, where: str) -> TsugikiError:
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
    return TsugikiError(f"{where}: {one_line(error)}; run the same command again")


def explain_failure(error: Exception, where: str) -> TsugikiError:
    """What failed before or without an answer, as one line."""
    kind = type(error).__name__
    if kind in _CREDENTIALS:
        return BadInput(f"{where}: {one_line(error)}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if kind in _SETTINGS:
        return BadInput(f"{where}: {one_line(error)}; correct the root or the AWS settings")
    return TsugikiError(
        f"{where}: {one_line(error)}; check AWS_ENDPOINT_URL and the network, then run the command again"
    )
