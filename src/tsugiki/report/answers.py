"""The answers of all arms side by side: how the arms' rights fall together, and a bounded choice of questions."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from tsugiki.report.charts import SPLIT_NAMES, arm_colour, shown_splits
from tsugiki.report.data import ArmAnswer, Question, ReportData
from tsugiki.report.markup import Markup, count, el, join
from tsugiki.report.tables import key, table
from tsugiki.report.verdict import arm_name
from tsugiki.rows import Finish, Split
from tsugiki.score.config import Measure
from tsugiki.score.match import loops
from tsugiki.score.normalise import squeeze

SHOWN: dict[Split, int] = {"test": 24, "train": 8, "other": 8}
"""Questions shown in full, at most, by split."""
_OPEN = 4
_PATTERNS = 16
_LONGEST = 240
_BLANK_LINES = re.compile(r"\n\s*\n")
_LONGEST_LOOP = 48
_ENDS: dict[Finish, str] = {
    "stop": "ended by itself",
    "length": "cut at the length limit",
    "stopped_in_analysis": "stopped in its analysis",
}
_ICONS = {"right": "M2 8.5l4 4 7-9", "wrong": "M3 3l9 9M12 3l-9 9", "partly": "M2 9c2-4 4-4 5.5-1.5s3.5 2 5.5-1.5"}
_WORDS = {"right": "right", "wrong": "wrong", "partly": "not the reference, but contains it"}


def answers_section(data: ReportData) -> Markup:
    """Which arms are right together, how answers ended, then the answers themselves: one split open, others folded."""
    arms = list(data.scores.arms)
    first, *others = shown_splits(data.scores)
    return join(
        _patterns(data.questions, arms, data.scores.measure),
        el("details", el("summary", "How the answers ended"), _endings(data)),
        el("h3", SPLIT_NAMES[first]),
        _split(data, arms, first),
        (el("details", el("summary", SPLIT_NAMES[split]), _split(data, arms, split)) for split in others),
    )


def select(questions: Sequence[Question], split: Split, measure: Measure) -> list[Question]:
    """The questions of one split that are shown: where the arms differ first, then all wrong, then all right."""
    asked = [question for question in questions if question.split == split]
    return sorted(asked, key=lambda question: (_rank(question, measure), question.id))[: SHOWN[split]]


def _rights(question: Question, measure: Measure) -> set[bool]:
    return {getattr(answer, measure) for answer in question.by_arm.values()}


def _rank(question: Question, measure: Measure) -> int:
    rights = _rights(question, measure)
    return 0 if len(rights) == 2 else 1 if rights == {False} else 2


def icon(kind: str) -> Markup:
    """A small tick, cross or wave, with its meaning in words for those who do not see it."""
    drawing = el("path", d=_ICONS[kind])
    shape = el("svg", drawing, viewBox="0 0 15 15", class_=f"icon {kind}", aria_hidden="true")
    return join(shape, el("span", _WORDS[kind], class_="hidden"))


def _kind(answer: ArmAnswer, measure: Measure) -> str:
    if getattr(answer, measure):
        return "right"
    return "partly" if answer.contained else "wrong"


def _patterns(questions: Sequence[Question], arms: Sequence[str], measure: Measure) -> Markup:
    """Questions counted by which arms answer them right."""
    splits = [split for split in SPLIT_NAMES if any(question.split == split for question in questions)]
    counts: Counter[tuple[tuple[bool, ...], Split]] = Counter()
    for question in questions:
        counts[tuple(getattr(question.by_arm[arm], measure) for arm in arms), question.split] += 1
    patterns = sorted(
        {pattern for pattern, _ in counts},
        key=lambda pattern: ([-counts[pattern, split] for split in splits], pattern),
    )
    rows = [
        [
            *(icon("right" if right else "wrong") for right in pattern),
            *(count(counts[pattern, split]) for split in splits),
        ]
        for pattern in patterns[:_PATTERNS]
    ]
    left = len(patterns) - len(rows)
    return table(
        [*map(arm_name, arms), *(SPLIT_NAMES[split] for split in splits)],
        rows,
        numeric=range(len(arms), len(arms) + len(splits)),
        caption="Questions by which arms are right" + (f"; {left} rarer combinations left out" if left else ""),
    )


def _split(data: ReportData, arms: Sequence[str], split: Split) -> Markup:
    """The cards of one split: a few at once, the others behind a fold, the rest counted."""
    measure = data.scores.measure
    shown = select(data.questions, split, measure)
    labels = {arm: key(arm_name(arm), arm_colour(data.scores, arm)) for arm in arms}
    cards = [card(question, labels, measure) for question in shown]
    rest = sum(question.split == split for question in data.questions) - len(shown)
    more = el("div", cards[_OPEN:], class_="many")
    folded = el("details", el("summary", f"{len(cards) - _OPEN} more"), more) if cards[_OPEN:] else join()
    differing = sum(question.split == split and len(_rights(question, measure)) == 2 for question in data.questions)
    note = f"Arms differ on {count(differing)} questions; these come first."
    if rest:
        note += f" {count(rest)} further questions are not shown."
    return join(el("p", note, class_="note"), el("div", cards[:_OPEN], class_="many"), folded)


def card(question: Question, labels: Mapping[str, str], measure: Measure) -> Markup:
    """One question with its references and what every arm said, each arm under its label."""
    expected = " / ".join(question.references)
    return el(
        "article",
        el("h4", _shortened(question.question), lang="ja", dir="auto"),
        el("p", el("span", "Expected: ", class_="note"), el("span", _shortened(expected), lang="ja", dir="auto")),
        el("table", el("tbody", (_said(question.by_arm[arm], labels[arm], measure) for arm in labels)), class_="said"),
        el("p", f"{question.id} · {question.domain}", class_="note"),
        class_="card",
    )


def _said(answer: ArmAnswer, label: str, measure: Measure) -> Markup:
    ending = el("span", _ENDS[answer.finish], class_="tag") if answer.finish != "stop" else join()
    said = el("span", _shortened(answer.text), lang="ja", dir="auto") if answer.text.strip() else join()
    empty = join() if answer.text.strip() else el("span", "(no answer)", class_="note")
    return el(
        "tr",
        el("th", label, scope="row"),
        el("td", icon(_kind(answer, measure)), class_="mark"),
        el("td", said, empty, " " if ending else "", ending, class_="text"),
    )


def _shortened(text: str) -> str:
    """The text without blank lines, or its beginning and how much is left out; of an endless repetition, less."""
    text = _BLANK_LINES.sub("\n", text.strip())
    endless = loops(squeeze(text).text)
    kept = _LONGEST_LOOP if endless else _LONGEST
    if len(text) <= kept:
        return text
    return f"{text[:kept]}… (+{count(len(text) - kept)} characters{', repeating to the end' if endless else ''})"


def _endings(data: ReportData) -> Markup:
    """How the generation of every arm's answers ended, over all splits."""
    rows: list[Sequence[str]] = []
    for arm, cells in data.scores.arms.items():
        counts: Counter[Finish] = Counter()
        for cell in cells.values():
            counts.update(cell.finish)
        rows.append([key(arm_name(arm), arm_colour(data.scores, arm)), *(count(counts[reason]) for reason in _ENDS)])
    return table(["Arm", *(text.capitalize() for text in _ENDS.values())], rows, numeric=range(1, 4), headed=True)
