"""Chats from rows: `messages` rows and question/answer rows, each checked, the bad ones set aside with a reason."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast, get_args

from tsugiki.chats.config import ChatsConfig
from tsugiki.chats.source import InvalidRow, RawRow, parse_object, read_source
from tsugiki.errors import BadInput
from tsugiki.rows import Chat, Message, Rejected, Role, Split

QUESTION_KEYS = ("question", "質問")
ANSWER_KEYS = ("answer", "回答")
SHOWN = 400
SHOWN_IN_ERROR = 60
DUPLICATE = "duplicate"


def read_chats(path: Path, config: ChatsConfig) -> Iterator[Chat | Rejected]:
    """Yield the chats of a file in its order, streaming; what cannot be used comes as `Rejected` with its line.

    A row is `{"messages": [{"role", "content", "thinking"?}]}` or `{"question", "answer"}` (also 質問, 回答; the answer
    may be a list of accepted answers, of which the first is trained). Optional columns: id, split, references, and
    those that the configuration names for fact and domain. Without an id, a chat is named by a digest of its
    messages, which stays when rows are added or moved. `fact` is empty where the row names none: `split_by_fact`
    fills it. A chat said twice, and another chat under a known id, are set aside.

    Rows have been yielded when a fault is found: keep nothing of an iteration that raised.

    Raises:
        BadInput: the file is missing, damaged or of an unknown kind, holds no row, or holds more unusable rows
            (duplicates do not count) than `max_rejected_share` allows.
    """
    said: set[bytes] = set()
    ids: set[str] = set()
    rows = unusable = 0
    first: Rejected | None = None
    for raw in read_source(path):
        rows += 1
        try:
            chat = _chat(parse_object(raw.content), config)
            _check_new(chat, said, ids)
        except InvalidRow as error:
            rejected = _rejected(path, raw, error)
            if error.reason != DUPLICATE:
                unusable += 1
                first = first or rejected
            yield rejected
        else:
            yield chat
    if not rows:
        raise BadInput(f"{path} holds no row; give a file with chats or questions")
    if first and unusable > config.max_rejected_share * rows:
        raise BadInput(
            f"{path}: {unusable} of {rows} rows cannot be used, more than max_rejected_share = "
            f"{config.max_rejected_share}; the first is {_place(first)} ({first.reason}: {first.detail}); "
            "repair the file or raise the share"
        )


def _place(row: Rejected) -> str:
    return f"line {row.line}" if row.line else row.content[:SHOWN_IN_ERROR]


def _rejected(path: Path, raw: RawRow, error: InvalidRow) -> Rejected:
    content = raw.content.decode(errors="replace").strip()[:SHOWN]
    return Rejected(source=path.name, line=raw.line, reason=error.reason, detail=str(error), content=content)


def _check_new(chat: Chat, said: set[bytes], ids: set[str]) -> None:
    digest = _digest(chat.messages)
    if digest in said:
        raise InvalidRow(DUPLICATE, "the same messages were read before")
    if chat.id in ids:
        raise InvalidRow("duplicate_id", f"another chat has the id {chat.id!r}")
    said.add(digest)
    ids.add(chat.id)


def _digest(messages: Iterable[Message]) -> bytes:
    said = [message.model_dump(exclude_none=True) for message in messages]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).digest()[:8]


def _chat(row: dict[str, Any], config: ChatsConfig) -> Chat:
    messages, references = _messages(row)
    stated = {"split": _split(row["split"])} if row.get("split") is not None else {}
    return Chat(
        id=_name(row, "id") or _digest(messages).hex(),
        messages=tuple(messages),
        fact=_name(row, config.fact_key) or "",
        domain=_name(row, config.domain_key) or config.domain,
        references=tuple(references),
        **stated,
    )


def _split(value: Any) -> Split:
    if value not in get_args(Split):
        raise InvalidRow("invalid_split", f"split is {value!r}, not one of {', '.join(get_args(Split))}")
    return cast("Split", value)


def _name(row: dict[str, Any], key: str | None) -> str | None:
    value = row.get(key) if key else None
    if value is None or isinstance(value, str):
        return value.strip() if value else None
    if isinstance(value, int):
        return str(value)
    raise InvalidRow("invalid_value", f"{key} is a {type(value).__name__}, not text")


def _messages(row: dict[str, Any]) -> tuple[list[Message], list[str]]:
    """The turns and the accepted answers; an empty list of answers stands for the last turn."""
    stated = _texts(row["references"], "references") if row.get("references") else []
    if "messages" in row:
        return _turns(row["messages"]), stated
    asked, answered = _key(row, QUESTION_KEYS, "question"), _key(row, ANSWER_KEYS, "answer")
    question, answers = _text(row[asked], asked), _texts(row[answered], answered)
    references = stated or answers
    turns = [Message(role="user", content=question), Message(role="assistant", content=answers[0])]
    return turns, references if references != answers[:1] else []


def _key(row: dict[str, Any], keys: tuple[str, ...], what: str) -> str:
    for key in keys:
        if key in row:
            return key
    raise InvalidRow("missing_key", f"no {what}: the row has none of messages, {', '.join(keys)}")


def _text(value: Any, key: str) -> str:
    if not isinstance(value, str):
        raise InvalidRow("invalid_value", f"{key} is a {type(value).__name__}, not text")
    if not value.strip():
        raise InvalidRow("empty_text", f"{key} is empty")
    return value.strip()


def _texts(value: Any, key: str) -> list[str]:
    """One text or a list of them, each once."""
    if value == []:
        raise InvalidRow("empty_text", f"{key} is an empty list")
    return list(dict.fromkeys(_text(item, key) for item in (value if isinstance(value, list) else [value])))


def _turns(messages: Any) -> list[Message]:
    """Turns in the order system?, (user, assistant)+."""
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise InvalidRow("invalid_value", "messages is not a list of objects")
    turns = [_turn(message) for message in messages]
    roles = [turn.role for turn in turns]
    spoken = roles[1:] if roles[:1] == ["system"] else roles
    if not spoken or spoken != ["user", "assistant"] * (len(spoken) // 2):
        raise InvalidRow("wrong_roles", f"roles are {', '.join(roles)}; need system?, (user, assistant)+")
    return turns


def _turn(message: dict[str, Any]) -> Message:
    role = message.get("role")
    if role not in get_args(Role):
        raise InvalidRow("wrong_roles", f"role is {role!r}, not one of {', '.join(get_args(Role))}")
    if "content" not in message:
        raise InvalidRow("missing_key", f"a message of {role} has no content")
    thinking = _text(message["thinking"], "thinking") if message.get("thinking") else None
    return Message(role=role, content=_text(message["content"], "content"), thinking=thinking)
