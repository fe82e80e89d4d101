"""The command line of a stage, read off its signature: `python -m jobs.NAME --config JSON`, one option an input."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from tsugiki.artifact import Artifact
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, execute
from tsugiki.process import exit_code, stop_on_signals
from tsugiki.stage import Call, Input, Stage
from tsugiki.store import open_store
from tsugiki.work import Report

if TYPE_CHECKING:
    import argparse

ROOT_VARIABLE = "TSUGIKI_ROOT"
PROGRESS_SECONDS = 5.0


def main(stage: Stage[Any, Any], argv: Sequence[str] | None = None) -> NoReturn:
    """Run one stage as a process and exit with the contract's code; the artifact's address is the last line printed."""
    arguments = vars(parser(stage).parse_args(argv))
    stop = stop_on_signals()

    def run() -> None:
        store = open_store(arguments["root"])
        call = call_from(stage, {name: arguments[name] for name in stage.signature.inputs}, arguments["config"])
        record = execute(call, store, Conditions(print_progress(stage.name), stop, arguments["hours"]))
        print(f"{stage.name}: {record.seconds:.1f} s", file=sys.stderr)
        print(call.address)

    sys.exit(exit_code(stage.name, run))


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
        "--hours", type=float, default=stage.resources.hours, help="soft time limit in hours (default: %(default)s)"
    )
    return made


def root_option(command: argparse.ArgumentParser) -> None:
    """Add the option that names the store."""
    command.add_argument(
        "--root",
        default=os.environ.get(ROOT_VARIABLE, "build/store"),
        help=f"the store: a directory or s3://bucket/prefix (default: ${ROOT_VARIABLE}, else build/store)",
    )


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


def print_progress(name: str) -> Report:
    """A progress report that prints a line now and then, for logs."""
    last = time.monotonic()

    def report(done: int, total: int, figures: dict[str, float]) -> None:
        nonlocal last
        if done < total and time.monotonic() - last < PROGRESS_SECONDS:
            return
        last = time.monotonic()
        print(f"{name}: {done}/{total}{format_figures(figures)}", file=sys.stderr, flush=True)

    return report


def format_figures(figures: dict[str, float]) -> str:
    """` loss 2.31 tokens_per_second 8120`: four significant digits each."""
    return "".join(
        f" {name} {value:,.4g}" if abs(value) < 1000 else f" {name} {value:,.0f}" for name, value in figures.items()
    )
