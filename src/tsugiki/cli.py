"""The command `tsugiki`: run a workflow here, render it for Argo, write the generated pages."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tsugiki.command import root_option
from tsugiki.errors import BadInput
from tsugiki.plan import late_tasks
from tsugiki.process import exit_code, to_stderr
from tsugiki.profile import load_profile
from tsugiki.recipe import Recipe, Workflow, load_recipe, load_workflow


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The contract's exit code: 0 done, 2 bad input or configuration, 75 stopped and resumable, else failed.
    """
    arguments = parser().parse_args(argv)
    return exit_code(lambda: arguments.command(arguments), to_stderr("tsugiki"))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="tsugiki", description=__doc__)
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for name, function, text in (
        ("run", run, "run a workflow on this machine; what exists already is not made again"),
        ("render", render, "print the Argo workflow as YAML"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        _workflow_options(command)
    commands.choices["render"].add_argument("--profile", default="dev", help="a file in workflows/profiles, or a path")
    commands.choices["run"].add_argument("--profile", help="take the prices of machines from this profile")
    commands.choices["run"].add_argument("--slots", type=at_least_one, help="tasks at once (default: 2)")
    commands.choices["run"].add_argument(
        "--out", help="directory of the report and the logs (default: build/WORKFLOW-RECIPE)"
    )
    docs = commands.add_parser("docs", help="write docs/stages.md", description="write docs/stages.md")
    docs.set_defaults(command=write_docs)
    return made


def at_least_one(text: str) -> int:
    """A whole number above 0, as argparse takes types."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of tasks: give 1 or more")
    return int(text)


def _workflow_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("workflow", help="the name of a file in workflows/")
    command.add_argument("--recipe", default="sample", help="a file in workflows/recipes, or a path (default: sample)")
    root_option(command)
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="TABLE.KEY=VALUE",
        help="change one value of the recipe; may be given several times",
    )


def _load(arguments: argparse.Namespace) -> tuple[Workflow, Recipe]:
    workflow = load_workflow(arguments.workflow)
    return workflow, load_recipe(arguments.recipe, workflow.recipe_type, arguments.settings)


def run(arguments: argparse.Namespace) -> None:
    """`tsugiki run`: the report's path is the last line printed, also where a check behind the report has failed."""
    from tsugiki.display import make_display
    from tsugiki.kinds import Report
    from tsugiki.local import LocalRun, this_machine
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


def render(arguments: argparse.Namespace) -> None:
    """`tsugiki render`: the manifest on standard output."""
    from tsugiki.argo import Target, manifest, to_yaml

    workflow, recipe = _load(arguments)
    profile = load_profile(arguments.profile)
    recipe = recipe.priced(profile.prices)
    plan, made = workflow.plan(recipe)
    names = (workflow.name, Path(arguments.recipe).stem, Path(arguments.profile).stem)
    sys.stdout.write(to_yaml(manifest(plan, Target(*names, made.address, profile.root), recipe, profile)))


def write_docs(_arguments: argparse.Namespace) -> None:
    """`tsugiki docs`: docs/stages.md."""
    from tsugiki.docs import stages_page

    path = Path("docs", "stages.md")
    path.parent.mkdir(exist_ok=True)
    path.write_text(stages_page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
