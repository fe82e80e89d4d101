"""The journal of finished pieces: what is kept of a failed append, and when it is made durable beyond this machine."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tsugiki.journal import SAVE_SECONDS, Journal
from tsugiki.work import Work

Saved = list[tuple[str, ...]]


def journal(path: Path, saved: Saved | None = None, segment_bytes: int = 100) -> Journal:
    return Journal(Work(path, publish=(saved if saved is not None else []).append), "a", segment_bytes)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """No file of this process may grow beyond that size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_value_that_could_not_be_written_is_not_there(tmp_path: Path) -> None:
    made = journal(tmp_path)
    made.append({"x": 1})
    with pytest.raises(TypeError):
        made.append({"y": object()})
    assert "y" not in made
    with files_end_at(30), pytest.raises(OSError, match="too large"):
        made.append({"y": "long" * 10})
    assert "y" not in made
    made.append({"z": 2})
    for found in (made, journal(tmp_path)):
        assert (len(found), found["x"], found["z"]) == (2, 1, 2)


def test_only_what_is_new_is_saved(tmp_path: Path) -> None:
    saved: Saved = []
    made = journal(tmp_path, saved)
    made.save()
    assert saved == []
    made.append({"x": 1})
    made.save()
    made.save()
    assert saved == [("a-00000.jsonl",)]
    again = journal(tmp_path, saved)
    again.save()
    assert len(saved) == 1


def test_an_ended_segment_is_saved_once(tmp_path: Path) -> None:
    saved: Saved = []
    made = journal(tmp_path, saved, segment_bytes=1)
    for number in range(3):
        made.append({str(number): number})
    made.save()
    assert saved == [(f"a-0000{number}.jsonl",) for number in range(3)]


def test_what_would_become_old_in_a_pause_is_saved_before_it(tmp_path: Path) -> None:
    saved: Saved = []
    made = journal(tmp_path, saved)
    made.append({"x": 1})
    made.save_before(SAVE_SECONDS / 2)
    assert saved == []
    made.save_before(SAVE_SECONDS)
    made.save_before(SAVE_SECONDS)
    assert saved == [("a-00000.jsonl",)]
