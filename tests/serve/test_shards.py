"""Answers made in shards are the bytes of those made in one go."""

from pathlib import Path

import pytest

from jobs.generate import generate
from tests.serve.models import make_chats
from tests.serve.test_generate import SAMPLED
from tsugiki.artifact import Artifact, Record
from tsugiki.errors import BadInput
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Answers, Chats, Checkpoint
from tsugiki.rows import Chat, Message
from tsugiki.stage import Call
from tsugiki.store import Store, hash_directory, open_store

SHARDS = 3


def put(store: Store, artifact: Artifact, files: Path) -> None:
    """Commit a directory as an artifact."""
    found = hash_directory(files)
    record = Record(
        kind=artifact.kind, stage="test", version=1, config={}, inputs={}, files=found, started="", seconds=0
    )
    with store.attempt(artifact.address) as attempt:
        for path in files.iterdir():
            (attempt.output / path.name).write_bytes(path.read_bytes())
        store.commit(artifact.address, attempt.output, record.model_dump_json().encode(), found)


def chats() -> list[Chat]:
    """Questions of which one is too long for the model."""
    long = Message(role="user", content="作品1の監督は誰ですか。" * 400)
    return [*make_chats(9), Chat(id="long", messages=(long,), fact="long")]


def call_in(store: Store, llama: Path, tmp_path: Path) -> Call[Answers]:
    from tsugiki.rowfile import RowWriter

    model, asked = Checkpoint.at("checkpoint/test-1"), Chats.at("chats/test-1")
    put(store, model, llama)
    rows = tmp_path / "rows"
    rows.mkdir(parents=True)
    with RowWriter(rows, "rows") as writer:
        for chat in chats():
            writer.write(chat)
    put(store, asked, rows)
    return generate.call(model, asked, SAMPLED)


def test_shards_joined_are_the_bytes_of_one_go(llama: Path, tmp_path: Path) -> None:
    whole, split = open_store(str(tmp_path / "whole")), open_store(str(tmp_path / "split"))
    call = call_in(whole, llama, tmp_path / "a")
    expected = execute(call, whole, Conditions()).record
    call = call_in(split, llama, tmp_path / "b")
    parts = [execute(part, split, Conditions()).record for part in call.split(SHARDS)]
    assert sum(part.metrics["rows"] for part in parts) == expected.metrics["rows"]
    assert all(part.metrics["rows"] for part in parts)
    record = execute(call.joined(SHARDS), split, Conditions()).record
    assert record.files == expected.files
    assert record.metrics == expected.metrics
    assert record.metrics["rejected"] == {"prompt_too_long": 1}
    assert record.attempts == SHARDS + 1
    assert record.seconds >= max(part.seconds for part in parts)
    assert list(split.list("answers/")) == [call.address], "parts are removed once they are joined"
    part = call.split(SHARDS)[0]
    assert execute(part, split, Conditions()).record == record, "a part is not made again where the whole exists"


def test_nothing_is_joined_before_every_part_exists(llama: Path, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    call = call_in(store, llama, tmp_path / "a")
    execute(call.split(SHARDS)[0], store, Conditions())
    with pytest.raises(BadInput, match=r"no artifact answers/generate-[0-9a-f]{16}\.1-of-3"):
        execute(call.joined(SHARDS), store, Conditions())
