"""Collecting by one command: what is planned, what is made, and that training finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.render_all import stand_ins
from tests.wiki.faulty_proxy import standing_before
from tests.wiki.made_wiki import MadeWiki
from tsugiki.cli import main
from tsugiki.kinds import Corpus
from tsugiki.recipe import load_recipe, load_workflow, recipe_path, recipe_workflow
from tsugiki.store import open_store

TREE = 'crawl_wiki.tree={roots=["作品"], depth=2, allow=[], deny=[]}'


@pytest.fixture
def wiki() -> MadeWiki:
    wiki = MadeWiki()
    wiki.add_category("作品")
    wiki.add_category("映画", "作品")
    for number in range(3):
        wiki.add(f"頁{number}", f"'''頁{number}'''は[[映画]]である。" * 10, "映画")
    return wiki


def command(name: str, api: str, tmp_path: Path, *more: str) -> list[str]:
    settings = [TREE, f"crawl_wiki.api={api}", "crawl_wiki.contact=ops@wiki.invalid"]
    settings.append("crawl_wiki.requests_per_minute=1e9")
    given = [part for setting in settings for part in ("--set", setting)]
    return [name, "collect", "--recipe", "anime_ja", "--root", str(tmp_path / "store"), *given, *more]


def test_a_tree_is_planned_collected_and_cleaned_without_asking_twice(
    wiki: MadeWiki, api: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command("plan", api, tmp_path)) == 0
    planned = capsys.readouterr().out
    assert len(wiki.requests) == 3
    assert main(command("run", api, tmp_path, "--out", str(tmp_path / "out"))) == 0
    assert len(wiki.requests) == 4
    capsys.readouterr()
    assert main(command("plan", api, tmp_path)) == 0
    made = capsys.readouterr().out
    assert len(wiki.requests) == 4

    lines = planned.splitlines()
    assert [line.partition(",")[0] for line in (lines[0], lines[-1])] == [
        "crawl_wiki: to make",
        "clean_corpus: to make",
    ]
    assert any(line.split()[:2] == ["pages", "3,"] for line in lines)
    assert [line.partition(",")[0] for line in made.splitlines()] == ["crawl_wiki: exists", "clean_corpus: exists"]
    corpus = Corpus.open(open_store(str(tmp_path / "store")), made.splitlines()[1].partition(", ")[2])
    rows = list(corpus.rows())
    assert [row.title for row in rows] == ["頁0", "頁1", "頁2"]
    assert rows[0].text.startswith("頁0は映画である。")
    assert rows[0].provenance.attribution == (
        "Wikipedia contributors, 頁0, http://wiki.invalid/wiki/Special:PermanentLink/1003"
    )


def test_whoever_watches_hears_why_nothing_gets_on(
    api: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with standing_before(api, ["503"]) as proxy:
        assert main(command("plan", proxy.url, tmp_path)) == 0
        heard = f"crawl_wiki: {proxy.url} answers 503; to be asked again in 1 s"
        assert heard in capsys.readouterr().err.splitlines()
        proxy.expect("503")
        assert main(command("run", proxy.url, tmp_path, "--out", str(tmp_path / "out"))) == 0
        assert heard in capsys.readouterr().err.splitlines()


def test_without_a_contact_nothing_is_asked(
    wiki: MadeWiki, api: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command("plan", api, tmp_path, "--set", "crawl_wiki.contact=")) == 2
    fault = capsys.readouterr().err
    assert "contact '' is no mail address and no URL" in fault
    assert "CONTACT=" in fault
    assert wiki.requests == []


def test_a_training_finds_the_pages_that_were_collected() -> None:
    addresses = []
    for name in ("anime_ja", "gpt_oss_20b_crawl"):
        workflow = load_workflow(recipe_workflow(name))
        text = recipe_path(name).read_text(encoding="utf-8")
        plan, _ = workflow.plan(load_recipe(name, workflow.recipe_type, stand_ins(text)))
        addresses.append([task.call.address for task in plan.tasks.values() if task.name.startswith(("cr", "cl"))])
    assert addresses[0] == addresses[1]
    assert len(addresses[0]) == 2
