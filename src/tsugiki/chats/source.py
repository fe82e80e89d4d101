"""Rows of a chat file, one dictionary each: JSONL lines, or the questions of a SQuAD file."""

import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tsugiki.errors import BadInput

BOM = b"\xef\xbb\xbf"


class InvalidRow(Exception):
    """A row cannot be used: `reason` is the short name of the rule, the message says what was wrong."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RawRow(NamedTuple):
    """One row as it stands in the file."""

    line: int | None
    """1-based line; None where rows are not lines."""
    content: bytes
    """UTF-8 JSON text of the row."""


def read_source(path: Path) -> Iterator[RawRow]:
    """Yield the rows of `*.jsonl`, `*.jsonl.gz` or, in SQuAD format, `*.json`, without checking them.

    Raises:
        BadInput: no file that can be read, another kind of file, a damaged archive, or a `.json` that is not SQuAD.
    """
    if path.is_dir():
        raise BadInput(f"{path}: a directory; name a .jsonl, .jsonl.gz or SQuAD .json file")
    if path.name.endswith(".json"):
        yield from _squad_rows(path)
    elif path.name.endswith((".jsonl", ".jsonl.gz")):
        yield from _lines(path)
    else:
        raise BadInput(f"{path}: unknown kind of file; name a .jsonl, .jsonl.gz or SQuAD .json file")


def parse_object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`.

    Raises:
        InvalidRow: not UTF-8, not JSON, not an object, or text that UTF-8 cannot hold (half of a surrogate pair).
    """
    try:
        row = json.loads(content.decode())
        if b"\\u" in content:
            json.dumps(row, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise InvalidRow("invalid_utf8", f"byte {error.start} of the row is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise InvalidRow("invalid_text", f"the text holds half of a surrogate pair: {error.reason}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRow("invalid_json", str(error)) from error
    if not isinstance(row, dict):
        raise InvalidRow("invalid_json", f"a {type(row).__name__} where an object is needed")
    return row


def _lines(path: Path) -> Iterator[RawRow]:
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                content = line.removeprefix(BOM) if number == 1 else line
                if content.strip():
                    yield RawRow(number, content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(f"{path}: the archive is damaged ({error}); fetch the file again") from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{path}: cannot be read ({error.strerror or error}); check the path and its rights")


def _open(path: Path) -> io.BufferedIOBase:
    return gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb")


def _squad_rows(path: Path) -> Iterator[RawRow]:
    """Each question of a SQuAD file as a flat row: id, title, question, answer (a list), fact."""
    try:
        articles = json.loads(path.read_bytes().removeprefix(BOM))["data"]
        questions = [
            (article["title"], paragraph["context"], question)
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        ]
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise BadInput(f"{path}: not a SQuAD file ({error!r}); use .jsonl for one object a line") from error
    for title, context, question in questions:
        yield RawRow(None, json.dumps(_flat(title, context, question), ensure_ascii=True).encode())


def _flat(title: Any, context: Any, question: Any) -> Any:
    if not isinstance(question, dict):
        return question
    answers = question.get("answers")
    found = [item.get("text") for item in answers if isinstance(item, dict)] if isinstance(answers, list) else []
    ranked = [text for text, _ in Counter(text for text in found if isinstance(text, str)).most_common()]
    paragraph = hashlib.sha256(str(context).encode(errors="replace")).hexdigest()[:12]
    row = {"title": title, "answer": ranked, "fact": f"{paragraph}/{ranked[0]}" if ranked else None}
    return row | {key: question[key] for key in ("id", "question") if key in question}
