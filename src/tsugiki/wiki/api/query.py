"""Queries whose answer comes in parts: continued as the wiki says, and put together until a batch is complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tsugiki.errors import TsugikiError

Ask = Callable[[Mapping[str, str]], dict[str, Any]]
"""Answers one request: its parameters to the JSON object that came back."""

MOST_PARTS = 10_000
"""Parts of one query, beyond which a wiki is taken to go round in circles: five million members of one category."""


def batches(ask: Ask, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The `query` object of each complete batch of an `action=query` request; `{}` where nothing was found.

    Whatever the wiki says under `continue` goes into the next request unchanged. A batch whose content did not fit
    into one answer is put together from as many as it takes.

    Args:
        ask: answers one request.
        params: parameters of the query, without `continue`.

    Raises:
        TsugikiError: the continuation does not get on.
    """
    given: Mapping[str, str] = {}
    parts: list[dict[str, Any]] = []
    for _ in range(MOST_PARTS):
        answer = ask({"action": "query", **params, **given})
        parts.append(answer.get("query") or {})
        following = answer.get("continue")
        if following is None or "batchcomplete" in answer:
            yield merged(parts)
            parts = []
        if following is None:
            return
        before, given = given, {name: str(value) for name, value in following.items()}
        if given == before:
            break
    raise TsugikiError(f"the wiki does not get beyond {dict(given)} in the query {dict(params)}: report it there")


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """One `query` object from several: pages by their identity, lists after one another, each item once."""
    if len(parts) == 1:
        return parts[0]
    whole: dict[str, Any] = {}
    pages: dict[object, dict[str, Any]] = {}
    for part in parts:
        for page in part.get("pages", []):
            # what is missing may have no id, and what is invalid no number of a namespace
            _extend(pages.setdefault(page.get("pageid", page.get("title")), {}), page)
        _extend(whole, {name: value for name, value in part.items() if name != "pages"})
    return {**whole, "pages": list(pages.values())} if pages else whole


def _extend(whole: dict[str, Any], part: dict[str, Any]) -> None:
    for name, value in part.items():
        if isinstance(value, list) and isinstance(whole.get(name), list):
            whole[name] = [*whole[name], *(item for item in value if item not in whole[name])]
        else:
            whole[name] = value
