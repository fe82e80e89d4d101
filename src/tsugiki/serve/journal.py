"""A durable record of finished samples: appended as they come, read back after a kill, torn ends discarded."""

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsugiki.rows import Answer, Rejected
from tsugiki.work import Work

SEGMENT_BYTES = 4 * 1024 * 1024
SAVE_SECONDS = 5.0


class Journal:
    """Answers by request key, one JSON line each, in numbered segments under a `Work`'s path.

    A line is on this machine's disk when `append` returns (fsync). `Work.save`, which may upload the segment, is
    called at most every `SAVE_SECONDS` and by `save`; a segment ends after `SEGMENT_BYTES`, so that an upload stays
    small however long the job runs.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._places: dict[str, tuple[int, int]] = {}
        self._segment = 0
        self._saved_at = time.monotonic()
        for path in sorted(work.path.glob("answers-*.jsonl")):
            self._segment = int(path.stem.removeprefix("answers-"))
            self._recover(path)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __getitem__(self, key: str) -> Answer | Rejected:
        segment, offset = self._places[key]
        with self._path(segment).open("rb") as file:
            file.seek(offset)
            row = json.loads(file.readline())
        return Answer.model_validate(row["answer"]) if "answer" in row else Rejected.model_validate(row["rejected"])

    def append(self, rows: Mapping[str, Answer | Rejected]) -> None:
        """Write results down, all or (after a kill in the middle) some of them.

        Raises:
            OSError: the disk is full, for example; earlier lines stay readable.
        """
        path = self._path(self._segment)
        if path.exists() and path.stat().st_size >= SEGMENT_BYTES:
            self._work.save(path.name)
            self._segment += 1
            path = self._path(self._segment)
        with path.open("ab") as file:
            for key, row in rows.items():
                self._places[key] = (self._segment, file.tell())
                kind = "answer" if isinstance(row, Answer) else "rejected"
                line = json.dumps({"key": key, kind: row.model_dump(mode="json")}, ensure_ascii=False)
                file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if time.monotonic() - self._saved_at >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Make everything appended so far durable beyond this machine."""
        path = self._path(self._segment)
        if path.exists():
            self._work.save(path.name)
        self._saved_at = time.monotonic()

    def _path(self, segment: int) -> Path:
        return self._work.path / f"answers-{segment:05d}.jsonl"

    def _recover(self, path: Path) -> None:
        """Note what the segment holds, and cut off whatever follows its last whole line."""
        end = 0
        with path.open("r+b") as file:
            for line in file:
                row = _whole(line)
                if row is None:
                    break
                self._places[row["key"]] = (self._segment, end)
                end += len(line)
            file.truncate(end)


def _whole(line: bytes) -> dict[str, Any] | None:
    """The record in a line; None where a kill tore it."""
    try:
        row = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
