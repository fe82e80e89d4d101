"""What records tell of the runs that made them: which one, with what, and at what cost."""

from pathlib import Path

import pytest

from tests.toys import UpperConfig, WriteConfig, upper_corpus, write_pages
from tsugiki.artifact import Metrics, Record
from tsugiki.attempts import Allotment
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Corpus, Pages
from tsugiki.lineage import Lineage
from tsugiki.local import Outcome
from tsugiki.log import RUN_VARIABLE
from tsugiki.prices import Prices
from tsugiki.provenance import IMAGE_VARIABLE
from tsugiki.results import cost_line
from tsugiki.rows import Page
from tsugiki.stage import Resources, stage
from tsugiki.store import Store, open_store

PAGES = WriteConfig(texts=("one",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


def test_what_an_earlier_run_made_is_told_from_what_this_one_made(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = write_pages.call(PAGES)
    corpus = upper_corpus.call(pages.output, UpperConfig(suffix="!"))
    for run, call in (("first", pages), ("second", corpus)):
        monkeypatch.setenv(RUN_VARIABLE, run)
        execute(call, store, Conditions(allotment=Allotment(cpus=4.0, gpus=2)))
    arms = {"base": Corpus.open(store, corpus.address)}
    stages = Lineage(arms, "second").stages([])
    assert [(stage.name, stage.cached) for stage in stages] == [("write_pages", True), ("upper_corpus", False)]
    assert all(0 < stage.seconds < stage.gpu_seconds < stage.cpu_seconds for stage in stages)
    assert [stage.cached for stage in Lineage(arms).stages([])] == [None, None]
    assert Lineage(arms).provenance()["run"] == "first; second"


@stage(image="data", resources=Resources(shards=2))
def part_pages(out: Pages, config: WriteConfig) -> Metrics:
    """Write the pages of one part."""
    return out.write(Page(title=text, text=text) for text in config.texts).metrics()


@part_pages.joined_by
def join_pages(out: Pages, parts: tuple[Pages, ...], config: WriteConfig) -> Metrics:
    """Write the pages of all parts."""
    return out.write(row for part in parts for row in part.rows()).metrics()


def test_a_joined_artifact_has_the_provenance_of_its_parts_and_the_run_that_joined_them(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = part_pages.call(PAGES)
    for call, image in zip((*whole.split(2), whole.joined(2)), ("old", "new", "light"), strict=True):
        monkeypatch.setenv(IMAGE_VARIABLE, image)
        monkeypatch.setenv(RUN_VARIABLE, f"run of {image}")
        record = execute(call, store, Conditions()).record
    assert record.provenance["image"] == "old; new"
    assert record.provenance["run"] == "run of light"


def test_the_cost_of_a_run_leaves_out_what_was_made_before(store: Store) -> None:
    record = execute(write_pages.call(PAGES), store, Conditions()).record
    outcomes = {name: Outcome(hours(record, cpus), cached) for name, cpus, cached in (("a", 3, True), ("b", 1, False))}
    line = cost_line(outcomes, Prices(currency="EUR", cpu_hour=2.0))
    assert line == "cost: 2.00 EUR in this run, 8.00 EUR for everything behind the report"


def hours(record: Record, cpus: int) -> Record:
    return record.model_copy(update={"cpu_seconds": cpus * 3600.0})
