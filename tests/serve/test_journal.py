"""The journal keeps every whole line through a kill in the middle of one."""

from pathlib import Path

from tsugiki.rows import Answer, Rejected
from tsugiki.serve.journal import SEGMENT_BYTES, Journal
from tsugiki.work import Work

ROWS = {
    f"0/chat{i}": Answer(id=f"chat{i}", text=f"東京\n{i}", finish="stop", prompt_tokens=1, output_tokens=i)
    for i in range(3)
} | {"0/bad": Rejected(source="bad", reason="engine_refused")}


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    Journal(Work(tmp_path)).append(ROWS)
    journal = Journal(Work(tmp_path))
    assert {key: journal[key] for key in ROWS} == ROWS
    assert "0/other" not in journal


def test_a_kill_in_a_line_keeps_the_lines_before_and_the_journal_goes_on(tmp_path: Path) -> None:
    Journal(Work(tmp_path)).append(ROWS)
    file = tmp_path / "answers-00000.jsonl"
    whole = file.read_bytes()
    for end in range(0, len(whole) + 1, 5):
        file.write_bytes(whole[:end])
        journal = Journal(Work(tmp_path))
        kept = whole[:end].count(b"\n")
        assert [key in journal for key in ROWS] == [index < kept for index in range(4)]
        journal.append({key: row for key, row in ROWS.items() if key not in journal})
        assert file.read_bytes() == whole


def test_zeros_left_by_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    Journal(Work(tmp_path)).append(ROWS)
    file = tmp_path / "answers-00000.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + b"\0" * 100 + b"\n")
    journal = Journal(Work(tmp_path))
    assert all(key in journal for key in ROWS)
    assert file.read_bytes() == whole


def test_a_long_journal_is_published_in_small_parts(tmp_path: Path) -> None:
    long = {key: row.model_copy(update={"text": "x" * (SEGMENT_BYTES // 2)}) for key, row in ROWS.items()}
    published: list[tuple[str, ...]] = []
    journal = Journal(Work(tmp_path, publish=published.append))
    for key, row in long.items():
        journal.append({key: row})
    journal.save()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert len(files) == 2
    assert published == [(name,) for name in files]
    again = Journal(Work(tmp_path))
    assert {key: again[key] for key in long} == long
