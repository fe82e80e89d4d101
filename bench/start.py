"""How long a command takes before its work begins: importing every stage, and a second run of the sample.

make run && .venv/bin/python bench/start.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5


def median_seconds(command: list[str]) -> float:
    """Median wall time of a command over RUNS runs, in seconds, after one that is not counted."""
    times = []
    for _ in range(RUNS + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Print one line a figure."""
    stages = sorted(path.stem for path in Path("jobs").glob("[a-z]*.py"))
    bare = median_seconds([sys.executable, "-c", "pass"])
    print(f"python itself                {bare:.3f} s")
    print(f"tsugiki --help               {median_seconds([sys.executable, '-m', 'tsugiki.cli', '--help']):.3f} s")
    for name in stages:
        print(f"import jobs.{name:<17}{median_seconds([sys.executable, '-c', f'import jobs.{name}']):.3f} s")
    print(f"import workflows.cpt_sft     {median_seconds([sys.executable, '-c', 'import workflows.cpt_sft']):.3f} s")
    second = median_seconds([sys.executable, "-m", "tsugiki.cli", "run", "cpt_sft"])
    print(f"second run of the sample     {second:.3f} s")


if __name__ == "__main__":
    main()
