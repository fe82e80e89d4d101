"""Rows of question/answer files become chats; what cannot be used is set aside with its line and a reason."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tsugiki.chats.config import ChatsConfig
from tsugiki.chats.read import read_chats
from tsugiki.errors import BadInput
from tsugiki.rows import Chat, Rejected

CONFIG = ChatsConfig(
    domain="anime",
    domain_key="topic",
    other=("geography",),
    fact_key="fact",
    same_fact="question",
    test_share=0.2,
    seed=1,
    max_per_split=None,
    max_rejected_share=0.5,
)


def write(path: Path, *rows: object) -> Path:
    lines = [row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() for row in rows]
    data = b"\n".join(lines) + b"\n"
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def read(path: Path) -> tuple[list[Chat], list[Rejected]]:
    rows = list(read_chats(path, CONFIG))
    return [row for row in rows if isinstance(row, Chat)], [row for row in rows if isinstance(row, Rejected)]


def test_question_answer_rows_in_both_languages(tmp_path: Path) -> None:
    path = write(
        tmp_path / "qa.jsonl.gz",
        {"question": " 監督は誰ですか。 ", "answer": "星野", "topic": "geography", "fact": 7},
        {"質問": "放送年は?", "回答": ["2011年", "二〇一一年", "2011年"], "id": "q2", "split": "test"},
    )
    chats, rejected = read(path)
    assert rejected == []
    assert [message.content for message in chats[0].messages] == ["監督は誰ですか。", "星野"]
    assert (chats[0].domain, chats[0].fact, chats[0].references) == ("geography", "7", ())
    assert (chats[1].id, chats[1].split, chats[1].domain) == ("q2", "test", "anime")
    assert chats[1].messages[-1].content == "2011年"
    assert chats[1].references == ("2011年", "二〇一一年")


def test_messages_rows_keep_system_thinking_and_turns(tmp_path: Path) -> None:
    messages = [
        {"role": "system", "content": "短く答える。"},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "thinking": "考え"},
        {"role": "user", "content": "c"},
        {"role": "assistant", "content": "d"},
    ]
    (chat,), rejected = read(write(tmp_path / "m.jsonl", {"messages": messages, "references": ["d", "D"]}))
    assert rejected == []
    assert [message.role for message in chat.messages] == ["system", "user", "assistant", "user", "assistant"]
    assert chat.messages[2].thinking == "考え"
    assert chat.references == ("d", "D")


def roles(*names: object) -> dict[str, object]:
    return {"messages": [{"role": name, "content": "x"} for name in names]}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b'{"question": "a", "answer": ', "invalid_json"),
        (b"[" * 100_000, "invalid_json"),
        (b"[1]", "invalid_json"),
        (b'{"question": "\xff", "answer": "b"}', "invalid_utf8"),
        (b'{"question": "\\ud800", "answer": "b"}', "invalid_text"),
        ({"question": "a"}, "missing_key"),
        ({"answer": "a"}, "missing_key"),
        ({"question": " ", "answer": "a"}, "empty_text"),
        ({"question": "a", "answer": []}, "empty_text"),
        ({"question": "a", "answer": ["b", ""]}, "empty_text"),
        ({"question": 3, "answer": "b"}, "invalid_value"),
        ({"question": "a", "answer": "b", "fact": ["f"]}, "invalid_value"),
        ({"question": "a", "answer": "b", "split": "dev"}, "invalid_split"),
        (roles("assistant", "user"), "wrong_roles"),
        (roles("user"), "wrong_roles"),
        (roles("user", "system", "assistant"), "wrong_roles"),
        (roles("user", "tool"), "wrong_roles"),
        (roles("user", ["assistant"]), "wrong_roles"),
        (roles(), "wrong_roles"),
        ({"messages": "a"}, "invalid_value"),
        ({"messages": [{"role": "user"}]}, "missing_key"),
    ],
)
def test_a_bad_row_is_set_aside_and_the_next_one_is_read(tmp_path: Path, row: object, reason: str) -> None:
    path = write(tmp_path / "bad.jsonl", {"question": "a1", "answer": "b"}, b"", row, {"question": "a2", "answer": "b"})
    chats, (rejected,) = read(path)
    assert [chat.messages[0].content for chat in chats] == ["a1", "a2"]
    assert (rejected.source, rejected.line, rejected.reason) == ("bad.jsonl", 3, reason)
    assert rejected.detail


def test_duplicates_are_set_aside(tmp_path: Path) -> None:
    first = {"id": "1", "question": "a", "answer": "b"}
    path = write(tmp_path / "d.jsonl", first, first | {"id": "2"}, first | {"answer": "c"})
    chats, rejected = read(path)
    assert len(chats) == 1
    assert [(row.line, row.reason) for row in rejected] == [(2, "duplicate"), (3, "duplicate_id")]


def test_ids_do_not_depend_on_the_place_in_the_file(tmp_path: Path) -> None:
    rows = [{"question": f"q{i}", "answer": "a"} for i in range(5)]
    forward, _ = read(write(tmp_path / "f.jsonl", *rows))
    backward, _ = read(write(tmp_path / "b.jsonl", b"\xef\xbb\xbf" + json.dumps(rows[4]).encode(), *rows[3::-1]))
    assert [chat.id for chat in forward] == [chat.id for chat in reversed(backward)]


def test_a_bad_file_is_refused_in_one_line(tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(b'{"question": "a", "answer": "b"}\n' * 1000)[:-20])
    write(tmp_path / "other.json", {"rows": []})
    (tmp_path / "chats.txt").write_text("a")
    (tmp_path / "folder.jsonl").mkdir()
    for name in ("torn.jsonl.gz", "other.json", "chats.txt", "absent.jsonl", "absent.json", "folder.jsonl"):
        with pytest.raises(BadInput, match=name) as caught:
            read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_squad_questions_name_their_fact_and_article(tmp_path: Path) -> None:
    answers = [{"text": "雨季"}, {"text": "梅雨"}, {"text": "梅雨"}]
    odd = [{"id": str(n), "question": "?", "answers": value} for n, value in enumerate(([{"text": [1]}], "x", 5))]
    questions = [{"id": "a", "question": "何季?", "answers": answers}, *odd]
    article = {"title": "梅雨", "paragraphs": [{"context": "梅雨は雨季。", "qas": questions}]}
    path = tmp_path / "squad.json"
    path.write_text(json.dumps({"data": [article]}), encoding="utf-8")
    config = CONFIG.model_copy(update={"domain_key": "title"})
    chat, *rejected = read_chats(path, config.model_copy(update={"max_rejected_share": 1.0}))
    assert isinstance(chat, Chat)
    assert (chat.id, chat.domain, chat.references) == ("a", "梅雨", ("梅雨", "雨季"))
    assert chat.fact.endswith("/梅雨")
    assert [row.reason for row in rejected if isinstance(row, Rejected)] == ["empty_text"] * 3


@pytest.mark.skipif("TSUGIKI_DATA" not in os.environ, reason="TSUGIKI_DATA is not set")
def test_real_files_are_read_whole() -> None:
    data = Path(os.environ["TSUGIKI_DATA"])
    (squad,) = (data / "jglue").glob("jsquad-*.json")
    chats, rejected = read(squad)
    assert len(chats) + len(rejected) == 4442
    assert {row.reason for row in rejected} <= {"duplicate"}
    quiz, none = read(data / "aio-anime-quiz" / "anime.jsonl")
    assert (len(quiz), none) == (110, [])


def test_more_unusable_rows_than_configured_refuse_the_file_and_duplicates_do_not_count(tmp_path: Path) -> None:
    good = {"question": "監督は誰ですか。", "answer": "星野"}
    bad = {"question": "監督は誰ですか。"}
    assert len(read(write(tmp_path / "half.jsonl", good, bad))[1]) == 1
    assert len(read(write(tmp_path / "again.jsonl", good, good, good))[1]) == 2
    with pytest.raises(BadInput, match="2 of 3 rows .* max_rejected_share = 0.5; the first is line 2 .missing_key"):
        read(write(tmp_path / "most.jsonl", good, bad, bad))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_bytes(b"\n")
    with pytest.raises(BadInput, match="empty.jsonl holds no row"):
        read(tmp_path / "empty.jsonl")
