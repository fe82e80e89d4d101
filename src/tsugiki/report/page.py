"""The report itself: one HTML page without scripts, fonts or anything from outside."""

from collections.abc import Iterator, Sequence

from tsugiki.report.answers import answers_section
from tsugiki.report.charts import SPLIT_NAMES, accuracy_plot, difference_plot, shown_splits
from tsugiki.report.costs import costs_section
from tsugiki.report.curves import loss_curve
from tsugiki.report.data import ReportData
from tsugiki.report.markup import Markup, count, el, join, percent
from tsugiki.report.style import STYLE
from tsugiki.report.tables import (
    accuracy_table,
    artifacts_table,
    counts_list,
    definitions,
    differences_table,
    domains_table,
    measured,
    measures_table,
    trained_table,
)
from tsugiki.report.verdict import Verdict, findings, verdict
from tsugiki.rows import Split
from tsugiki.score.scores import Scores

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_MEASURES = {
    "exact": "An answer is right when it is a reference, up to width, case, punctuation and a closing です.",
    "contained": "An answer is right when a reference occurs in it as a whole word or number, not denied and not one "
    "of many candidates.",
}


def render(data: ReportData) -> str:
    """The page. The same data gives the same bytes; every duration stands in a `time` element."""
    return document(data.title, data.description, _verdict(data), [*_sections(data)])


def document(title: str, description: str, verdict: Markup, sections: Sequence[tuple[str, str, Markup]]) -> str:
    """A page of this look: heading, verdict, links to the sections, and the sections (anchor, title, content)."""
    links = el("nav", (el("a", name.capitalize(), href=f"#{name}") for name, _, _ in sections), aria_label="Sections")
    body = (el("section", el("h2", title), content, id=name) for name, title, content in sections)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        el("meta", name="color-scheme", content="light dark"),
        el("title", title),
        # A style sheet is not escaped text in HTML, and this one holds no value from outside.
        el("style", Markup(STYLE)),
    )
    header = el("header", el("h1", title), el("p", description, class_="lead"))
    main = el("main", header, verdict, links, body, el("footer", "Made by tsugiki."))
    return f"<!doctype html>\n{el('html', head, el('body', main), lang='en')}\n"


def _verdict(data: ReportData) -> Markup:
    return verdict_box(verdict(data.scores), [*findings(data.scores)])


def verdict_box(found: Verdict, further: Sequence[str]) -> Markup:
    """The verdict with its evidence, and further sentences under it."""
    return el(
        "section",
        el("p", found.sentence),
        el("p", found.evidence, class_="note"),
        el("ul", (el("li", sentence) for sentence in further)) if further else join(),
        class_=f"verdict {found.tone}",
        aria_label="Verdict",
    )


def _sections(data: ReportData) -> Iterator[tuple[str, str, Markup]]:
    """Anchor, title and content of every section that has something to show."""
    yield "accuracy", "Accuracy", _accuracy(data)
    if any(data.scores.differences.values()):
        yield "differences", "Differences between arms", _differences(data)
    yield "answers", "Answers side by side", answers_section(data)
    if data.trainings:
        curves = el("div", map(loss_curve, data.trainings), class_="many")
        yield "training", "Training", join(curves, trained_table(data))
    yield "data", "Data", counts_list(data)
    if data.prices is None:
        yield "times", "Times", _costs(data)
    else:
        yield "cost", "Time and cost", _costs(data)
    yield "provenance", "Provenance", _provenance(data)


def _accuracy(data: ReportData) -> Markup:
    scores = data.scores
    note = (
        f"{_MEASURES[scores.measure]} Whiskers: {percent(scores.confidence)} intervals from {count(scores.resamples)} "
        "resamples of facts: phrasings of one fact are not independent. Where rights or wrongs are few, Wilson's "
        "interval takes their place."
    )
    domains = {domain for cells in scores.arms.values() for cell in cells.values() for domain in cell.domains}
    by_domain = el("details", el("summary", "By domain"), domains_table(scores)) if len(domains) > 1 else join()
    both = el("details", el("summary", "Both measures: exact and contained"), measures_table(scores))
    plots = el(
        "div", el("figure", accuracy_plot(scores)), el("div", accuracy_table(scores), both, by_domain), class_="pair"
    )
    return join(el("p", note, class_="note"), plots)


def _differences(data: ReportData) -> Markup:
    scores = data.scores
    note = (
        "Percentage points on the same questions, resampled in pairs; p from a permutation test that swaps the arms of "
        "whole facts. Not adjusted for the number of comparisons."
    )
    first, *others = shown_splits(scores)
    return join(
        el("p", note, class_="note"),
        el("h3", SPLIT_NAMES[first]),
        _gaps(scores, first),
        (el("details", el("summary", SPLIT_NAMES[split]), _gaps(scores, split)) for split in others),
    )


def _gaps(scores: Scores, split: Split) -> Markup:
    return el("div", el("figure", difference_plot(scores, split)), differences_table(scores, split), class_="pair")


def _costs(data: ReportData) -> Markup:
    details = [block for block in map(measured, data.stages) if block]
    folded = el("details", el("summary", "What each stage measured"), details) if details else join()
    counted = "Every artifact behind this page counts once, with all attempts at it, whichever run made it."
    return join(costs_section(data.stages, data.prices, counted), folded)


def _provenance(data: ReportData) -> Markup:
    made = el("details", el("summary", "Artifacts, and what each was made from"), artifacts_table(data.stages))
    return join(definitions([*data.provenance.items()]), made if data.stages else join())
