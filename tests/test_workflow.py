"""The whole of cpt_sft with a model of a few thousand parameters: cached, killed, resumed, and the same on S3."""

import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tsugiki.artifact import read_record
from tsugiki.store import open_store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "tests" / "tiny.toml"
KILLS = 20
TIMING = ("started", "attempts", "seconds", "cpu_seconds", "gpu_seconds", "provenance", "metrics")


def command(root: Path | str, out: Path, *options: str) -> list[str]:
    run = [sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft", "--recipe", str(RECIPE)]
    return [*run, "--root", str(root), "--out", str(out), *options]


def finish(root: Path | str, out: Path, *options: str) -> str:
    done = subprocess.run(command(root, out, *options), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def contents(root: Path | str) -> dict[str, Any]:
    """Every artifact without its times: what was computed from what, and a checksum of every file."""
    store = open_store(str(root))
    found: dict[str, Any] = {}
    for address in store.list():
        record = read_record(store, address)
        assert record is not None
        store.verify(address, record.files, hashes=True)
        files = {name: entry.sha256 for name, entry in record.files.items()}
        if record.kind == "report":
            page = (store.fetch(address, record.files) / "report.html").read_text(encoding="utf-8")
            timeless = re.sub(r"<time.*?</time>", "", page, flags=re.DOTALL)
            files = {"report.html": hashlib.sha256(timeless.encode()).hexdigest()}
        found[address] = {**record.model_dump(exclude={*TIMING, "files"}), "files": files}
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that a run without a kill leaves."""
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder / "store", folder / "out")
    return folder / "store"


def test_a_run_leaves_a_report_and_its_figures(undisturbed: Path) -> None:
    out = undisturbed.parent / "out"
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert set(metrics["arms"]) == {"base", "cpt", "sft", "cpt_sft"}
    for splits in metrics["arms"].values():
        assert set(splits) == {"train", "test", "other"}
        assert all({"accuracy", "low", "high", "n"} <= set(cell) for cell in splits.values())
    assert all(stage["seconds"] >= 0 and stage["cached"] is False for stage in metrics["stages"].values())
    assert metrics["this_run"] == metrics["total"]
    assert metrics["total"]["cpu_seconds"] > 0
    assert "currency" not in metrics
    assert "<svg" in (out / "report.html").read_text(encoding="utf-8")


def test_the_second_run_makes_nothing(undisturbed: Path) -> None:
    out = undisturbed.parent / "again"
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*") if path.is_file()}
    assert finish(undisturbed, out) == f"report: {out / 'report.html'}"
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert all(stage["cached"] for stage in metrics["stages"].values())
    assert before == {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*") if path.is_file()}


def test_a_profile_with_prices_shows_what_was_spent_and_makes_nothing_again(undisturbed: Path, tmp_path: Path) -> None:
    profile = tmp_path / "priced.toml"
    prices = '[prices]\ncurrency = "EUR"\ncpu_hour = 3600.0\n'
    profile.write_text((ROOT / "workflows" / "profiles" / "dev.toml").read_text(encoding="utf-8") + prices)
    finish(undisturbed, tmp_path / "out", "--profile", str(profile))
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["currency"] == "EUR"
    assert metrics["total"]["cost"] == pytest.approx(metrics["total"]["cpu_seconds"])
    assert metrics["this_run"]["cost"] == 0
    assert all(stage["cached"] for stage in metrics["stages"].values())


@pytest.mark.timeout(1800)
def test_killed_at_random_moments_the_run_ends_as_if_undisturbed(undisturbed: Path, tmp_path: Path) -> None:
    draw = random.Random(20261123)
    root, out = tmp_path / "store", tmp_path / "out"
    for kills in range(KILLS):
        if kills % 7 == 6:
            # the run is nearly through: let it do the end again, so that late stages are killed as often as early ones
            delete_the_end(root)
        kill_somewhere(root, out, draw)
    finish(root, out)
    assert contents(root) == contents(undisturbed)
    left = [path for path in (root / ".work").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == []


def kill_somewhere(root: Path, out: Path, draw: random.Random) -> None:
    """Start the run and kill it a random time after a random event: all of it, or one random process of it."""
    with subprocess.Popen(
        command(root, out),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        events = draw.randrange(1, 9)
        for _line in process.stderr:
            events -= 1
            if events == 0:
                break
        try:
            process.wait(timeout=draw.uniform(0.0, 2.5))
        except subprocess.TimeoutExpired:
            members = group(process.pid)
            victims = members if draw.random() < 0.5 else [draw.choice(members)]
            for victim in victims:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
        process.stderr.close()
        process.wait()


def group(leader: int) -> list[int]:
    """The living processes of a process group, from /proc: the run, its fork server and its workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader and fields[0] != "Z":
                found.append(int(path.parent.name))
    return sorted(found)


def delete_the_end(root: Path) -> None:
    """Delete what SFT makes and all that follows from it."""
    store = open_store(str(root))
    for address in list(store.list()):
        if address.startswith(("answers/", "scores/", "report/", "checkpoint/train_sft")):
            store.delete(address)


def test_a_store_in_s3_holds_the_same(undisturbed: Path, s3_root: str, tmp_path: Path) -> None:
    finish(s3_root, tmp_path / "out")
    assert contents(s3_root) == contents(undisturbed)
