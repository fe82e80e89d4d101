"""What cleaning removed, as JSON values and as a page: loss.json and loss.html."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tsugiki.corpus.config import DuplicatesConfig
from tsugiki.corpus.fallback import fallback_rules
from tsugiki.corpus.pipeline import LAYOUT, RULES
from tsugiki.corpus.plain import finish_plain
from tsugiki.corpus.samples import Sample
from tsugiki.corpus.tally import Tally, ranked
from tsugiki.corpus.totals import Sums, Totals
from tsugiki.rows import Markup

LISTED_NAMES = 200
"""Names of templates and sections written by name for each rule; the rest is one number."""


def write_loss(totals: Totals, duplicates: DuplicatesConfig, directory: Path) -> None:
    """Write loss.json and loss.html; the same pages and configuration give the same bytes."""
    from tsugiki.corpus.losspage import render

    figures = loss(totals, duplicates)
    (directory / "loss.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    (directory / "loss.html").write_text(render(figures, *totals.samples.ordered()), encoding="utf-8")


def loss(totals: Totals, duplicates: DuplicatesConfig) -> dict[str, Any]:
    """The content of loss.json.

    `markups.{markup}` has pages, documents, characters (`chars_in` of all pages, `chars_of_documents` of those that
    became documents, before cleaning, `chars_out` of the documents), `set_aside` by reason, `steps` (characters that
    each step of the pipeline removed from the documents, in its order), `rules` (applications, and pages with at least
    one) and `remains` (empty brackets and markup still in the documents). `names.{rule}` has what a rule applied to,
    by name; `duplicates` the repetitions found; `samples` the pages shown in loss.html.
    """
    drawn, lost_most = totals.samples.ordered()
    return {
        "markups": {markup: _markup(markup, sums) for markup, sums in sorted(totals.by_markup.items())},
        "names": {rule: _names(tally) for rule, tally in sorted(totals.names.items())},
        "duplicates": {
            **duplicates.model_dump(mode="json"),
            "exact": totals.duplicates.exact,
            "near": totals.duplicates.near,
            "pairs": [vars(pair) for pair in totals.duplicates.pairs],
        },
        "samples": {"drawn": [*map(_sample, drawn)], "lost_most": [*map(_sample, lost_most)]},
    }


def _markup(markup: Markup, sums: Sums) -> dict[str, Any]:
    return {
        "pages": sums.pages,
        "documents": sums.documents,
        "chars_in": sums.chars_in,
        "chars_of_documents": sums.chars_of_documents,
        "chars_out": sums.chars_out,
        "set_aside": dict(ranked(sums.set_aside)),
        "steps": [*_steps(markup, sums.removed)],
        "rules": {
            rule: {"times": times, "pages": sums.pages_hit[rule]} for rule, times in ranked(sums.hits) if times > 0
        },
        "remains": dict(ranked(sums.remains)),
    }


def _steps(markup: Markup, removed: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """Every step of the pipeline that changed the length of a text, with what it says it does."""
    steps = (*RULES[markup], *fallback_rules(markup), *LAYOUT.values(), finish_plain)
    for name, step in {step.__name__: step for step in steps}.items():
        if removed.get(name, 0):
            purpose = (step.__doc__ or "").partition("\n")[0]
            yield {"step": name, "does": purpose, "removed": removed[name]}


def _names(tally: Tally) -> dict[str, Any]:
    ordered = ranked(tally.counts)
    rest = ordered[LISTED_NAMES:]
    return {
        "listed": dict(ordered[:LISTED_NAMES]),
        "others": {"names": len(rest), "times": sum(times for _, times in rest) + tally.merged},
        "exact": tally.exact,
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {"title": sample.title, "chars_in": sample.chars_in, "chars_out": sample.chars_out}
