"""A durable record of finished pieces of work: appended as they come, read back after a kill, torn ends discarded."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsugiki.work import Work

SAVE_SECONDS = 5.0


class Journal:
    """JSON values by key, one line each, in numbered segments `<name>-00000.jsonl` … under a `Work`'s path.

    A line is on this machine's disk when `append` returns (fsync). `Work.save`, which may upload the segment, is
    called at most every `SAVE_SECONDS`, before a longer pause and by `save`, and never without a new line: each call
    counts as progress. A segment ends after `segment_bytes`, so that an upload stays small however long the job runs.
    """

    def __init__(self, work: Work, name: str, segment_bytes: int) -> None:
        self._work = work
        self._name = name
        self._segment_bytes = segment_bytes
        self._places: dict[str, tuple[int, int]] = {}
        self._segment = 0
        self._saved_at = time.monotonic()
        self._unsaved = False
        for path in sorted(work.path.glob(f"{name}-*.jsonl")):
            self._segment = int(path.stem.removeprefix(f"{name}-"))
            self._recover(path)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def __getitem__(self, key: str) -> Any:
        segment, offset = self._places[key]
        with self._path(segment).open("rb") as file:
            file.seek(offset)
            return json.loads(file.readline())["value"]

    def append(self, values: Mapping[str, Any]) -> None:
        """Write values down, all or (after a kill in the middle) some of them.

        Raises:
            OSError: the disk is full, for example; the journal is as it was.
        """
        path = self._path(self._segment)
        if path.exists() and path.stat().st_size >= self._segment_bytes:
            self.save()
            self._segment += 1
        self._places |= self._write({key: _line(key, value) for key, value in values.items()})
        self._unsaved = True
        self.save_before(0.0)

    def save_before(self, pause: float) -> None:
        """Save if, after a pause of so many seconds, the last time would be `SAVE_SECONDS` ago."""
        if time.monotonic() + pause - self._saved_at >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Make everything appended so far durable beyond this machine."""
        if self._unsaved:
            self._work.save(self._path(self._segment).name)
            self._unsaved = False
            self._saved_at = time.monotonic()

    def _write(self, lines: Mapping[str, bytes]) -> dict[str, tuple[int, int]]:
        """Write lines to the segment, all of them or none; where each is."""
        path = self._path(self._segment)
        end = path.stat().st_size if path.exists() else 0
        places = {}
        try:
            with path.open("ab") as file:
                for key, line in lines.items():
                    places[key] = (self._segment, file.tell())
                    file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            if path.exists():  # half a line would spoil the one that follows
                os.truncate(path, end)
            raise
        return places

    def _path(self, segment: int) -> Path:
        return self._work.path / f"{self._name}-{segment:05d}.jsonl"

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


def _line(key: str, value: Any) -> bytes:
    return json.dumps({"key": key, "value": value}, ensure_ascii=False).encode(errors="surrogatepass") + b"\n"


def _whole(line: bytes) -> dict[str, Any] | None:
    """The record in a line; None where a kill tore it."""
    try:
        row = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
