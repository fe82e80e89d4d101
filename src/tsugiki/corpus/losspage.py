"""The loss report: one static page that shows what cleaning removed, and from which pages."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from tsugiki.corpus.losschart import waterfall
from tsugiki.corpus.losssamples import samples_section
from tsugiki.corpus.samples import Sample
from tsugiki.corpus.template_parts import is_silent
from tsugiki.report.markup import Markup, count, el, join, percent
from tsugiki.report.page import document, verdict_box
from tsugiki.report.tables import definitions, table
from tsugiki.report.verdict import Verdict

_OPEN = 12
"""Rows of a table that are shown at once; the others are behind a fold."""
_WRITTEN = {
    "template_parts_kept": "Not known, but their words kept",
    "template_mapped": "Written out as text",
    "infobox": "Written out field by field",
}
"""Rules that keep something of templates, with what they do."""


def render(figures: Mapping[str, Any], drawn: Sequence[Sample], lost_most: Sequence[Sample]) -> str:
    """The page, given the content of loss.json and the sampled pages. The same input gives the same bytes."""
    markups: Mapping[str, Any] = figures["markups"]
    pages = sum(one["pages"] for one in markups.values())
    return document(
        "Loss report",
        f"What cleaning removed from {_many(pages, 'page')} of {' and '.join(markups) or 'no markup'}.",
        verdict_box(_verdict(markups), [*_findings(figures)]),
        [*_sections(figures, drawn, lost_most)],
    )


def _verdict(markups: Mapping[str, Any]) -> Verdict:
    total = {key: sum(one[key] for one in markups.values()) for key in ("pages", "documents", "chars_in", "chars_out")}
    kept = total["chars_out"] / total["chars_in"] if total["chars_in"] else 0.0
    sentence = f"{percent(kept)} of the characters are kept, in {_many(total['documents'], 'document')}."
    evidence = (
        f"{_many(total['pages'], 'page')} with {count(total['chars_in'])} characters of markup and text became "
        f"{count(total['chars_out'])} characters of text."
    )
    return Verdict("single", sentence, evidence)


def _findings(figures: Mapping[str, Any]) -> Iterator[str]:
    aside: Counter[str] = Counter()
    remains = 0
    for one in figures["markups"].values():
        aside.update(one["set_aside"])
        remains += sum(one["remains"].values())
    if aside:
        reasons = ", ".join(f"{reason} {count(number)}" for reason, number in aside.most_common())
        yield f"{_many(sum(aside.values()), 'page')} set aside: {reasons}."
    fallbacks = sum(one["rules"].get("fallback", {"times": 0})["times"] for one in figures["markups"].values())
    if fallbacks:
        yield f"{_many(fallbacks, 'page')} read by simple rules only, since the main ones gave up."
    found = figures["duplicates"]
    kept = "" if found["action"] == "set_aside" or not found["exact"] + found["near"] else " They are kept."
    yield f"{_many(found['exact'], 'document')} equal to an earlier one, {count(found['near'])} nearly equal.{kept}"
    unknown = sum(times for _, times in _dropped(figures, known=False))
    yield f"{_many(unknown, 'use')} of templates dropped that cleaning does not know."
    yield f"Empty brackets and pieces of markup left in the documents: {count(remains)}."


def _many(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def _sections(
    figures: Mapping[str, Any], drawn: Sequence[Sample], lost_most: Sequence[Sample]
) -> Iterator[tuple[str, str, Markup]]:
    """Anchor, title and content of every section that has something to show."""
    markups: Mapping[str, Any] = figures["markups"]
    yield "characters", "Where the characters went", join(_characters(name, one) for name, one in markups.items())
    yield "pages", "Pages", _pages(markups)
    yield "duplicates", "Repetitions", _duplicates(figures["duplicates"])
    if any(rule in figures["names"] for rule in ("template_dropped", *_WRITTEN)):
        yield "templates", "Templates", join(_templates(figures))
    if "dropped_section" in figures["names"]:
        yield "sections", "Sections dropped", _named(figures, "dropped_section", "Heading")
    yield "rules", "What each rule did", join(_rules(name, one) for name, one in markups.items())
    if drawn or lost_most:
        yield "samples", "Before and after", samples_section(drawn, lost_most)


def _characters(name: str, one: Mapping[str, Any]) -> Markup:
    if not one["chars_in"]:
        return join()
    rows = [
        [join(step["step"].replace("_", " "), _small(step["does"])), count(step["removed"]),
         percent(step["removed"] / one["chars_in"], 1)]
        for step in one["steps"]
    ]  # fmt: skip
    steps = table(["Step", "Removed", "Share"], rows, numeric=range(1, 3), headed=True)
    note = "Shares of all characters of the pages. A step that writes out a table or a link's label may add some."
    return join(
        el("h3", name),
        el("p", note, class_="note"),
        el("figure", waterfall(name, one)),
        el("details", el("summary", f"All {len(rows)} steps, and what they do"), steps) if rows else join(),
    )


def _small(text: str) -> Markup:
    return el("div", text, class_="note")


def _pages(markups: Mapping[str, Any]) -> Markup:
    heads = ["Markup", "Pages", "Documents", "Characters", "Kept"]
    rows = [
        [name, count(one["pages"]), count(one["documents"]), count(one["chars_in"]),
         percent(one["chars_out"] / one["chars_in"], 1) if one["chars_in"] else "—"]
        for name, one in markups.items()
    ]  # fmt: skip
    reasons: Counter[str] = Counter()
    remains: Counter[str] = Counter()
    for one in markups.values():
        reasons.update(one["set_aside"])
        remains.update(one["remains"])
    left = ", ".join(f"{what} {count(number)}" for what, number in remains.most_common()) or "none"
    return join(
        table(heads, rows, numeric=range(1, 5), headed=True),
        definitions([(f"Set aside: {reason}", count(number)) for reason, number in reasons.most_common()]),
        definitions([("Empty brackets and markup left", left)]),
    )


def _duplicates(found: Mapping[str, Any]) -> Markup:
    fate = "set aside" if found["action"] == "set_aside" else "kept"
    similar = (
        f"nearly equal where {percent(found['similarity'])} of their runs of {found['ngram_chars']} characters are the "
        f"same (texts of {count(found['min_chars'])} characters and more)"
        if found["similarity"] < 1
        else "not compared for near equality"
    )
    note = f"Texts are equal up to white space, or {similar}. The first in order stays; repetitions are {fate}."
    pairs = [
        [pair["title"], pair["of"], "equal" if pair["exact"] else percent(pair["similarity"])]
        for pair in found["pairs"]
    ]
    more = found["exact"] + found["near"] - len(pairs)
    rest = el("p", f"{count(more)} more are set aside or counted, and not listed.", class_="note") if more else join()
    listed = _folded(["Document", "Repeats", "Similarity"], pairs, range(2, 3))
    return join(el("p", note, class_="note"), listed if pairs else el("p", "None found."), rest)


def _templates(figures: Mapping[str, Any]) -> Iterator[Markup]:
    unknown, known = (_dropped(figures, known=known) for known in (False, True))
    if unknown:
        yield el("h3", "Dropped, since cleaning does not know what they show")
        yield _counted("Template", unknown)
    if known:
        yield el("h3", "Dropped, since they say nothing of the subject")
        yield _counted("Template", known)
    for rule, title in _WRITTEN.items():
        if rule in figures["names"]:
            yield el("h3", title)
            yield _named(figures, rule, "Template")
    if "technical_field" in figures["names"]:
        yield el("h3", "Fields of infoboxes left out, since they are for the template alone")
        yield _named(figures, "technical_field", "Key")
    others = figures["names"].get("template_dropped", {}).get("others", {"names": 0})
    if others["names"]:
        yield el(
            "p", f"{count(others['names'])} rarer names ({count(others['times'])} uses) dropped too.", class_="note"
        )


def _dropped(figures: Mapping[str, Any], *, known: bool) -> list[tuple[str, int]]:
    """Dropped templates by name, the most frequent first: those of navigation and upkeep, or those not known."""
    listed: Mapping[str, int] = figures["names"].get("template_dropped", {}).get("listed", {})
    return [(name, times) for name, times in listed.items() if is_silent(name) == known]


def _named(figures: Mapping[str, Any], rule: str, head: str) -> Markup:
    names = figures["names"][rule]
    rest = names["others"]
    note = f"{count(rest['names'])} rarer names, {_many(rest['times'], 'use')}." if rest["names"] else ""
    if not names["exact"]:
        note += " There were too many names to count all: the numbers are lower bounds."
    return join(_counted(head, [*names["listed"].items()]), el("p", note, class_="note") if note else join())


def _counted(head: str, rows: Sequence[tuple[str, int]]) -> Markup:
    return _folded([head, "Times"], [[name or "(no name)", count(times)] for name, times in rows], range(1, 2))


def _folded(heads: Sequence[str], rows: Sequence[Sequence[str]], numeric: Container[int]) -> Markup:
    """A table: its first rows, and the others behind a fold."""
    first = table(heads, rows[:_OPEN], numeric=numeric)
    if not rows[_OPEN:]:
        return first
    summary = el("summary", f"{len(rows) - _OPEN} more")
    return join(first, el("details", summary, table(heads, rows[_OPEN:], numeric=numeric)))


def _rules(name: str, one: Mapping[str, Any]) -> Markup:
    rows = [
        [rule.replace("_", " "), count(did["times"]), percent(did["pages"] / one["pages"])]
        for rule, did in one["rules"].items()
    ]
    return join(el("h3", name), _folded(["Rule", "Times", "On pages"], rows, range(1, 3))) if rows else join()
