"""The command line: quick to start, every command explained, and refusals on one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tsugiki.cli import parser

COMMANDS = ("run", "plan", "render", "submit", "status", "wait", "logs", "stop", "retry", "docs")
HEAVY = {"boto3", "botocore", "hera", "jsonschema", "kubernetes", "numpy", "pydantic", "rich", "torch", "yaml"}
PROBE = """
import json, sys
from tsugiki.cli import parser
parser().parse_args(json.loads(sys.argv[1]))
print(json.dumps(sorted(sys.modules)))
"""


def run(*arguments: str, code: int, **environment: str) -> str:
    """Run the command; what it says on standard error."""
    command = [sys.executable, "-m", "tsugiki.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "arguments", [["submit", "cpt_sft", "--dry-run"], ["wait", "--timeout", "5"], ["logs", "run-abcde", "corpus"]]
)
def test_a_command_line_is_understood_before_anything_heavy_is_loaded(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(arguments)], capture_output=True, text=True, check=True
    )
    assert HEAVY.isdisjoint(json.loads(done.stdout))


def test_every_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            parser().parse_args([name, "--help"])
        assert caught.value.code == 0
        assert len(capsys.readouterr().out.splitlines()) > 3


@pytest.mark.parametrize("text", ["soon", "-1", "inf", "nan"])
def test_a_time_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["wait", f"--timeout={text}"])
    assert caught.value.code == 2
    assert "is no number of seconds: give 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["status", "wait", "logs", "stop", "retry"])
def test_without_a_kubeconfig_a_command_says_so_on_one_line(name: str, tmp_path: Path) -> None:
    missing = tmp_path / "config"
    error = run(name, code=2, KUBECONFIG=str(missing))
    assert (
        error == f"tsugiki: no kubeconfig at {missing}: set KUBECONFIG to the file that leads kubectl to your cluster\n"
    )


def test_submit_checks_everything_that_needs_no_cluster_first(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"question": "Who drew it?", "answer": "Aoi"}\n', encoding="utf-8")
    sources = ("--set", f"import_chats.source={path}", "--set", "import_pages.source=s3://bucket/pages")
    error = run("submit", "cpt_sft", "--recipe", "real", *sources, code=2, KUBECONFIG=str(tmp_path / "config"))
    assert error.startswith(f"tsugiki: import_chats.source = '{path}' is a path of this machine")
    assert error.count("\n") == 1
