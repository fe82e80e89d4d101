"""The journal of finished samples, by the key of their request."""

from collections.abc import Mapping

from tsugiki.journal import Journal as Lines
from tsugiki.rows import Answer, Rejected
from tsugiki.work import Work

SEGMENT_BYTES = 4 * 1024 * 1024


class Journal:
    """Answers by request key, in `answers-00000.jsonl` … under a `Work`'s path; see `tsugiki.journal`."""

    def __init__(self, work: Work) -> None:
        self._lines = Lines(work, "answers", SEGMENT_BYTES)

    def __contains__(self, key: str) -> bool:
        return key in self._lines

    def __getitem__(self, key: str) -> Answer | Rejected:
        row = self._lines[key]
        return Answer.model_validate(row["answer"]) if "answer" in row else Rejected.model_validate(row["rejected"])

    def append(self, rows: Mapping[str, Answer | Rejected]) -> None:
        """Write results down, all or (after a kill in the middle) some of them.

        Raises:
            OSError: the disk is full, for example; earlier lines stay readable.
        """
        kinds = {key: "answer" if isinstance(row, Answer) else "rejected" for key, row in rows.items()}
        self._lines.append({key: {kinds[key]: row.model_dump(mode="json")} for key, row in rows.items()})

    def save(self) -> None:
        """Make everything appended so far durable beyond this machine."""
        self._lines.save()
