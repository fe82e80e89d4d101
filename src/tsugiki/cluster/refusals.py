"""What the Kubernetes API refuses, and why it cannot be reached, in one line that says what to do."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tsugiki.errors import BadInput, TsugikiError

ARGO_PATH = "/apis/argoproj.io/"
INSTALL = "install Argo and the namespace with `make deploy OVERLAY=dev`, or choose another context of kubectl"


class Unreachable(TsugikiError):
    """The API server does not answer now; it may a moment later."""


class NotThere(BadInput):
    """The object that was asked for does not exist."""


class Conflict(TsugikiError):
    """Another writer was faster, or an object of this name exists."""


@dataclass(frozen=True)
class Asked:
    """What was asked of the API, for messages."""

    verb: str
    """get, list, create, patch or delete."""
    path: str
    namespace: str
    context: str
    """The context of kubectl that leads there."""

    @property
    def resource(self) -> str:
        """The plural of what was asked for: workflows."""
        parts = self.path.partition(f"/namespaces/{self.namespace}/")[2].split("/")
        return "/".join([parts[0], *parts[2:]])


def refusal(asked: Asked, status: int, body: str) -> TsugikiError:
    """The error of an answer that is not 2xx.

    Args:
        asked: the request.
        status: HTTP status.
        body: a Status object of Kubernetes as JSON, or some text.
    """
    try:
        answer: dict[str, Any] = json.loads(body)
    except ValueError:
        answer = {}
    message = " ".join(str(answer.get("message", body)).split())
    if status == 401:
        return BadInput(f"the credentials of context {asked.context} are refused or have expired: log in again")
    if status == 404:
        return _not_found(asked, answer, message)
    if status == 409:
        return Conflict(f"{message}: run the command again")
    if status in (400, 403, 422):
        return _refused(asked, message)
    if status == 429 or status >= 500:
        return Unreachable(f"the API server of context {asked.context} answers {status} ({message}): try again")
    return TsugikiError(f"the API server of context {asked.context} answers {status}: {message}")


def _refused(asked: Asked, message: str) -> TsugikiError:
    if "is forbidden: User" in message:
        return _forbidden(asked, message)
    if "exceeded quota" in message:
        return TsugikiError(f"{_after(message, 'forbidden: ')}: wait for other runs to end, or have the quota raised")
    if "status unknown for quota" in message:
        return TsugikiError(
            f"the cluster has yet to count for its {_after(message, 'unknown for ')}: run it again in some minutes"
        )
    if "being terminated" in message:
        return BadInput(f"namespace {asked.namespace} is being deleted: wait, then {INSTALL}")
    if "denied" in message and ("admission webhook" in message or "AdmissionPolicy" in message):
        return BadInput(f"the cluster's admission policy refuses it: {message}: change the recipe or the profile")
    return BadInput(f"the cluster refuses it: {message}: change what it names")


def _not_found(asked: Asked, answer: dict[str, Any], message: str) -> TsugikiError:
    details: dict[str, Any] = answer.get("details") or {}
    if details.get("kind") == "namespaces":
        return BadInput(f"there is no namespace {asked.namespace} in context {asked.context}: {INSTALL}")
    if details.get("name"):
        return NotThere(f"there is no {_singular(asked.resource)} {details['name']} in namespace {asked.namespace}")
    if asked.path.startswith(ARGO_PATH):
        return BadInput(f"Argo Workflows is not installed in context {asked.context}: {INSTALL}")
    return TsugikiError(f"the API server of context {asked.context} does not know {asked.path}: {message}")


def _singular(resource: str) -> str:
    return resource.partition("/")[0].removesuffix("s")


def _forbidden(asked: Asked, message: str) -> BadInput:
    user = re.search(r'User "([^"]*)"', message)
    who = f"{user[1]} " if user else ""
    return BadInput(
        f"{who}may not {asked.verb} {asked.resource} in namespace {asked.namespace} (context {asked.context}): "
        f"have the role submitter of that namespace bound to this account"
    )


def _after(message: str, mark: str) -> str:
    return message.partition(mark)[2] or message


def unreachable(server: str, context: str, error: BaseException) -> TsugikiError:
    """The error of a request that got no answer."""
    text = " ".join(str(error).split())
    if "certificate" in text.lower():
        reason = re.search(r"(certificate verify failed[^\]()]*|certificate has expired[^\]()]*)", text)
        why = reason[1].strip() if reason else "its certificate is not trusted"
        return BadInput(f"the API server {server} of context {context}: {why}: renew the kubeconfig")
    why = _reason(text) or type(error).__name__
    return Unreachable(
        f"the API server {server} of context {context} does not answer ({why}): "
        "is the cluster up, and is it the right context of kubectl?"
    )


def _reason(text: str) -> str:
    """The last words of an error of urllib3, whose text begins with the objects it went through."""
    found = re.findall(
        r"(?:\[Errno -?\d+\] )([A-Za-z ,'-]+)|(timed out)|(Connection refused)|(Remote end closed connection)", text
    )
    return next((part.strip() for match in reversed(found) for part in match if part), "").lower()
