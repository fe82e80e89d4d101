"""Check what the sample must show: CPT+SFT above SFT on held-out questions, a second run that makes nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(path: str) -> int:
    """Print the figures; 1 if they do not show it."""
    metrics = json.loads(Path(path).read_text(encoding="utf-8"))
    arms = metrics["arms"]
    for arm, splits in arms.items():
        figures = ", ".join(
            f"{split} {cell['accuracy']:.3f} [{cell['low']:.3f}, {cell['high']:.3f}] n={cell['n']}"
            for split, cell in splits.items()
        )
        print(f"{arm}: {figures}")
    fresh = [name for name, stage in metrics["stages"].items() if not stage["cached"]]
    if fresh:
        print(f"made again in a second run: {', '.join(fresh)}")
    above = arms["cpt_sft"]["test"]["low"] > arms["sft"]["test"]["high"]
    if not above:
        print("CPT+SFT is not above SFT alone on held-out questions: the intervals overlap")
    return 0 if above and not fresh else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
