"""Scoring: every answer judged, every figure with its interval, every pair of arms compared on the same questions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import get_args

from tsugiki.errors import BadInput
from tsugiki.rows import Answer, Chat, Finish, Split
from tsugiki.score.config import Measure, ScoreConfig
from tsugiki.score.match import judge
from tsugiki.score.rows import Judgement
from tsugiki.score.scores import Cell, Gap, Scores, Share
from tsugiki.score.statistics import accuracy, difference

SPLITS: tuple[Split, ...] = get_args(Split)
_NAMED = 5


@dataclass(frozen=True)
class ScoreResult:
    """The figures, and the judgement of every sample behind them (by arm, then chat, then sample)."""

    scores: Scores
    judgements: tuple[Judgement, ...]


def score(arms: Mapping[str, Iterable[Answer]], chats: Iterable[Chat], config: ScoreConfig) -> ScoreResult:
    """Judge the answers of every arm to the same questions, and compare the arms.

    Args:
        arms: the answers of each arm by its name; a later arm is compared with each earlier one.
        chats: the questions asked, with their references.
        config: what counts as right, and how sure the figures are.

    Raises:
        BadInput: no arms or no chats, a chat without a reference or twice, answers missing for a chat, for an
            unknown chat or twice.
    """
    asked = _by_id(chats)
    if not asked or not arms:
        raise BadInput(f"{len(asked)} chats and {len(arms)} arms to score; give at least one of each")
    accepted = {chat.id: references(chat) for chat in asked.values()}
    judged = {arm: _judge_arm(arm, answers, asked, accepted) for arm, answers in arms.items()}
    splits = [split for split in SPLITS if any(chat.split == split for chat in asked.values())]
    questions = {split: [chat for chat in asked.values() if chat.split == split] for split in splits}
    cells = {arm: {split: _cell(rows, questions[split], config) for split in splits} for arm, rows in judged.items()}
    gaps = {split: _gaps(judged, questions[split], config) for split in splits}
    scores = Scores(
        measure=config.measure,
        confidence=config.confidence,
        resamples=config.resamples,
        seed=config.seed,
        arms=cells,
        differences=gaps,
    )
    return ScoreResult(scores, tuple(row for rows in judged.values() for group in rows.values() for row in group))


def _by_id(chats: Iterable[Chat]) -> dict[str, Chat]:
    asked: dict[str, Chat] = {}
    for chat in chats:
        if chat.id in asked:
            raise BadInput(f"two chats have the id {chat.id!r}; ids must be unique")
        asked[chat.id] = chat
    return asked


def references(chat: Chat) -> tuple[str, ...]:
    """Every accepted answer of a chat: its references, or else its last assistant message.

    Raises:
        BadInput: it has none.
    """
    said = [message.content for message in chat.messages if message.role == "assistant"]
    accepted = tuple(text for text in chat.references or said[-1:] if text.strip())
    if not accepted:
        raise BadInput(f"chat {chat.id!r} has no reference and no assistant message; give it one to be scored")
    return accepted


def _judge_arm(
    arm: str, answers: Iterable[Answer], asked: Mapping[str, Chat], accepted: Mapping[str, Sequence[str]]
) -> dict[str, list[Judgement]]:
    """Judgements of one arm by chat, in the order of the chats, samples in order."""
    judged: dict[str, list[Judgement]] = {chat: [] for chat in asked}
    for answer in answers:
        chat = asked.get(answer.id)
        if chat is None:
            raise BadInput(f"arm {arm!r} answers the unknown chat {answer.id!r}; score it with the chats it was asked")
        match = judge(answer.text, accepted[chat.id], answer.finish)
        judged[chat.id].append(
            Judgement(
                id=chat.id,
                arm=arm,
                sample=answer.sample,
                fact=chat.fact,
                split=chat.split,
                domain=chat.domain,
                exact=match.exact,
                contained=match.contained,
                finish=answer.finish,
            )
        )
    _refuse_gaps(arm, judged)
    return {chat: sorted(rows, key=lambda row: row.sample) for chat, rows in judged.items()}


def _refuse_gaps(arm: str, judged: Mapping[str, Sequence[Judgement]]) -> None:
    missing = [chat for chat, rows in judged.items() if not rows]
    if missing:
        raise BadInput(f"arm {arm!r} has no answer for {_name(missing)}; generate them first")
    double = [chat for chat, rows in judged.items() if len({row.sample for row in rows}) < len(rows)]
    if double:
        raise BadInput(f"arm {arm!r} has one sample twice for {_name(double)}; keep each sample once")


def _name(ids: Sequence[str]) -> str:
    """The first few ids and how many more there are."""
    rest = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{len(ids)} of the chats: " + ", ".join(repr(chat) for chat in ids[:_NAMED]) + rest


def _means(rows: Mapping[str, Sequence[Judgement]], chats: Sequence[Chat], measure: Measure) -> list[float]:
    """Score of each question: the share of its samples that are right."""
    return [sum(getattr(row, measure) for row in rows[chat.id]) / len(rows[chat.id]) for chat in chats]


def _cell(rows: Mapping[str, Sequence[Judgement]], chats: Sequence[Chat], config: ScoreConfig) -> Cell:
    """Figures of one arm on one split."""
    finish = Counter(row.finish for chat in chats for row in rows[chat.id])
    shares = {measure: _share(rows, chats, measure, config) for measure in get_args(Measure)}
    names = sorted({chat.domain for chat in chats})
    headline = shares[config.measure]
    return Cell(
        accuracy=headline.accuracy,
        low=headline.low,
        high=headline.high,
        n=headline.n,
        facts=headline.facts,
        samples=finish.total(),
        **shares,
        finish={reason: finish[reason] for reason in get_args(Finish)},
        domains={
            name: _share(rows, [chat for chat in chats if chat.domain == name], config.measure, config)
            for name in names
        },
    )


def _share(
    rows: Mapping[str, Sequence[Judgement]], chats: Sequence[Chat], measure: Measure, config: ScoreConfig
) -> Share:
    facts = [chat.fact for chat in chats]
    estimate = accuracy(_means(rows, chats, measure), facts, config)
    return Share(accuracy=estimate.value, low=estimate.low, high=estimate.high, n=len(chats), facts=len(set(facts)))


def _gaps(
    judged: Mapping[str, Mapping[str, Sequence[Judgement]]], chats: Sequence[Chat], config: ScoreConfig
) -> dict[str, dict[str, Gap]]:
    """Paired differences of each later arm over each earlier one."""
    facts = [chat.fact for chat in chats]
    means = {arm: _means(rows, chats, config.measure) for arm, rows in judged.items()}
    gaps: dict[str, dict[str, Gap]] = {}
    for earlier, later in combinations(means, 2):
        found = difference(means[later], means[earlier], facts, config)
        gaps.setdefault(later, {})[earlier] = Gap(
            difference=found.value, low=found.low, high=found.high, p=found.p, n=len(chats), facts=len(set(facts))
        )
    return gaps
