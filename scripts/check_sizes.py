"""Check the size budget: functions p95 at most 40 lines and none over 60, files under 300 lines, a purpose each."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

FOLDERS = ("src", "jobs", "workflows", "tests", "scripts", "bench")
FILE_LINES = 300
FUNCTION_LINES = 60
FUNCTION_P95 = 40


def main() -> int:
    """Print every breach; 1 if there is one."""
    faults: list[str] = []
    lengths: list[int] = []
    for path in sorted(path for folder in FOLDERS for path in Path(folder).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        lines = text.count("\n")
        if lines >= FILE_LINES:
            faults.append(f"{path}: {lines} lines; split it (under {FILE_LINES})")
        if text and not ast.get_docstring(tree):
            faults.append(f"{path}: the module does not say in a docstring what it is for")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                lengths.append(length)
                if length > FUNCTION_LINES:
                    faults.append(f"{path}:{node.lineno}: {node.name} has {length} lines (at most {FUNCTION_LINES})")
    p95 = sorted(lengths)[int(0.95 * (len(lengths) - 1))]
    if p95 > FUNCTION_P95:
        faults.append(f"functions: 95 % have up to {p95} lines (at most {FUNCTION_P95})")
    print("\n".join(faults) or f"{len(lengths)} functions, 95 % of at most {p95} lines")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
