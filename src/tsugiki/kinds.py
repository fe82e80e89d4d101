"""The kinds of artifact: what each holds, and how its rows are read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from tsugiki.artifact import Artifact
from tsugiki.rows import Answer, Chat, Document, Page, Rejected, Row, Split

if TYPE_CHECKING:
    from tsugiki.packed import Packed

R = TypeVar("R", bound=Row)

ROWS = "rows"
REJECTED = "rejected"


@dataclass(frozen=True)
class RowArtifact(Artifact, Generic[R]):
    """An artifact of rows: zstd-compressed JSONL in numbered parts, with what was set aside beside them."""

    row: ClassVar[type[Row]]

    def rows(self) -> Iterator[R]:
        """Every row, in the order in which it was written."""
        from tsugiki.rowfile import read_rows

        yield from read_rows(self.path, ROWS, self.row)  # type: ignore[misc]  # `row` is R's class

    def packed(self) -> Iterator[Packed[R]]:
        """The same, not read yet, for those who leave that to other processes."""
        from tsugiki.rowfile import read_packed

        yield from read_packed(self.path, ROWS, self.row)  # type: ignore[misc]  # `row` is R's class

    def rejected(self) -> Iterator[Rejected]:
        """Everything that was set aside, with its reason."""
        from tsugiki.rowfile import read_rows

        yield from read_rows(self.path, REJECTED, Rejected)

    def write(self, rows: Iterable[R | Packed[R] | Rejected]) -> Counts:
        """Write all rows, those set aside apart, and count both. Call it once for an output."""
        from tsugiki.rowfile import RowWriter

        reasons: Counter[str] = Counter()
        with RowWriter(self.path, ROWS) as kept, RowWriter(self.path, REJECTED) as rejected:
            for row in rows:
                self.work.check_stop()
                if isinstance(row, Rejected):
                    reasons[row.reason] += 1
                    rejected.write(row)
                else:
                    kept.write(row)
            return Counts(kept.count, dict(sorted(reasons.items())))


@dataclass(frozen=True)
class Counts:
    """How many rows were written, and how many were set aside for each reason."""

    rows: int
    rejected: dict[str, int]

    def metrics(self) -> dict[str, object]:
        """The counts as a record keeps them."""
        return {"rows": self.rows, "rejected": self.rejected}


@dataclass(frozen=True)
class Pages(RowArtifact[Page]):
    """Wiki pages as they were published, in their own markup."""

    kind: ClassVar[str] = "pages"
    row: ClassVar[type[Row]] = Page


@dataclass(frozen=True)
class Corpus(RowArtifact[Document]):
    """Cleaned documents to train on."""

    kind: ClassVar[str] = "corpus"
    row: ClassVar[type[Row]] = Document


@dataclass(frozen=True)
class CleanedCorpus(Corpus):
    """A corpus with the report of what cleaning removed: loss.html (one static page) and loss.json."""

    shown: ClassVar[tuple[str, ...]] = ("loss.html", "loss.json")


@dataclass(frozen=True)
class Chats(RowArtifact[Chat]):
    """Chats with reference answers, each in the train, test or other split."""

    kind: ClassVar[str] = "chats"
    row: ClassVar[type[Row]] = Chat

    def of(self, *splits: Split) -> list[Chat]:
        """The chats of these splits, in order."""
        return [chat for chat in self.rows() if chat.split in splits]


@dataclass(frozen=True)
class Answers(RowArtifact[Answer]):
    """Generated samples, one a row."""

    kind: ClassVar[str] = "answers"
    row: ClassVar[type[Row]] = Answer


@dataclass(frozen=True)
class Checkpoint(Artifact):
    """A model and its tokenizer in the Hugging Face layout (safetensors)."""

    kind: ClassVar[str] = "checkpoint"


@dataclass(frozen=True)
class Adapter(Artifact):
    """LoRA weights in the peft layout, to be used with the checkpoint they were trained on."""

    kind: ClassVar[str] = "adapter"


@dataclass(frozen=True)
class Scores(Artifact):
    """scores.json (accuracies with intervals, paired differences) and judgements.jsonl.zst (one row an answer)."""

    kind: ClassVar[str] = "scores"


@dataclass(frozen=True)
class Report(Artifact):
    """report.html (one static page) and metrics.json."""

    kind: ClassVar[str] = "report"
    shown: ClassVar[tuple[str, ...]] = ("report.html", "metrics.json")
