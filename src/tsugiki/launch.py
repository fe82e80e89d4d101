"""Start a stage's processes, one for each GPU of each machine: `python -m tsugiki.launch --nodes N -- jobs.NAME …`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from tsugiki.catalogue import load_stage, stage_names
from tsugiki.command import call_of, parser
from tsugiki.command import main as run_stage
from tsugiki.errors import BAD_INPUT, DONE, OUT_OF_TIME, PREEMPTED, BadInput, Preempted
from tsugiki.execute import existing
from tsugiki.log import Log
from tsugiki.meeting import Meeting, Node, meet
from tsugiki.process import exit_code, usable_cores
from tsugiki.store import open_store

if TYPE_CHECKING:
    import argparse

    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure
    from torch.distributed.launcher.api import LaunchConfig

SAVING_SECONDS = 110
"""Time for processes to save their state when told to stop, within the pod's grace period of 120 s."""
STRAGGLER_SECONDS = 30
"""Once one process has ended badly, torch kills what has not ended by itself after so long."""
STARTING_SECONDS = 120


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run this machine's processes; the exit code is the most telling of theirs."""
    arguments = _parser().parse_args(argv)
    name = arguments.command[0].removeprefix("jobs.")
    # until torch takes over; nothing has begun yet
    signal.signal(signal.SIGTERM, _leave)
    codes = [DONE]
    code = exit_code(lambda: codes.append(_launch(arguments, name, arguments.command[1:])), Log(name).failed)
    sys.exit(code or codes[-1])


def _parser() -> argparse.ArgumentParser:
    import argparse

    made = argparse.ArgumentParser(prog="python -m tsugiki.launch", description=__doc__)
    made.add_argument("--nodes", type=int, default=1, help="machines that train together")
    made.add_argument("--gpus", type=int, default=0, help="GPUs of each; without any, one process on the CPU")
    made.add_argument("command", nargs="+", metavar="jobs.NAME …", help="the stage's command, after --")
    return made


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(PREEMPTED)


def _launch(arguments: argparse.Namespace, name: str, argv: Sequence[str]) -> int:
    if name not in stage_names():
        raise BadInput(f"jobs.{name} is no stage: there is {', '.join(stage_names())}")
    stage, processes = load_stage(name), max(1, arguments.gpus)
    if not stage.distributed:
        raise BadInput(f"{name} works in one process: start it as python -m jobs.{name}")
    given = parser(stage).parse_args(argv)
    call, store = call_of(stage, given), open_store(given.root)
    node = Node.here(arguments.nodes)
    meeting = meet(node, lambda: existing(call, store) is not None)
    if meeting is None:
        run_stage(stage, argv)
    if processes > 1:
        os.environ["OMP_NUM_THREADS"] = str(max(1, usable_cores() // processes))
    return _run(node, meeting, processes, ["-m", f"jobs.{name}", *argv])


def _run(node: Node, meeting: Meeting, processes: int, command: Sequence[str]) -> int:
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=node.count,
        max_nodes=node.count,
        nproc_per_node=processes,
        run_id=meeting.name,
        rdzv_backend="static",
        rdzv_endpoint=f"{meeting.host}:{meeting.port}",
        rdzv_configs={"rank": node.index, "timeout": STARTING_SECONDS},
        max_restarts=0,
        virtual_local_rank=processes > 1,
        **_patience(LaunchConfig),
        logs_specs=DefaultLogsSpecs(os.devnull),
    )
    try:
        elastic_launch(config, sys.executable)(*command)
    except ChildFailedError as error:
        return telling(error.failures.values())
    except SignalException:
        return PREEMPTED
    except RuntimeError as error:
        raise Preempted(f"a machine left before all had begun ({error})") from error
    return DONE


def _patience(config: type[LaunchConfig]) -> dict[str, Any]:
    """How long torch waits for processes that it has told to stop; before 2.13 it is half a minute, come what may."""
    named = {field.name for field in fields(config)}
    return {"shutdown_timeout": SAVING_SECONDS} if "shutdown_timeout" in named else {}


def telling(failures: Iterable[ProcessFailure]) -> int:
    """The exit code that says most about why processes ended: what cannot be tried again first, preemption last.

    Processes that torch itself has ended say nothing.
    """
    ended = list(failures)
    first = min(failure.timestamp for failure in ended)
    own = [it.exitcode for it in ended if it.exitcode != -signal.SIGTERM and it.timestamp < first + STRAGGLER_SECONDS]
    worst = sorted(own, key=_rank_of)[:1] or [PREEMPTED]
    return worst[0] if worst[0] > 0 else 128 - worst[0]


def _rank_of(code: int) -> int:
    return {BAD_INPUT: 0, OUT_OF_TIME: 2, PREEMPTED: 3}.get(code, 1)


if __name__ == "__main__":
    main()
