"""What must hold for every stage in jobs/, whoever adds it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tsugiki.catalogue import all_stages
from tsugiki.command import parser
from tsugiki.docs import fields, stages_page
from tsugiki.stage import Stage

STAGES = all_stages()
HEAVY = ("torch", "transformers", "peft", "vllm", "numpy", "hera", "boto3", "botocore", "rich", "urllib3", "yaml",
         "zstandard")  # fmt: skip
ROOT = Path(__file__).parents[1]


@pytest.fixture(params=STAGES.values(), ids=STAGES)
def stage(request: pytest.FixtureRequest) -> Stage[Any, Any]:
    """Each stage in turn."""
    found: Stage[Any, Any] = request.param
    return found


def test_the_signature_is_a_contract(stage: Stage[Any, Any]) -> None:
    assert stage.signature.output.kind


def test_help_names_every_input_and_every_field(stage: Stage[Any, Any]) -> None:
    text = parser(stage).format_help()
    for name in stage.signature.inputs:
        assert f"--{name.replace('_', '-')} ADDRESS" in text
    for field in fields(stage.signature.config):
        assert field.name in text


def test_every_field_says_what_it_means(stage: Stage[Any, Any]) -> None:
    silent = [field.name for field in fields(stage.signature.config) if not field.text]
    assert silent == [], f"{stage.name}: write a docstring under {silent}"


def test_the_stage_says_what_it_does(stage: Stage[Any, Any]) -> None:
    assert stage.doc.endswith(".")


def test_the_docs_page_is_current() -> None:
    assert (ROOT / "docs" / "stages.md").read_text(encoding="utf-8") == stages_page(), "run `make docs`"


def test_stages_and_workflows_import_light() -> None:
    names = [f"jobs.{name}" for name in STAGES]
    names += [f"workflows.{path.stem}" for path in (ROOT / "workflows").glob("[a-z]*.py")]
    code = f"import sys, {', '.join(names)}; import json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert loaded.isdisjoint(HEAVY), f"loaded at import: {sorted(loaded.intersection(HEAVY))}"
