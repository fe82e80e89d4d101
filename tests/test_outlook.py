"""What a workflow has still to do: one line a task, and what a stage can tell once its inputs exist."""

import threading
from collections.abc import Sequence
from pathlib import Path

from tests.toys import UpperConfig, WriteConfig, write_pages
from tsugiki.artifact import Metrics
from tsugiki.execute import Conditions, execute
from tsugiki.kinds import Corpus, Pages
from tsugiki.outlook import outlook
from tsugiki.plan import NOW, Plan
from tsugiki.stage import Resources, stage
from tsugiki.store import Store, open_store


@stage(image="data", resources=Resources())
def told_corpus(out: Corpus, pages: Pages, config: UpperConfig) -> Metrics:
    """Make nothing, but tell beforehand."""
    return out.write(()).metrics() | {"remembered": (out.work.path / "told").read_text(encoding="utf-8")}


@told_corpus.planned_by
def tell(out: Corpus, pages: Pages, config: UpperConfig) -> Sequence[str]:
    """Count the pages, and remember it."""
    (out.work.path / "told").write_text(f"{len(list(pages.rows()))} pages", encoding="utf-8")
    out.work.save("told")
    return ["pages: 2", f"suffix: {config.suffix}"]


def traced() -> Plan:
    plan = Plan()
    pages = plan(write_pages, WriteConfig(texts=("a", "b")))
    plan(told_corpus, pages, UpperConfig(suffix="!"))
    plan["late"](told_corpus, plan["late"](write_pages, WriteConfig(texts=(NOW,))), UpperConfig(suffix="?"))
    return plan


def lines(plan: Plan, store: Store) -> list[str]:
    return list(outlook(plan, store, threading.Event()))


LATE = [
    "write_pages.late: to make, at an address that depends on when it runs",
    "told_corpus.late: to make, at an address that depends on when it runs",
]


def test_a_stage_is_asked_once_its_inputs_exist_and_finds_again_what_it_saved(tmp_path: Path) -> None:
    plan, store = traced(), open_store(str(tmp_path))
    pages, corpus, *_ = (task.call for task in plan.tasks.values())
    assert lines(plan, store) == [
        f"write_pages: to make, {pages.address}",
        f"told_corpus: to make, {corpus.address}",
        *LATE,
    ]
    execute(pages, store, Conditions())
    asked = [
        f"write_pages: exists, {pages.address}",
        f"told_corpus: to make, {corpus.address}",
        "  pages: 2",
        "  suffix: !",
        *LATE,
    ]
    assert lines(plan, store) == asked
    assert lines(plan, store) == asked
    assert execute(corpus, store, Conditions()).record.metrics["remembered"] == "2 pages"
    assert lines(plan, store)[1] == f"told_corpus: exists, {corpus.address}"
