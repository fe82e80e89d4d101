"""Stopping a run: what its tasks make while they are told to stop goes too."""

import json
from pathlib import Path

import pytest

from tests.cluster.api import Answer, Api, kubeconfig
from tests.cluster.objects import Object, pod, task, workflow
from tsugiki.cluster.client import connect
from tsugiki.cluster.commands import await_stopped
from tsugiki.profile import load_profile


class Stopping:
    """An API server with a run that was told to stop; its watcher applies what trains at the last moment."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.run = workflow(task("train"), phase="Running")
        self.watchers = [pod("watcher", "run-abcde-train(0)")]
        self.training: dict[str, list[Object]] = {"jobs": [], "jobsets": []}

    def answer(self, verb: str, path: str) -> Answer:
        """What the API server says."""
        kind, _, name = path.partition("?")[0].partition("/namespaces/work/")[2].partition("/")
        if verb == "DELETE":
            self.training[kind] = [item for item in self.training[kind] if item["metadata"]["name"] != name]
            return 200, "{}"
        if kind == "workflows":
            return 200, json.dumps(self.run)
        found = self.watchers if kind == "pods" else self.training[kind]
        said = 200, json.dumps({"items": found, "metadata": {}})
        if kind == self.kind and self.watchers:
            # right after it was asked for the first time
            self._leave()
        return said

    def _leave(self) -> None:
        self.training[self.kind] = [{"metadata": {"name": "train-1"}}]
        self.watchers = []
        self.run = workflow(task("train"), phase="Failed")


@pytest.mark.parametrize(("jobset", "kind"), [(False, "jobs"), (True, "jobsets")])
def test_what_is_applied_after_the_first_look_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobset: bool, kind: str
) -> None:
    served = Stopping(kind)
    with Api(served.answer).running() as api:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", api.url)))
        profile = load_profile("dev").model_copy(update={"jobset": jobset})
        await_stopped(connect("work"), profile, "run-abcde", pace=0)
    deleted = [path for path in api.asked if path.startswith("DELETE")]
    assert len(deleted) == 1
    assert f"/{kind}/train-1?" in deleted[0]
    assert served.training == {"jobs": [], "jobsets": []}
