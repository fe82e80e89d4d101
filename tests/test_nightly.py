"""The whole of nightly_eval from its command line: three nights of a tiny model, one of them a regression."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serve.models import make_chats, make_llama
from tsugiki.artifact import Metrics
from tsugiki.config import Config
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Checkpoint
from tsugiki.rows import Answer
from tsugiki.serve.config import GenerateConfig
from tsugiki.serve.generate import generate
from tsugiki.stage import Resources, stage
from tsugiki.store import open_store
from tsugiki.work import Work

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
COUNT = 24
CONFIG = GenerateConfig(
    engine="transformers", splits=("train", "test", "other"), samples=1, temperature=0.0, top_p=1.0, max_new_tokens=8,
    seed=1, batch_size=8, dtype="float32",
)  # fmt: skip


class CopyConfig(Config):
    """Where a checkpoint comes from."""

    directory: Path
    """A model and its tokenizer."""


@stage(image="data", resources=Resources())
def copy_model(out: Checkpoint, config: CopyConfig) -> Metrics:
    """Take a checkpoint into the store."""
    shutil.copytree(config.directory, out.path, dirs_exist_ok=True)
    return {}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two models, and questions whose references are what the first of them answers."""
    folder = tmp_path_factory.mktemp("nightly")
    for seed, name in enumerate(("good", "bad")):
        (folder / name).mkdir()
        make_llama(folder / name, seed=seed)
    (folder / "work").mkdir()
    chats = {chat.id: chat for chat in make_chats(COUNT)}
    with (folder / "chats.jsonl").open("w", encoding="utf-8") as file:
        for row in generate(folder / "good", list(chats.values()), Work(folder / "work"), CONFIG):
            assert isinstance(row, Answer)
            question = chats[row.id].messages[0].content
            file.write(json.dumps({"id": row.id, "question": question, "answer": row.text, "split": "test"}) + "\n")
    return folder


def address(root: str, model: Path) -> str:
    """Where a model lies in a store, once it is taken into it."""
    call = copy_model.call(CopyConfig(directory=model))
    execute(call, open_store(root), Conditions())
    return call.address


def night(place: Path, when: str, **checkpoints: str) -> subprocess.CompletedProcess[str]:
    settings = {"night": when, "import_chats.source": str(place / "chats.jsonl")}
    settings |= {
        f"checkpoints.{name}": address(str(place / "store"), place / model) for name, model in checkpoints.items()
    }
    command = [sys.executable, "-m", "tsugiki.cli", "run", "nightly_eval", "--recipe", "tests/nightly.toml"]
    command += ["--root", str(place / "store"), "--out", str(place / "out")]
    command += [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(900)
def test_three_nights_with_a_regression_in_the_middle(place: Path) -> None:
    first = night(place, "2026-11-22", tuned="good")
    assert first.returncode == 0, first.stderr
    bad = night(place, "2026-11-23", tuned="bad")
    assert bad.returncode == 2, bad.stderr
    last = bad.stderr.splitlines()[-1]
    line = r"tsugiki: check_night: regression in series tiny: tuned on test fell from 1\.000 on 2026-11-22 to 0"
    assert re.match(line, last)
    assert bad.stdout == f"report: {place / 'out' / 'report.html'}\n"
    assert "Regression" in (place / "out" / "report.html").read_text(encoding="utf-8")
    again = night(place, "2026-11-23", tuned="bad")
    assert (again.returncode, again.stderr.splitlines()[-1]) == (2, last)
    good = night(place, "2026-11-24", tuned="good", added="bad")
    assert good.returncode == 0, good.stderr
    metrics = json.loads((place / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert (metrics["compared"]["night"], metrics["compared"]["new"]) == ("2026-11-22", ["added"])
    assert [it["good"] for it in metrics["history"]] == [True, False, True]
    # a night generates anew, although the same checkpoint has answered the same questions before
    fresh = {name for name, stage in metrics["stages"].items() if not stage["cached"]}
    assert fresh == {"generate.tuned", "generate.added", "score", "compare_nights", "check_night"}
