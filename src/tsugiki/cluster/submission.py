"""A checked manifest on its way to the cluster: once for each target, without what exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tsugiki.cluster.client import Cluster
from tsugiki.cluster.lint import check
from tsugiki.cluster.prune import Pruned, done, prune, reach, target
from tsugiki.cluster.runs import Run, running, runs
from tsugiki.cluster.view import SCHEDULED, Object, parameters, tasks, workflow_labels, workflow_spec
from tsugiki.labels import TARGET
from tsugiki.profile import Profile
from tsugiki.stage import Call
from tsugiki.store import Store


@dataclass(frozen=True)
class Submission:
    """What is to be submitted, and how."""

    cluster: Cluster
    profile: Profile
    manifest: Object
    again: bool = False
    """Whether a second workflow may run for the same target."""
    pruned: bool = True
    """Whether tasks are left out whose artifacts exist."""
    dry_run: bool = False
    """Whether the cluster checks everything and keeps nothing."""

    def submit(self) -> None:
        """Submit, and print what was done; the last line is `workflow: NAME`, or the target where it exists.

        Raises:
            BadInput: the cluster refuses, or S3 cannot be used.
            TsugikiError: the cluster or S3 does not answer.
        """
        if self.manifest["kind"] == SCHEDULED:
            self._schedule()
            return
        if not self.again and (found := self._running()):
            print(f"it runs already: {self._address(found.name)}; --again submits a second one")
            print(f"workflow: {found.name}")
            return
        left = self._without_done()
        if not left.run:
            return
        check(left.manifest, "what is left of the manifest")
        made = Run(self.cluster.create(left.manifest, self.dry_run))
        self._tell(made, left)

    def _running(self) -> Run | None:
        wanted = workflow_labels(self.manifest).get(TARGET)
        found = running(runs(self.cluster, labels={TARGET: wanted})) if wanted else []
        return found[0] if found else None

    def _without_done(self) -> Pruned:
        """What must run; where nothing must, that is said."""
        everything = Pruned(self.manifest, tuple(task["name"] for task in tasks(self.manifest)), ())
        if not self.pruned:
            return everything
        root = root_of(self.manifest)
        store = reach(root)
        left = prune(self.manifest, done(self.manifest, store))
        if not left.run:
            print(f"nothing to run: the artifacts of all {len(everything.run)} tasks exist")
            call = target(self.manifest)
            if call is not None:
                _show_target(call, store)
        return left

    def _schedule(self) -> None:
        made = self.cluster.apply(self.manifest, self.dry_run)
        name, spec = made["metadata"]["name"], self.manifest["spec"]
        print(f"{name}: {'accepted' if self.dry_run else 'installed'} in namespace {self.cluster.namespace}")
        state = "suspended" if spec.get("suspend") else f"runs at {', '.join(spec['schedules'])}"
        print(f"{state} ({spec.get('timezone', 'UTC')}); each time: {_names([task['name'] for task in tasks(made)])}")
        if self.profile.argo_url:
            print(f"{self.profile.argo_url.rstrip('/')}/cron-workflows/{self.cluster.namespace}/{name}")
        print(f"schedule: {name}")

    def _tell(self, made: Run, left: Pruned) -> None:
        where = f"namespace {self.cluster.namespace}, context {self.cluster.context}"
        print(f"{made.name}: {'accepted, not submitted' if self.dry_run else 'submitted'} ({where})")
        print(f"{len(left.done)} done before: {_names(left.done)}")
        print(f"{len(left.run)} to run: {_names(left.run)}")
        if not self.dry_run:
            print(self._address(made.name))
            print(f"workflow: {made.name}")

    def _address(self, name: str) -> str:
        """Where the Argo UI shows a run; its name where there is none."""
        base = self.profile.argo_url.rstrip("/")
        return f"{base}/workflows/{self.cluster.namespace}/{name}" if base else name


def root_of(manifest: Object) -> str:
    """The store of a workflow."""
    return str(parameters(workflow_spec(manifest), "arguments")["root"]["value"])


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _show_target(call: Call[Any], store: Store) -> None:
    """Print where an artifact is, and a copy here of the page that it shows."""
    kind = call.stage.signature.output
    for name in (name for name in kind.shown if name.endswith(".html")):
        print(f"{kind.kind}: {kind.open(store, call.address).file(name)}")
    print(f"{kind.kind}: {store.root}/{call.address}")
