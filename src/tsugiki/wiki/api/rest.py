"""Until when a wiki asked to be left alone, kept beside the answers: an attempt that follows does not come sooner."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from tsugiki.work import Work

FILE = "not_before.json"
LONGEST_SECONDS = 24 * 3600.0
"""What asks for a longer rest than a day is taken to be a slip."""


class Rest:
    """The time before which a wiki is not asked."""

    def __init__(self, work: Work) -> None:
        self._work = work
        path = work.path / FILE
        self._end = float(json.loads(path.read_bytes())) if path.exists() else 0.0

    @property
    def seconds(self) -> float:
        """How long it still takes; 0 when it is over."""
        return max(0.0, self._end - time.time())

    @property
    def end(self) -> str:
        """When it is over, as people write it."""
        return datetime.fromtimestamp(self._end, UTC).isoformat(" ", "seconds")

    def begin(self, seconds: float) -> None:
        """Note that the wiki asks to be left alone for so long. That is no progress, and does not count as such."""
        self._end = time.time() + min(seconds, LONGEST_SECONDS)
        part = self._work.path / f"{FILE}.part"
        part.write_text(json.dumps(self._end), encoding="utf-8")
        part.replace(self._work.path / FILE)
        self._work.keep((FILE,))
