"""The command line of a stage, read off its signature: `python -m jobs.NAME --config JSON`, one option an input."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tsugiki.artifact import Artifact
from tsugiki.attempts import Allotment, Run
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, Outcome, cached, execute, existing, found, preview
from tsugiki.log import Log, write_line
from tsugiki.options import root_option
from tsugiki.process import exit_code, stop_on_signals
from tsugiki.stage import Call, Input, Stage
from tsugiki.store import Store, open_store
from tsugiki.work import Shard
from tsugiki.world import World, join

if TYPE_CHECKING:
    import argparse

CPUS_VARIABLE = "TSUGIKI_CPUS"
"""Cores that are set aside for the container."""
GPUS_VARIABLE = "TSUGIKI_GPUS"
"""GPUs that are set aside for the container."""

_PLAN_HELP = "say what it would take, and make nothing; what was found out is kept for the run that follows"


def main(stage: Stage[Any, Any], argv: Sequence[str] | None = None) -> NoReturn:
    """Run one stage as a process and exit with the contract's code; the artifact's address is the last line printed."""
    arguments = parser(stage).parse_args(argv)
    stop = stop_on_signals()
    log = Log(stage.name)
    sys.exit(exit_code(lambda: _run(stage, arguments, stop, log), log.failed))


def _run(stage: Stage[Any, Any], arguments: argparse.Namespace, stop: threading.Event, log: Log) -> None:
    call = call_of(stage, arguments)
    log.artifact = call.address
    if arguments.expect and not replace(call, shard=None).address.endswith(f"-{arguments.expect}"):
        raise BadInput(
            f"the run was planned for identity {arguments.expect}, but the code here would make {call.address}: "
            "image and planner are of different versions; build the images from the planner's commit and submit again"
        )
    store = open_store(arguments.root)
    if arguments.plan:
        print(*preview(call, store, Conditions(report=log.progress, stop=stop, say=log.note)), sep="\n")
        return
    world = join()
    if world.leads:
        log.say("started", f"to make {call.address}")
    record = cached(call, store)
    if record is None and arguments.existing:
        raise BadInput(f"{call.address} does not exist, although those that were to make it have ended")
    if record is None:
        outcome = execute(call, store, _conditions(arguments, stop, log, world))
    else:
        outcome = found(call, record, log.run)
    if world.leads:
        _tell(call, store, outcome, arguments, log)


def _tell(call: Call[Any], store: Store, outcome: Outcome, arguments: argparse.Namespace, log: Log) -> None:
    if arguments.show:
        from tsugiki.show import show

        # a part was not made where the whole exists
        made = call if existing(call, store) else replace(call, shard=None)
        show(made.output, store, arguments.show, outcome.spent)
    took = {"seconds": outcome.record.seconds, "gpu_seconds": outcome.record.gpu_seconds}
    log.say("done", f"{outcome.record.seconds:.1f} s", **took, cached=not outcome.made)
    write_line(sys.stdout, call.address)


def call_of(stage: Stage[Any, Any], arguments: argparse.Namespace) -> Call[Any]:
    """The call that a stage's command line describes."""
    addresses = {name: getattr(arguments, name) for name in stage.signature.inputs}
    call = call_from(stage, addresses, arguments.config)
    shard: Shard | None = arguments.shard
    return call.joined(arguments.shards) if shard is None else call.split(shard.count)[shard.index]


def _conditions(arguments: argparse.Namespace, stop: threading.Event, log: Log, world: World) -> Conditions:
    return Conditions(
        report=log.progress,
        stop=stop,
        hours=arguments.hours,
        run=None if log.run is None else Run(log.run, arguments.retries),
        allotment=Allotment(float(os.environ.get(CPUS_VARIABLE, 0)), int(os.environ.get(GPUS_VARIABLE, 0))),
        world=world,
        say=log.note,
    )


def parser(stage: Stage[Any, Any]) -> argparse.ArgumentParser:
    """The options that the signature asks for."""
    import argparse

    signature = stage.signature
    made = argparse.ArgumentParser(
        prog=f"python -m jobs.{stage.name}",
        description=stage.doc,
        epilog=f"configuration ({signature.config.__name__}):\n{field_lines(signature.config)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root_option(made)
    for name, spec in signature.inputs.items():
        made.add_argument(f"--{name.replace('_', '-')}", **_input_option(name, spec))
    made.add_argument("--config", required=True, metavar="JSON", help="the configuration, one JSON object")
    made.add_argument(
        "--hours", type=float, default=stage.resources.hours, help="time limit in hours (default: %(default)s)"
    )
    made.add_argument("--plan", action="store_true", help=_PLAN_HELP if stage.planner else argparse.SUPPRESS)
    _scheduler_options(made, stage)
    return made


def _scheduler_options(command: argparse.ArgumentParser, stage: Stage[Any, Any]) -> None:
    """Add the options that a scheduler gives and a person hardly needs."""
    group = command.add_argument_group("options that schedulers use")
    group.add_argument(
        "--retries", type=int, default=stage.resources.retries, help="failures in a row that do not end the run"
    )
    group.add_argument("--expect", default="", metavar="IDENTITY", help="refuse to make anything else")
    group.add_argument("--existing", action="store_true", help="make nothing: fail unless the artifact exists")
    group.add_argument("--show", type=Path, metavar="DIRECTORY", help="leave parameters and files for Argo there")
    group.add_argument("--shard", type=Shard.parse, metavar="INDEX/COUNT", help="make only this part of the artifact")
    group.add_argument("--shards", type=int, default=1, metavar="COUNT", help="join so many parts, which exist")


def _input_option(name: str, spec: Input) -> dict[str, Any]:
    help_text = f"address of a {spec.kind.kind} artifact" + (
        "s, joined by commas or each with its option" if spec.many else ""
    )
    option: dict[str, Any] = {"dest": name, "required": True, "metavar": "ADDRESS", "help": help_text}
    return option | ({"action": "append"} if spec.many else {})


def field_lines(config: type[Config]) -> str:
    """One line for each field of a configuration: name, type, default, meaning."""
    from tsugiki.docs import fields

    return "\n".join(f"  {field.name} ({field.type}{field.default_note}): {field.text}" for field in fields(config))


def call_from(stage: Stage[Any, Any], addresses: dict[str, str | list[str]], config: str) -> Call[Any]:
    """The call that addresses and a JSON configuration describe.

    Raises:
        BadInput: an address of another kind, or a configuration that cannot work.
    """
    inputs: dict[str, Any] = {}
    for name, spec in stage.signature.inputs.items():
        given = addresses[name]
        # a list travels through one Argo parameter joined by commas, which no address holds
        listed = [item for part in ([given] if isinstance(given, str) else given) for item in part.split(",")]
        items = tuple(_input(name, spec, item) for item in listed)
        inputs[name] = items if spec.many else items[0]
    return stage.call(**inputs, config=stage.signature.config.parse(config, "--config"))


def _input(name: str, spec: Input, address: str) -> Artifact:
    try:
        return spec.kind.at("/".join(address.rstrip("/").rsplit("/", 2)[-2:]))
    except BadInput as error:
        raise BadInput(f"--{name.replace('_', '-')}: {error}") from error
