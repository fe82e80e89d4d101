"""One attempt at one artifact: cached, atomic, one winner, nothing left behind."""

import json
import threading
from pathlib import Path

import pytest

from tests.toys import UpperConfig, WriteConfig, join_corpora, upper_corpus, write_pages
from tsugiki.artifact import Record
from tsugiki.errors import BadInput, Preempted, TsugikiError
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Corpus, Pages
from tsugiki.stage import Resources, Stage
from tsugiki.store import Store, open_store

UPPER = UpperConfig(suffix="!", min_chars=2)
QUIET = Conditions()


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store over a directory and one over a real S3 server."""
    root = str(tmp_path / "store") if request.param == "directory" else request.getfixturevalue("s3_root")
    return open_store(root, cache=tmp_path / "cache")


def make_pages(store: Store, *texts: str) -> Pages:
    call = write_pages.call(WriteConfig(texts=texts))
    execute(call, store, QUIET)
    return call.output


def test_record_says_what_was_computed_from_what(store: Store) -> None:
    pages = make_pages(store, "abc", "x")
    call = upper_corpus.call(pages, UPPER)
    record = execute(call, store, QUIET).record
    assert (record.kind, record.stage, record.version) == ("corpus", "upper_corpus", 1)
    assert record.config == {"suffix": "!", "min_chars": 2}
    assert record.inputs == {"pages": pages.address}
    assert record.metrics == {"rows": 1, "rejected": {"short": 1}}
    assert set(record.files) == {"rows-00000.jsonl.zst", "rejected-00000.jsonl.zst"}
    assert record.provenance["commit"]
    opened = Corpus.open(store, call.address)
    assert [row.text for row in opened.rows()] == ["ABC!"]
    assert [(row.source, row.reason) for row in opened.rejected()] == [("page 1", "short")]
    assert [item.address for item in opened.lineage()] == [pages.address, call.address]


def test_an_input_of_many_keeps_its_order(store: Store) -> None:
    first = upper_corpus.call(make_pages(store, "one"), UPPER)
    second = upper_corpus.call(make_pages(store, "two"), UPPER)
    for call in (first, second):
        execute(call, store, QUIET)
    joined = join_corpora.call((second.output, first.output), UpperConfig(suffix="."))
    execute(joined, store, QUIET)
    assert [row.text for row in Corpus.open(store, joined.address).rows()] == ["TWO!.", "ONE!."]


def test_an_artifact_leads_to_its_inputs_and_to_what_a_stage_made_in_its_store(store: Store) -> None:
    first, second = make_pages(store, "one"), make_pages(store, "two")
    calls = [upper_corpus.call(pages, UPPER) for pages in (first, second)]
    joined = join_corpora.call((calls[1].output, calls[0].output), UPPER)
    for call in (*calls, joined):
        execute(call, store, QUIET)
    opened = Corpus.open(store, joined.address)
    assert [item.address for item in opened.made_from(Corpus, "corpora")] == [calls[1].address, calls[0].address]
    made = opened.stored(Corpus, made_by="upper_corpus")
    assert [item.address for item in made] == sorted(call.address for call in calls)
    assert {row.text for item in made for row in item.rows()} == {"ONE!", "TWO!"}
    assert opened.stored(Pages, made_by="upper_corpus") == ()
    with pytest.raises(BadInput, match="is not the address of a pages"):
        opened.made_from(Pages, "corpora")
    store.delete(calls[0].address)
    with pytest.raises(BadInput, match=f"no artifact {calls[0].address}"):
        opened.made_from(Corpus, "corpora")


def test_a_finished_address_is_not_computed_again(store: Store) -> None:
    pages = make_pages(store, "abc")
    call = upper_corpus.call(pages, UPPER)
    first = execute(call, store, QUIET).record

    def fails(out: Corpus, pages: Pages, config: UpperConfig) -> dict[str, object]:
        raise AssertionError("computed again")

    fails.__name__ = "upper_corpus"
    again = Stage(fails, "data", Resources(), 1).call(pages, UPPER)
    assert again.address == call.address
    assert execute(again, store, QUIET).record == first


def test_a_failing_stage_leaves_nothing(store: Store) -> None:
    call = write_pages.call(WriteConfig(texts=("a", "")))
    with pytest.raises(BadInput, match="a text is empty"):
        execute(call, store, QUIET)
    assert list(store.list()) == []
    with pytest.raises(BadInput, match="run the stage that makes it first"):
        Pages.open(store, call.address)


def test_a_missing_input_is_named(store: Store) -> None:
    call = upper_corpus.call(Pages.at("pages/write_pages-0000000000000000"), UPPER)
    with pytest.raises(BadInput, match="no artifact pages/write_pages-0000000000000000"):
        execute(call, store, QUIET)


def test_a_stage_told_to_stop_leaves_nothing_and_can_be_run_again(store: Store) -> None:
    stop = threading.Event()
    stop.set()
    call = write_pages.call(WriteConfig(texts=("abc",)))
    with pytest.raises(Preempted):
        execute(call, store, Conditions(stop=stop))
    assert list(store.list()) == []
    assert execute(call, store, QUIET).record.metrics == {"rows": 1, "rejected": {}}


def test_writers_at_once_end_with_one_record(store: Store) -> None:
    pages = make_pages(store, *(f"text {number}" for number in range(50)))
    call = upper_corpus.call(pages, UPPER)
    records: list[Record] = []
    writers = [threading.Thread(target=lambda: records.append(execute(call, store, QUIET).record)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(records) == 4
    assert all(record == records[0] for record in records)


def test_another_record_at_the_address_is_an_error(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    pages = make_pages(store, "abc")
    call = upper_corpus.call(pages, UPPER)
    execute(call, store, QUIET)
    path = tmp_path / call.address / "_RECORD.json"
    record = json.loads(path.read_text())
    path.write_text(json.dumps(record | {"inputs": {"pages": "pages/other-1"}}))
    with pytest.raises(TsugikiError, match="holds another artifact: its inputs is"):
        execute(call, store, QUIET)


def test_a_damaged_artifact_is_not_a_hit(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    call = write_pages.call(WriteConfig(texts=("abc",)))
    execute(call, store, QUIET)
    (tmp_path / call.address / "rows-00000.jsonl.zst").write_bytes(b"short")
    with pytest.raises(TsugikiError, match="rows-00000.jsonl.zst has 5 bytes"):
        execute(call, store, QUIET)


def test_a_damaged_input_is_refused_before_it_is_used(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    pages = make_pages(store, "abc")
    rows = tmp_path / pages.address / "rows-00000.jsonl.zst"
    whole = rows.read_bytes()
    rows.write_bytes(whole[:-3])
    with pytest.raises(TsugikiError, match="rows-00000.jsonl.zst has"):
        execute(upper_corpus.call(pages, UPPER), store, QUIET)
    header = 9  # its bits may change without changing what is read; every later byte counts
    for position in range(header, len(whole)):
        rows.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(TsugikiError):
            execute(upper_corpus.call(pages, UPPER), store, QUIET)
    rows.write_bytes(whole)
    assert execute(upper_corpus.call(pages, UPPER), store, QUIET).record.metrics["rows"] == 1
