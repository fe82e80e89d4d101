"""What each container of a stage says it took, and what is left of parts once the whole exists."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_command import ROOT
from tests.toys import WriteConfig
from tsugiki.artifact import Metrics
from tsugiki.attempts import Allotment, Run
from tsugiki.execute import Conditions, Outcome, execute
from tsugiki.kinds import Pages
from tsugiki.log import RUN_VARIABLE
from tsugiki.rows import Page
from tsugiki.show import PARAMETERS, show
from tsugiki.stage import Call, Resources, stage
from tsugiki.store import Store, open_store
from tsugiki.store.directory import DirectoryStore

COUNT = 2
SAMPLE = (
    '{"seed": 1, "works": 4, "asked_works": 2, "retellings": 1, "background_works": 2, "novels": 4, "asked_novels": 2}'
)


class Vanished(BaseException):
    """Stands for SIGKILL: nothing that follows is executed."""


class Dying(DirectoryStore):
    """A store of a process that is killed as it begins to remove something."""

    def delete(self, address: str) -> None:
        """Be killed."""
        raise Vanished(address)


@stage(image="data", resources=Resources())
def write_parts(out: Pages, config: WriteConfig) -> Metrics:
    """Write the pages of a part."""
    shard = out.work.shard
    texts = config.texts[shard.index :: shard.count] if shard else config.texts
    return out.write(Page(title="page", text=text) for text in texts).metrics()


@write_parts.joined_by
def join_parts(out: Pages, parts: tuple[Pages, ...], config: WriteConfig) -> Metrics:
    """Write all pages, one part after the other."""
    return out.write(page for part in parts for page in part.rows()).metrics()


CALL = write_parts.call(WriteConfig(texts=("a", "b", "c")))
PARTS = CALL.split(COUNT)


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store over a directory and one over a real S3 server."""
    root = str(tmp_path / "store") if request.param == "directory" else request.getfixturevalue("s3_root")
    return open_store(root, cache=tmp_path / "cache")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run by the name of run-1."""
    monkeypatch.setenv(RUN_VARIABLE, "run-1")


def made(call: Call[Pages], store: Store, run: str = "run-1", gpus: int = 0) -> Outcome:
    return execute(call, store, Conditions(run=Run(run, 2), allotment=Allotment(1.0, gpus)))


def gpu_seconds(call: Call[Pages], outcome: Outcome, store: Store, folder: Path) -> float:
    """The output parameter."""
    show(call.output, store, folder, outcome.spent)
    return float((folder / "gpu-seconds").read_text())


@pytest.mark.usefixtures("run")
def test_what_joins_parts_does_not_say_again_what_they_took(store: Store, tmp_path: Path) -> None:
    parts = [made(part, store, gpus=2) for part in PARTS]
    said = [gpu_seconds(part, outcome, store, tmp_path / "part") for part, outcome in zip(PARTS, parts, strict=True)]
    assert all(seconds > 0 for seconds in said)
    whole = made(CALL.joined(COUNT), store)
    assert whole.made
    assert gpu_seconds(CALL, whole, store, tmp_path / "whole") == 0
    assert whole.record.gpu_seconds == pytest.approx(sum(said), abs=0.002)
    assert whole.record.seconds > max(part.record.seconds for part in parts)
    repeated = made(CALL.joined(COUNT), store)
    assert (repeated.made, gpu_seconds(CALL, repeated, store, tmp_path / "whole")) == (False, 0)


@pytest.mark.usefixtures("run")
def test_a_part_of_a_whole_that_exists_took_nothing(store: Store, tmp_path: Path) -> None:
    whole = made(CALL, store, gpus=2)
    assert whole.record.gpu_seconds > 0
    for part in PARTS:
        outcome = made(part, store, run="run-2", gpus=2)
        assert (outcome.made, outcome.record) == (False, whole.record)
        assert gpu_seconds(CALL, outcome, store, tmp_path / "shown") == 0


@pytest.mark.usefixtures("run")
def test_an_attempt_after_a_commit_says_what_its_run_took_and_another_run_nothing(store: Store, tmp_path: Path) -> None:
    took = gpu_seconds(CALL, made(CALL, store, gpus=2), store, tmp_path / "first")
    repeated, other = made(CALL, store), made(CALL, store, run="run-2")
    assert took > 0
    assert (repeated.made, gpu_seconds(CALL, repeated, store, tmp_path / "repeated")) == (False, took)
    assert (other.made, gpu_seconds(CALL, other, store, tmp_path / "other")) == (False, 0)


def test_a_kill_between_the_commit_and_the_removal_of_parts_leaves_none(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    for part in PARTS:
        made(part, store)
    with pytest.raises(Vanished):
        made(CALL.joined(COUNT), Dying(tmp_path / "store"))
    assert list(store.list()) == [CALL.address, *(part.address for part in PARTS)]
    assert not made(CALL.joined(COUNT), store).made
    assert list(store.list()) == [CALL.address]


def test_a_part_at_which_another_process_works_is_left_to_it(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    for part in PARTS:
        made(part, store)
    with store.attempt(PARTS[0].address):
        made(CALL.joined(COUNT), store)
        assert list(store.list()) == [CALL.address, PARTS[0].address]
    made(CALL.joined(COUNT), store)
    assert list(store.list()) == [CALL.address]


def test_the_pod_that_shows_what_machines_made_says_what_it_took(tmp_path: Path) -> None:
    def shown(run: str, *options: str) -> dict[str, str]:
        command = [sys.executable, "-m", "jobs.make_sample_pages", "--root", str(tmp_path / "store"), *options]
        environment = {**os.environ, RUN_VARIABLE: run, "TSUGIKI_GPUS": "2"}
        command += ["--config", SAMPLE, "--show", str(tmp_path / "shown")]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        return {name: (tmp_path / "shown" / name).read_text() for name in PARAMETERS}

    took = shown("run-1")
    assert float(took["gpu-seconds"]) > 0
    assert shown("run-1", "--existing") == took
    other = shown("run-2", "--existing")
    assert other == {"address": took["address"], "seconds": "0.0", "gpu-seconds": "0.0", "tokens-per-second": "0.0"}
