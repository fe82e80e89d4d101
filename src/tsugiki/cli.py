"""The command `tsugiki`: run a workflow here or on a cluster, watch it, stop it, take it up again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tsugiki.options import root_option

if TYPE_CHECKING:
    from tsugiki.recipe import Recipe, Workflow

# whatever takes long to load is imported by the command that needs it
Command = Callable[[argparse.Namespace], None]

MORE = (
    "NAME may be left out: the newest run is meant, of --workflow and --recipe where they are given "
    "(stop: the only one that has not ended)."
)
CODES = "Exit code: 0 succeeded, 1 failed, 75 stopped, 124 not ended in time."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The contract's exit code: 0 done, 2 bad input or configuration, 75 stopped and resumable, 124 out of time, else
        failed.
    """
    arguments = parser().parse_args(argv)
    from tsugiki.process import exit_code, to_stderr

    return exit_code(lambda: arguments.command(arguments), to_stderr("tsugiki"))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="tsugiki", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, function: Command, text: str, epilog: str = "") -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=epilog)
        command.set_defaults(command=function)
        return command

    _run_options(add("run", run, "run a workflow on this machine; what exists already is not made again"))
    plan_command = add("plan", plan, "say what a run would make and, where a stage can tell, what that takes")
    _workflow_options(plan_command)
    root_option(plan_command)
    _rendering_options(add("render", render, "print the Argo workflow as YAML, checked as the cluster would"))
    submit = add("submit", _on_cluster("submit"), "submit a workflow to a cluster, without the tasks that are done")
    _rendering_options(submit)
    _context_option(submit)
    submit.add_argument("--no-prune", action="store_true", help="submit every task; each sees for itself what exists")
    submit.add_argument("--again", action="store_true", help="submit even if a run for the same target is under way")
    submit.add_argument("--dry-run", action="store_true", help="let the cluster check everything, and submit nothing")
    _named(add("status", _on_cluster("status"), "show the runs on a cluster and its schedules, or the tasks of a run"))
    wait = add("wait", _on_cluster("wait"), "wait for the end of a run, and say what changes", f"{MORE} {CODES}")
    _named(wait)
    wait.add_argument("--timeout", type=seconds, metavar="SECONDS", help="how long at most (default: for ever)")
    logs = add("logs", _on_cluster("logs"), "print the logs of a run, from its pods or the archive", MORE)
    _named(logs)
    logs.add_argument("task", nargs="?", default="", metavar="TASK", help="only this task (NAME may be '')")
    logs.add_argument("--follow", action="store_true", help="go on until it ends")
    _named(add("stop", _on_cluster("stop"), "stop a run; its stages save their state", MORE))
    again = add("retry", _on_cluster("retry"), "submit the same workflow again, without the tasks that are done", MORE)
    _named(again)
    again.add_argument("--no-prune", action="store_true", help="submit every task; each sees for itself what exists")
    add("docs", write_docs, "write docs/stages.md")
    return made


def _on_cluster(name: str) -> Command:
    """The function of that name in tsugiki.cluster.commands, imported when it is called."""

    def command(arguments: argparse.Namespace) -> None:
        from tsugiki.cluster import commands

        getattr(commands, name)(arguments)

    return command


def at_least_one(text: str) -> int:
    """A whole number above 0, as argparse takes types."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tasks: give 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """A time, as argparse takes types."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds: give 0 or more")
    return value


def _run_options(command: argparse.ArgumentParser) -> None:
    _workflow_options(command)
    root_option(command)
    command.add_argument("--profile", help="take the prices of machines from this profile")
    command.add_argument("--slots", type=at_least_one, help="tasks at once (default: 2)")
    command.add_argument("--out", help="directory of the report and the logs (default: build/WORKFLOW-RECIPE)")


def _rendering_options(command: argparse.ArgumentParser) -> None:
    _workflow_options(command)
    _profile_option(command)
    command.add_argument("--root", help="the store, s3://bucket/prefix (default: the profile's)")


def _workflow_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("workflow", help="the name of a file in workflows/")
    command.add_argument("--recipe", default="sample", help="a file in workflows/recipes, or a path (default: sample)")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="TABLE.KEY=VALUE",
        help="change one value of the recipe; may be given several times",
    )


def _profile_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--profile", default="dev", help="the cluster: a file in workflows/profiles, or a path (default: dev)"
    )


def _context_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--context", default="", help="context of the kubeconfig (default: the current one)")


def _named(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", nargs="?", default="", metavar="NAME", help="name of the run")
    command.add_argument("--workflow", default="", help="only runs of this workflow")
    command.add_argument("--recipe", default="", help="only runs of this recipe")
    _profile_option(command)
    _context_option(command)


def _load(arguments: argparse.Namespace) -> tuple[Workflow, Recipe]:
    from tsugiki.recipe import load_recipe, load_workflow

    workflow = load_workflow(arguments.workflow)
    return workflow, load_recipe(arguments.recipe, workflow.recipe_type, arguments.settings)


def run(arguments: argparse.Namespace) -> None:
    """`tsugiki run`: the report's path is the last line printed, also where a check behind the report has failed."""
    from tsugiki.display import make_display
    from tsugiki.errors import BadInput
    from tsugiki.kinds import Report
    from tsugiki.local import LocalRun, this_machine
    from tsugiki.plan import late_tasks
    from tsugiki.profile import load_profile
    from tsugiki.results import cost_line, publish

    workflow, recipe = _load(arguments)
    prices = load_profile(arguments.profile).prices if arguments.profile else None
    plan, target = workflow.plan(recipe.priced(prices))
    if late := late_tasks(plan.tasks.values()):
        raise BadInput(
            f"{', '.join(sorted(late))}: a schedule on a cluster sets when they run; to run them here state the time "
            "(nightly_eval: SET='night=2026-11-24')"
        )
    out = Path(arguments.out or Path("build", f"{workflow.name}-{Path(arguments.recipe).stem}"))
    local = LocalRun(
        plan=plan,
        root=arguments.root,
        logs=out / "logs",
        resources=lambda task: recipe.resources_for(task.call.stage),
        machine=this_machine(arguments.slots),
        display=make_display(),
    )
    try:
        local.run(target.address)
    finally:
        made = [task.call.address for task in plan.tasks.values() if task.name in local.outcomes]
        reports = [address for address in made if address.startswith(f"{Report.kind}/")]
        if reports:
            page = publish(reports[-1], arguments.root, local.outcomes, prices, out)
            if prices is not None:
                print(cost_line(local.outcomes, prices))
            print(f"report: {page.resolve()}")


def plan(arguments: argparse.Namespace) -> None:
    """`tsugiki plan`: one line a task, and below it what its stage says; nothing is made."""
    from tsugiki.outlook import outlook
    from tsugiki.process import stop_on_signals
    from tsugiki.store import open_store

    workflow, recipe = _load(arguments)
    traced, _ = workflow.plan(recipe)
    for line in outlook(traced, open_store(arguments.root), stop_on_signals()):
        print(line, flush=True)


def render(arguments: argparse.Namespace) -> None:
    """`tsugiki render`: the manifest on standard output."""
    from tsugiki.argo import to_yaml
    from tsugiki.cluster.order import make_order

    order = make_order(arguments.workflow, arguments.recipe, arguments.profile, arguments.settings, arguments.root)
    sys.stdout.write(to_yaml(order.manifest()))


def write_docs(_arguments: argparse.Namespace) -> None:
    """`tsugiki docs`: docs/stages.md."""
    from tsugiki.docs import stages_page

    path = Path("docs", "stages.md")
    path.parent.mkdir(exist_ok=True)
    path.write_text(stages_page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
