"""The Kubernetes API as the current context of kubectl reaches it, in one namespace; every error is one line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from tsugiki.cluster.refusals import Asked, refusal, unreachable
from tsugiki.cluster.view import Object
from tsugiki.errors import BadInput, TsugikiError

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
MANAGER = "tsugiki"
"""Owner of the fields that are applied."""
PLURALS = {
    "Workflow": "apis/argoproj.io/v1alpha1/{}/workflows",
    "CronWorkflow": "apis/argoproj.io/v1alpha1/{}/cronworkflows",
    "Pod": "api/v1/{}/pods",
    "Job": "apis/batch/v1/{}/jobs",
    "JobSet": "apis/jobset.x-k8s.io/v1alpha2/{}/jobsets",
}
_TYPES = {"merge": "application/merge-patch+json", "apply": "application/apply-patch+yaml"}


@dataclass(frozen=True)
class Cluster:
    """One namespace of a cluster."""

    namespace: str
    context: str
    """Name of the context of kubectl, for messages."""
    api: Any
    """The client of the package kubernetes: it has the address, the certificates and the credentials."""

    def get(self, kind: str, name: str) -> Object:
        """One object.

        Raises:
            NotThere: it does not exist.
        """
        return self._json("GET", kind, name)

    def list(self, kind: str, selector: str = "") -> list[Object]:
        """The objects that a label selector picks, in no order."""
        found: list[Object] = []
        page: dict[str, str] = {"labelSelector": selector, "limit": "200"}
        while True:
            answer = self._json("GET", kind, query=page)
            found += answer["items"]
            after = answer["metadata"].get("continue")
            if not after:
                return found
            page = {**page, "continue": after}

    def create(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Make an object; a field that the cluster does not know is refused.

        Args:
            manifest: the object.
            dry_run: whether the cluster checks it and keeps nothing.
        """
        return self._json("POST", manifest["kind"], query=_strict(dry_run), body=manifest)

    def apply(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Make an object or bring it to what the manifest says, whoever changed it since."""
        query = {**_strict(dry_run), "fieldManager": MANAGER, "force": "true"}
        return self._json("PATCH", manifest["kind"], manifest["metadata"]["name"], query, manifest, _TYPES["apply"])

    def patch(self, kind: str, name: str, change: Mapping[str, Any]) -> Object:
        """Change some fields of an object."""
        return self._json("PATCH", kind, name, body=change, content=_TYPES["merge"])

    def delete(self, kind: str, name: str) -> None:
        """Delete an object, and in the background what belongs to it."""
        self._json("DELETE", kind, name, {"propagationPolicy": "Background"})

    def log(self, pod: str, container: str, since: str = "", follow: bool = False) -> Iterator[str]:
        """Lines of a container's log as they come, each after its time (RFC 3339) and a space.

        Args:
            pod: name of the pod.
            container: name of the container.
            since: time of the first line that is wanted.
            follow: whether to go on until the container ends; a break of the connection ends it too.
        """
        query = {"container": container, "timestamps": "true", **({"sinceTime": since} if since else {})}
        path = f"{self._path('Pod', pod)}/log"
        asked = Asked("get", path, self.namespace, self.context)
        with self._explained():
            answer = self._send("GET", path, {**query, **({"follow": "true"} if follow else {})}, None, "", not follow)
            if answer.status >= 300:
                raise refusal(asked, answer.status, _text(answer))
        try:
            yield from _lines(answer.response)
        finally:
            answer.response.close()

    def _json(
        self,
        method: str,
        kind: str,
        name: str = "",
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
    ) -> Object:
        path = self._path(kind, name)
        with self._explained():
            answer = self._send(method, path, query or {}, body, content)
            text = _text(answer)
        if answer.status >= 300:
            verb = {"GET": "get" if name else "list", "POST": "create"}.get(method, method.lower())
            raise refusal(Asked(verb, path, self.namespace, self.context), answer.status, text)
        found: Object = json.loads(text)
        return found

    def _path(self, kind: str, name: str = "") -> str:
        return f"/{PLURALS[kind].format(f'namespaces/{self.namespace}')}" + (f"/{name}" if name else "")

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: Any, content: str, in_time: bool = True
    ) -> Any:
        headers = {"Accept": "application/json, */*", **({"Content-Type": content} if body is not None else {})}
        request = self.api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        # a log that is followed may say nothing for hours
        return self.api.call_api(*request, _request_timeout=(CONNECT_SECONDS, READ_SECONDS if in_time else None))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (HTTPError, ApiException, OSError) as error:
            raise unreachable(self.api.configuration.host, self.context, error) from error


def _strict(dry_run: bool) -> dict[str, str]:
    return {"fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}


def _text(answer: Any) -> str:
    return bytes(answer.read()).decode("utf-8", errors="replace")


def _lines(response: Any) -> Iterator[str]:
    """Lines of a stream; where it breaks off, they end."""
    from urllib3.exceptions import HTTPError

    rest = b""
    with suppress(HTTPError, OSError):
        for chunk in response.stream(65536):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", errors="replace")
    if rest:
        yield rest.decode("utf-8", errors="replace")


def connect(namespace: str) -> Cluster:
    """The cluster of kubectl's current context. Nothing is asked of it yet.

    Raises:
        BadInput: there is no kubeconfig, or it cannot be used.
    """
    from kubernetes import client, config
    from yaml import YAMLError

    settings = client.Configuration()
    settings.retries = False
    place = os.environ.get("KUBECONFIG") or "~/.kube/config"
    try:
        config.load_kube_config(config_file=place, client_configuration=settings)
        context = config.list_kube_config_contexts(config_file=place)[1]["name"]
    except (config.ConfigException, YAMLError, OSError, KeyError, TypeError) as error:
        raise _no_kubeconfig(place, error) from error
    return Cluster(namespace, context, client.ApiClient(settings))


def _no_kubeconfig(place: str, error: Exception) -> TsugikiError:
    text = " ".join(str(error).split())
    if "No configuration found" in text or isinstance(error, FileNotFoundError):
        return BadInput(f"no kubeconfig at {place}: set KUBECONFIG to the file that leads kubectl to your cluster")
    return BadInput(f"the kubeconfig {place} cannot be used ({text}): choose a context with kubectl config use-context")
