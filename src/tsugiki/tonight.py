"""A night put together from its artifacts and those of the last good night: figures, changes, lost answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tsugiki.artifact import Record
from tsugiki.kinds import Scores
from tsugiki.lineage import stage_run
from tsugiki.nights.compare import PastNight, compare
from tsugiki.nights.config import NightConfig
from tsugiki.nights.data import BEFORE, TONIGHT, Change, Lost, NightData
from tsugiki.nights.figures import Compared, Comparison, NightFigures
from tsugiki.report.data import Question, StageRun
from tsugiki.report.questions import questions
from tsugiki.score.config import Measure, ScoreConfig
from tsugiki.score.scores import Scores as Figures
from tsugiki.series import Evaluation, StoredNight, last_good

_SHOWN = 8


def night_data(scores: Scores, earlier: Sequence[StoredNight], address: str, config: NightConfig) -> NightData:
    """Everything the page of a night shows.

    Args:
        scores: the scores of tonight.
        earlier: the earlier nights of the series, oldest first.
        address: where tonight's report will be.
        config: the series, tonight, and what counts as a fall.
    """
    past, tonight = last_good(earlier), Evaluation.of(scores)
    before = past.evaluation() if past else None
    compared = _compared(past, before, tonight, config) if past and before else None
    of_tonight = Figures.model_validate_json(scores.file("scores.json").read_text(encoding="utf-8"))
    figures = NightFigures(
        series=config.series,
        night=config.night,
        good=not (compared and compared.falls),
        margin=config.margin,
        confidence=config.confidence,
        accuracies={
            arm: {split: cell.headline for split, cell in cells.items()} for arm, cells in of_tonight.arms.items()
        },
        compared=compared,
    )
    falls = compared.falls if compared else ()
    return NightData(
        figures=figures,
        scores=of_tonight,
        changes=changes(tonight, before) if before else (),
        lost=tuple(Lost(it, lost_questions(it, tonight, before, of_tonight.measure)) for it in falls if before),
        stages=tuple(_stages(tonight)),
        prices=config.prices,
        history={**{night.report.address: night.figures for night in earlier}, address: figures},
    )


def _stages(tonight: Evaluation) -> Iterator[StageRun]:
    """What was made for this night: answers, once where two names stand for one checkpoint, and scores."""
    seen: set[str] = set()
    for name, answers in tonight.answers.items():
        if answers.address not in seen:
            seen.add(answers.address)
            yield stage_run(f"{answers.record.stage}.{name}", answers.record, None, answers.address)
    yield stage_run(tonight.scores.record.stage, tonight.scores.record, None, tonight.scores.address)


def _compared(past: StoredNight, before: Evaluation, tonight: Evaluation, config: NightConfig) -> Compared:
    settings = tonight.scores.record.config
    return compare(
        tonight.judgements(),
        PastNight(past.figures.night, past.report.address, before.judgements()),
        changed_questions(tonight, before),
        ScoreConfig(**{name: settings[name] for name in ScoreConfig.model_fields}),
        config,
    )


def changed_questions(tonight: Evaluation, before: Evaluation) -> frozenset[str]:
    """Ids of questions that both nights asked, in other words or with other references."""
    if tonight.chats.address == before.chats.address:
        return frozenset()
    old = {chat.id: (chat.messages, chat.references) for chat in before.chats.rows()}
    rows = ((chat.id, (chat.messages, chat.references)) for chat in tonight.chats.rows())
    return frozenset(id_ for id_, said in rows if id_ in old and old[id_] != said)


def changes(tonight: Evaluation, before: Evaluation) -> tuple[Change, ...]:
    """What may explain a difference: checkpoints, questions, settings, code, packages, device that are not the same."""
    pairs = [
        (tonight.answers[name].record, answers.record, name)
        for name, answers in before.answers.items()
        if name in tonight.answers
    ]
    found: dict[Change, None] = {}
    for now, then, name in [*pairs, (tonight.scores.record, before.scores.record, "")]:
        ours, theirs = _traits(now, name), _traits(then, name)
        for what in dict.fromkeys((*theirs, *ours)):
            change = Change(what, theirs.get(what, "—"), ours.get(what, "—"))
            if change.before != change.tonight:
                found[change] = None
    return tuple(found)


def _traits(record: Record, name: str) -> dict[str, str]:
    """What may differ between two artifacts of a stage, by name; what differs every night is left out."""
    model = {f"checkpoint {name}": record.inputs["model"]} if "model" in record.inputs else {}
    settings = {f"{record.stage}.{key}": value for key, value in record.config.items() if key not in ("repeat", "arms")}
    traits = {**model, "questions": record.inputs["chats"], **settings, **record.provenance}
    return {what: str(value) for what, value in traits.items() if what != "run"}


def lost_questions(fall: Comparison, tonight: Evaluation, before: Evaluation, measure: Measure) -> tuple[Question, ...]:
    """Questions behind a regression, right on the last good night and wrong tonight: a few, one for each fact."""
    nights = {BEFORE: before, TONIGHT: tonight}
    judged = (
        row.model_copy(update={"arm": label})
        for label, night in nights.items()
        for row in night.judgements()
        if row.arm == fall.checkpoint and row.split == fall.split
    )
    answers = {label: night.answers[fall.checkpoint].rows() for label, night in nights.items()}
    changed = changed_questions(tonight, before)
    asked = questions(tonight.chats.rows(), answers, judged)
    lost = [it for it in asked if it.id not in changed and _is_lost(it, measure)]
    facts = {chat.id: chat.fact for chat in tonight.chats.rows()}
    of_each_fact = {facts[it.id]: it for it in sorted(lost, key=lambda it: it.id, reverse=True)}
    return tuple(sorted(of_each_fact.values(), key=lambda it: it.id)[:_SHOWN])


def _is_lost(question: Question, measure: Measure) -> bool:
    then, now = question.by_arm.get(BEFORE), question.by_arm.get(TONIGHT)
    return then is not None and now is not None and getattr(then, measure) and not getattr(now, measure)
