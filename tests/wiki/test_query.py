"""Queries in parts: what is continued, put together, and left when it does not get on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from tsugiki.errors import TsugikiError
from tsugiki.wiki.api.query import MOST_PARTS, batches, merged


def test_parts_of_a_batch_are_put_together_each_item_once() -> None:
    redirects = [{"from": "別名", "to": "頁"}]
    parts = [
        {
            "redirects": redirects,
            "pages": [{"pageid": 1, "categories": [{"title": "甲"}]}, {"title": "無", "missing": True}],
        },
        {
            "redirects": redirects,
            "pages": [{"pageid": 1, "categories": [{"title": "乙"}]}, {"title": "無", "missing": True}],
        },
    ]
    assert merged(parts) == {
        "redirects": redirects,
        "pages": [{"pageid": 1, "categories": [{"title": "甲"}, {"title": "乙"}]}, {"title": "無", "missing": True}],
    }


def test_a_wiki_that_does_not_get_on_is_left_after_one_repetition() -> None:
    asked: list[Mapping[str, str]] = []

    def ask(params: Mapping[str, str]) -> dict[str, Any]:
        asked.append(params)
        return {"continue": {"rvcontinue": "1|2", "continue": "||"}, "query": {}}

    with pytest.raises(TsugikiError, match="does not get beyond .*'rvcontinue': '1|2'"):
        list(batches(ask, {}))
    assert len(asked) == 2


def test_a_wiki_that_goes_round_in_circles_is_left_too() -> None:
    numbers = count()

    def ask(_params: Mapping[str, str]) -> dict[str, Any]:
        return {"continue": {"gcmcontinue": str(next(numbers)), "continue": "||"}, "query": {}}

    with pytest.raises(TsugikiError, match="does not get beyond"):
        list(batches(ask, {}))
    assert next(numbers) == MOST_PARTS


def test_recorded_chains_are_continued_as_they_were(data: Path) -> None:
    folder = data / "api-generator-categorymembers"
    for chain in ("queryCategoryMembersByTimestamp", "queryPagesWithTemplate"):
        recorded = [json.loads(file.read_text()) for file in sorted((folder / "mappings" / chain).glob("*.json"))]
        rules = [item["request"]["queryParameters"].items() for item in recorded]
        asked = [{name: rule["equalTo"] for name, rule in item if "equalTo" in rule} for item in rules]
        bodies = [(folder / "__files" / item["response"]["bodyFileName"]).read_bytes() for item in recorded]
        requests: list[dict[str, str]] = []

        def ask(
            params: Mapping[str, str], requests: list[dict[str, str]] = requests, bodies: list[bytes] = bodies
        ) -> dict[str, Any]:
            requests.append(dict(params))
            return json.loads(bodies[len(requests) - 1])

        found = list(islice(batches(ask, asked[0]), len(bodies)))
        assert len(found) == 3
        # whoever recorded them sent no `continue`, which MediaWiki wants too
        assert [{name: value for name, value in item.items() if name != "continue"} for item in requests] == asked
        assert [("continue" in item) for item in requests] == [False, True, True]
        pages = [page for batch in found for page in batch["pages"]]
        assert len({page["pageid"] for page in pages}) == len(pages) == 30
        assert all("content" in page["revisions"][0] for page in pages)
