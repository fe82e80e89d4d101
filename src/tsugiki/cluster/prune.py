"""Tasks that a workflow need not run: their artifacts exist, or nobody needs them any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tsugiki.catalogue import load_stage, stage_names
from tsugiki.cluster.view import (
    SCHEDULED,
    Object,
    named_templates,
    needs,
    parameters,
    tasks,
    workflow_labels,
    workflow_spec,
)
from tsugiki.command import call_from
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.execute import existing
from tsugiki.labels import IDENTITY, TARGET
from tsugiki.plan import missing
from tsugiki.stage import Call
from tsugiki.store import Store

REQUESTS = 8


@dataclass(frozen=True)
class Pruned:
    """A workflow without what it need not run."""

    manifest: Object
    run: tuple[str, ...]
    """Names of the tasks that are left."""
    done: tuple[str, ...]
    """Names of tasks whose artifacts exist."""


def reach(root: str) -> Store:
    """The store of a workflow, as it is reached from here.

    Raises:
        BadInput: the root is not in S3, or S3 refuses.
        TsugikiError: S3 does not answer.
    """
    from tsugiki.store.client import Limits
    from tsugiki.store.s3 import S3Store, default_cache

    try:
        return S3Store(root, default_cache(), Limits(attempts=2))
    except TsugikiError as error:
        raise type(error)(
            f"{error} (from here S3 is reached by AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
            "where need be through kubectl port-forward; with --no-prune every task is submitted, and each sees for "
            "itself whether its artifact exists)"
        ) from error


def calls(manifest: Mapping[str, Any]) -> dict[str, Call[Any]]:
    """What the tasks of a manifest make, by identity, as far as the code here makes the same."""
    known, templates = set(stage_names()), named_templates(manifest)
    found = {}
    for task in tasks(manifest):
        given = {name: item.get("value", "") for name, item in parameters(task, "arguments").items()}
        module = templates[task["template"]].get("container", {}).get("command", [""])[-1]
        package, _, stage = module.partition(".")
        if given.get(IDENTITY) and package == "jobs" and stage in known:
            call = _call(stage, given)
            if call is not None and _identity(call) == given[IDENTITY]:
                found[given[IDENTITY]] = call
    return found


def _call(name: str, given: Mapping[str, str]) -> Call[Any] | None:
    stage = load_stage(name)
    addresses: dict[str, str | list[str]] = {
        parameter: given.get(parameter.replace("_", "-"), "") for parameter in stage.signature.inputs
    }
    try:
        return call_from(stage, addresses, given["config"])
    except BadInput:
        # planned by code of another version: whether its artifact exists is for its pod to see
        return None


def _identity(call: Call[Any]) -> str:
    return call.address.rpartition("-")[2]


def target(manifest: Mapping[str, Any]) -> Call[Any] | None:
    """What the workflow is for; None where that is known only when it runs."""
    return calls(manifest).get(workflow_labels(manifest).get(TARGET, ""))


def done(manifest: Mapping[str, Any], store: Store) -> set[str]:
    """Identities of the artifacts of a workflow that exist, each verified.

    Raises:
        TsugikiError: an artifact is damaged, or the store fails.
    """
    wanted = calls(manifest)
    with ThreadPoolExecutor(REQUESTS) as pool:
        records = pool.map(lambda call: existing(call, store), wanted.values())
        return {identity for identity, record in zip(wanted, records, strict=True) if record is not None}


def prune(manifest: Mapping[str, Any], exist: Collection[str]) -> Pruned:
    """A workflow without the tasks that make what exists, and without those that only they needed.

    Args:
        manifest: a Workflow whose DAG joins tasks by `a && b` alone, as ours do.
        exist: identities of the artifacts that exist.
    """
    assert manifest["kind"] != SCHEDULED, "what a schedule finds is known only when it runs"
    made = {task["name"]: parameters(task, "arguments").get(IDENTITY, {}).get("value", "") for task in tasks(manifest)}
    waits = {task["name"]: needs(task) for task in tasks(manifest)}
    found = [name for name, identity in made.items() if identity and identity in exist]
    left = missing(waits, set(found), _wanted(manifest, made, waits))
    return Pruned(_keep(manifest, left), tuple(left), tuple(found))


def _wanted(manifest: Mapping[str, Any], made: Mapping[str, str], waits: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The tasks that make the target; where none is named, those that no other waits for."""
    named = workflow_labels(manifest).get(TARGET)
    of_target = [name for name, identity in made.items() if identity and identity == named]
    return of_target or sorted(set(made) - {needed for names in waits.values() for needed in names})


def _keep(manifest: Mapping[str, Any], names: Collection[str]) -> Object:
    """The manifest with these tasks alone, and the templates they use."""
    spec = workflow_spec(manifest)
    kept = [_depending(task, names) for task in tasks(manifest) if task["name"] in names]
    used = {task["template"] for task in kept} | {spec.get("onExit")}
    templates = []
    for template in spec["templates"]:
        if template["name"] == spec["entrypoint"]:
            templates.append({**template, "dag": {**template["dag"], "tasks": kept}})
        elif template["name"] in used:
            templates.append(template)
    return {**manifest, "spec": {**spec, "templates": templates}}


def _depending(task: Object, names: Collection[str]) -> Object:
    """A task that waits only for these."""
    rest = {key: value for key, value in task.items() if key != "depends"}
    terms = re.split(r"\s*&&\s*", task.get("depends", ""))
    left = " && ".join(term for term in terms if term.partition(".")[0] in names)
    return {**rest, "depends": left} if left else rest
