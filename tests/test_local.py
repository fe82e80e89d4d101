"""The local runner: what exists is not made again, a failure stops the run, nothing partial stays."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from jobs.clean_corpus import clean_corpus
from jobs.make_sample_chats import make_sample_chats
from jobs.make_sample_pages import make_sample_pages
from tsugiki.corpus.config import CorpusConfig, DuplicatesConfig
from tsugiki.display import Lines
from tsugiki.kinds import Corpus
from tsugiki.local import LocalRun, Machine, Outcome, RunFailed
from tsugiki.plan import Plan
from tsugiki.sample.config import SampleConfig
from tsugiki.store import open_store

SAMPLE = SampleConfig(
    seed=1, works=4, asked_works=2, retellings=1, background_works=2, novels=4, asked_novels=2
)  # fmt: skip
CLEAN = CorpusConfig(
    normalisation="nfkc",
    titles="as_published",
    output="text",
    list_pages="set_aside",
    list_share=1,
    min_chars=1,
    max_chars=100_000,
    max_depth=50,
    duplicates=DuplicatesConfig(action="report", similarity=0.8, ngram_chars=5, min_chars=200),
)
IMPOSSIBLE = CLEAN.model_copy(update={"min_chars": 90_000})


class Recorder(Lines):
    """Lines kept instead of printed."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.missing: set[str] = set()

    def plan(self, names: Sequence[str], cached: Collection[str], missing: Collection[str]) -> None:
        """Keep what will run."""
        self.missing = set(missing)

    def _print(self, line: str) -> None:
        self.lines.append(line)


def run(root: Path, config: CorpusConfig = CLEAN) -> tuple[dict[str, Outcome], Recorder]:
    plan = Plan()
    plan(make_sample_chats, SAMPLE)
    target = plan(clean_corpus, plan(make_sample_pages, SAMPLE), config)
    display = Recorder()
    local = LocalRun(plan, str(root), root / "logs", lambda task: task.call.stage.resources, Machine(2, 0), display)
    return dict(local.run(target.address)), display


def test_only_what_the_target_needs_is_run(tmp_path: Path) -> None:
    outcomes, display = run(tmp_path)
    assert {name: outcome.cached for name, outcome in outcomes.items()} == {
        "make_sample_pages": False,
        "clean_corpus": False,
    }
    assert display.lines[-1].startswith("clean_corpus: done in")


def test_the_second_run_makes_nothing(tmp_path: Path) -> None:
    first, _ = run(tmp_path)
    second, display = run(tmp_path)
    assert all(outcome.cached for outcome in second.values())
    assert {name: outcome.record for name, outcome in second.items()} == {
        name: outcome.record for name, outcome in first.items()
    }
    assert display.missing == set()


def test_inputs_of_what_exists_are_not_made_again(tmp_path: Path) -> None:
    first, _ = run(tmp_path)
    store = open_store(str(tmp_path))
    pages = first["clean_corpus"].record.inputs["pages"]
    assert isinstance(pages, str)
    store.delete(pages)
    outcomes, display = run(tmp_path)
    assert outcomes["clean_corpus"].cached
    assert display.missing == set()


def test_a_failing_stage_ends_the_run_with_its_code_and_line(tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match="^clean_corpus: no page of .* is left after cleaning") as error:
        run(tmp_path, IMPOSSIBLE)
    assert error.value.exit_code == 2
    store = open_store(str(tmp_path))
    assert [address.partition("/")[0] for address in store.list()] == ["pages"]


def test_a_killed_worker_is_told_and_the_next_run_goes_on(tmp_path: Path) -> None:
    killed = threading.Event()

    class Killer(Recorder):
        def started(self, name: str) -> None:
            if name == "clean_corpus" and not killed.is_set():
                killed.set()
                os.kill(local._running[-1].process.pid or 0, signal.SIGKILL)

    plan = Plan()
    target = plan(clean_corpus, plan(make_sample_pages, SAMPLE), CLEAN)
    local = LocalRun(
        plan, str(tmp_path), tmp_path / "logs", lambda task: task.call.stage.resources, Machine(2, 0), Killer()
    )
    with pytest.raises(RunFailed, match="clean_corpus: its process was killed by signal 9"):
        local.run(target.address)
    outcomes, _ = run(tmp_path)
    assert outcomes["make_sample_pages"].cached
    assert list(Corpus.open(open_store(str(tmp_path)), target.address).rows())


def test_a_run_told_to_stop_leaves_with_75(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft", "--root", str(tmp_path), "--out", str(tmp_path)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("make_base: started"):
                process.terminate()
                break
        rest = process.stderr.read()
        assert process.wait() == 75
    assert "told to stop" in rest.splitlines()[-1]
    assert "Traceback" not in rest


def test_threads_follow_from_the_machine_alone() -> None:
    cores = os.cpu_count() or 1
    assert Machine(1, 0).threads == cores
    assert Machine(2 * cores, 0).threads == 1
