"""The commands that need a cluster: submit, status, wait, logs, stop, retry."""

from __future__ import annotations

import argparse
import signal
import time
from contextlib import suppress
from pathlib import Path

from tsugiki.cluster.again import again
from tsugiki.cluster.client import Cluster, connect
from tsugiki.cluster.lint import check
from tsugiki.cluster.order import make_order
from tsugiki.cluster.prune import target
from tsugiki.cluster.refusals import NotThere
from tsugiki.cluster.runs import Run, runs, the_only_running, the_run
from tsugiki.cluster.schedules import schedules
from tsugiki.cluster.submission import Submission, root_of
from tsugiki.errors import BadInput, TsugikiError
from tsugiki.labels import RUN
from tsugiki.profile import Profile, load_profile

LEAVE_SECONDS = 150.0
"""How long pods may take to save their state and leave; they have 120 s."""
LOOK_SECONDS = 1.0


def submit(arguments: argparse.Namespace) -> None:
    """`tsugiki submit`: the last line printed is `workflow: NAME`."""
    order = make_order(
        arguments.workflow, arguments.recipe, arguments.profile, arguments.settings, arguments.root or None
    )
    order.refuse_local_sources()
    manifest = order.manifest()
    Submission(
        connect(order.profile.namespace, arguments.context),
        order.profile,
        manifest,
        again=arguments.again,
        pruned=not arguments.no_prune,
        dry_run=arguments.dry_run,
    ).submit()


def status(arguments: argparse.Namespace) -> None:
    """`tsugiki status`: a table of the runs of a namespace and one of its schedules, or one of the tasks of a run."""
    from tsugiki.cluster.text import show_runs, show_schedules, show_tasks

    _plain_signals()
    cluster, _ = _cluster(arguments)
    if arguments.name:
        show_tasks(Run(cluster.get("Workflow", arguments.name)))
        return
    found = runs(cluster, arguments.workflow, _stem(arguments.recipe))
    if found:
        show_runs(found)
    else:
        print(f"no runs in namespace {cluster.namespace}")
    if planned := schedules(cluster, arguments.workflow, _stem(arguments.recipe)):
        print()
        show_schedules(planned)


def wait(arguments: argparse.Namespace) -> None:
    """`tsugiki wait`: ends with 0 succeeded, 1 failed, 75 stopped, 124 not ended in time."""
    from tsugiki.cluster.text import duration, gpu_hours
    from tsugiki.cluster.waiting import Waiting

    _plain_signals()
    cluster, _ = _cluster(arguments)
    named = the_run(cluster, arguments.name, arguments.workflow, _stem(arguments.recipe))
    run = Waiting(cluster, named.name, arguments.timeout).wait()
    hours = gpu_hours(run.gpu_seconds)
    print(f"{run.name}: succeeded in {duration(run.seconds)}" + (f", {hours} GPU hours" if hours else ""))
    if made := target(run.workflow):
        print(f"{made.stage.signature.output.kind}: {root_of(run.workflow)}/{made.address}")


def logs(arguments: argparse.Namespace) -> None:
    """`tsugiki logs`: what the containers of a run print, or printed."""
    from tsugiki.cluster.logs import Follower, show

    _plain_signals()
    cluster, _ = _cluster(arguments)
    run = the_run(cluster, arguments.name, arguments.workflow, _stem(arguments.recipe))
    if arguments.follow:
        Follower(cluster, run.name, arguments.task).follow()
    else:
        show(cluster, run, arguments.task)


def stop(arguments: argparse.Namespace) -> None:
    """`tsugiki stop`: the stages save their state and leave."""
    _plain_signals()
    cluster, profile = _cluster(arguments)
    run = the_only_running(cluster, arguments.name, arguments.workflow, _stem(arguments.recipe))
    if run.ended:
        raise BadInput(f"{run.name} has ended ({run.phase}): there is nothing to stop")
    # both let stages save; Terminate also ends what waits for its turn, Stop runs the exit handler of who has one
    strategy = "Stop" if "onExit" in run.workflow["spec"] else "Terminate"
    cluster.patch("Workflow", run.name, {"spec": {"shutdown": strategy}})
    print(f"{run.name}: told to stop; its containers save their state")
    await_stopped(cluster, profile, run.name)
    print(f"{run.name}: stopped; what was done is kept, and this goes on from there: make retry NAME={run.name}")


def await_stopped(cluster: Cluster, profile: Profile, name: str, pace: float = LOOK_SECONDS) -> None:
    """Wait until a run that was told to stop has no container left, and nothing that would start some.

    Args:
        cluster: the namespace.
        profile: what is known of it.
        name: of the run.
        pace: seconds between two looks.

    Raises:
        TsugikiError: it takes longer than its pods have to leave.
    """
    end = time.monotonic() + LEAVE_SECONDS
    while True:
        pods = _active_pods(cluster, name)
        ended = Run(cluster.get("Workflow", name)).ended
        # after the look at the pods, and each time: a task that had just begun may apply its Job at any moment
        if not _delete_jobs(cluster, profile, name) and not pods and ended:
            return
        if time.monotonic() > end:
            what = f"the containers of {', '.join(pods)} are still there" if pods else "no controller has stopped it"
            raise TsugikiError(f"{name}: {what} after {LEAVE_SECONDS:.0f} s: look with make status NAME={name}")
        time.sleep(pace)


def _delete_jobs(cluster: Cluster, profile: Profile, name: str) -> bool:
    """Delete what trains on several machines: Argo leaves it when it stops the task that made it.

    Returns:
        Whether there was any.
    """
    found = False
    for kind in ("Job", *(("JobSet",) if profile.jobset else ())):
        for item in cluster.list(kind, f"{RUN}={name}"):
            if "deletionTimestamp" not in item["metadata"]:
                found = True
                with suppress(NotThere):
                    cluster.delete(kind, item["metadata"]["name"])
    return found


def _active_pods(cluster: Cluster, name: str) -> list[str]:
    """Names of the pods of a run whose containers have not ended."""
    pods = cluster.list("Pod", f"{RUN}={name}")
    return [pod["metadata"]["name"] for pod in pods if pod.get("status", {}).get("phase") in ("Pending", "Running")]


def retry(arguments: argparse.Namespace) -> None:
    """`tsugiki retry`: the same workflow again under a new name, without what is done."""
    cluster, profile = _cluster(arguments)
    run = the_run(cluster, arguments.name, arguments.workflow, _stem(arguments.recipe))
    if not run.ended:
        raise BadInput(f"{run.name} is {run.phase}: wait for its end, or stop it first (make stop NAME={run.name})")
    if pods := _active_pods(cluster, run.name):
        raise TsugikiError(f"{run.name}: {', '.join(pods)} still save their state: try again in a moment")
    manifest = again(run)
    check(manifest, f"what {run.name} ran")
    print(f"{run.name} ({run.phase}) once more, with artifacts in {root_of(manifest)}")
    Submission(cluster, profile, manifest, pruned=not arguments.no_prune).submit()


def _cluster(arguments: argparse.Namespace) -> tuple[Cluster, Profile]:
    profile = load_profile(arguments.profile)
    return connect(profile.namespace, arguments.context), profile


def _stem(recipe: str) -> str:
    """The name of a recipe that is given by its name or its path."""
    return Path(recipe).stem


def _plain_signals() -> None:
    """End on Ctrl-C and on a closed pipe without a word: nothing here needs to be saved."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
