"""A row as the line it is in a file: it passes from file to process and back without being read on the way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

from pydantic import ValidationError

from tsugiki.config import describe
from tsugiki.errors import BadInput
from tsugiki.rows import Row

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Packed(Generic[R]):
    """One row, not read yet."""

    row: type[R]
    line: bytes
    """Its JSON, without a line end."""
    path: Path | None = None
    """The file it is from; None for a row that was made here."""
    number: int = 0
    """Its line in that file, from 1."""

    @classmethod
    def of(cls, row: R) -> Self:
        """Pack a row."""
        return cls(type(row), row.model_dump_json(exclude_defaults=True).encode())

    def unpack(self) -> R:
        """The row.

        Raises:
            BadInput: the line is no row of this type; names its file and line.
        """
        try:
            return self.row.model_validate_json(self.line)
        except ValidationError as error:
            where = f"{self.path} line {self.number}" if self.path else repr(self.line[:80])
            raise BadInput(f"{where} is not a {self.row.__name__}: {describe(error)}") from error


def unpacked(row: R | Packed[R]) -> R:
    """A row, whether it was packed or not."""
    return row.unpack() if isinstance(row, Packed) else row
