"""The type checker refuses what does not fit: a workflow with a wrong artifact or configuration never starts."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WORKFLOW = '''"""A workflow with four faults."""

from jobs.clean_corpus import clean_corpus
from jobs.make_sample_pages import make_sample_pages
from tsugiki.corpus.config import CorpusConfig
from tsugiki.kinds import Corpus, Report
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Runner


def wrong(run: Runner, sample: SampleConfig, clean: CorpusConfig) -> Report:
    """Faults in order: wrong kind, wrong configuration, missing input, wrong result."""
    pages = run(make_sample_pages, sample)
    corpus: Corpus = run(clean_corpus, pages, clean)
    run(clean_corpus, corpus, clean)
    run(clean_corpus, pages, sample)
    run(clean_corpus, clean)
    return run["again"](clean_corpus, pages, clean)
'''


def test_wrong_artifacts_and_configurations_do_not_type(tmp_path: Path) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(WORKFLOW)
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    faults = [
        line.partition(": error: ")[2] for line in done.stdout.splitlines() if "wrong.py" in line and "error" in line
    ]
    assert len(faults) == 5, done.stdout
    assert '"Corpus"; expected "Pages"' in faults[0]
    assert '"SampleConfig"; expected "CorpusConfig"' in faults[1]
    assert 'Missing positional argument "config"' in faults[2]
    assert '"CorpusConfig"; expected "Pages"' in faults[3]
    assert 'got "CleanedCorpus", expected "Report"' in faults[4]
