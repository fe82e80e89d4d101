"""What every stage took, and what that cost: all of it, and what the run at hand spent of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tsugiki.prices import Prices, amount, total
from tsugiki.report.data import StageRun
from tsugiki.report.markup import Markup, count, duration, el, figure, join, timed
from tsugiki.report.tables import table


@dataclass(frozen=True)
class Spent:
    """What one stage or several took."""

    seconds: float
    gpu_seconds: float
    cpu_seconds: float
    cost: float | None
    """None where a GPU has no price; of several stages, the sum of what has one."""

    def to_json(self, prices: Prices | None) -> dict[str, float | None]:
        """Every figure by name; the cost only where there are prices."""
        return {name: value for name, value in vars(self).items() if name != "cost" or prices is not None}


def spent(stages: Sequence[StageRun], prices: Prices | None) -> dict[str, Any]:
    """For programs: `stages.{name}`, their sum as `total`, and as `this_run` that of what earlier runs had not made.

    Each has `seconds`, `gpu_seconds`, `cpu_seconds` and, with prices, `cost`: null where a GPU has no price. A stage
    has `attempts` too, and `cached` where that is known; where it is not, there is no `this_run`.
    """
    found: dict[str, Any] = {"stages": {stage.name: _figures(stage, prices) for stage in stages}}
    found["total"] = _sum(stages, prices).to_json(prices)
    if all(stage.cached is not None for stage in stages):
        found["this_run"] = _sum(_fresh(stages), prices).to_json(prices)
    return found | ({} if prices is None else {"currency": prices.currency})


def _figures(stage: StageRun, prices: Prices | None) -> dict[str, Any]:
    known = {} if stage.cached is None else {"cached": stage.cached}
    return {**_of(stage, prices).to_json(prices), "attempts": stage.attempts, **known}


def _of(stage: StageRun, prices: Prices | None) -> Spent:
    used = {"gpu_seconds": stage.gpu_seconds, "cpu_seconds": stage.cpu_seconds}
    return Spent(stage.seconds, **used, cost=None if prices is None else prices.cost(**used, device=stage.device))


def _sum(stages: Sequence[StageRun], prices: Prices | None) -> Spent:
    each = [_of(stage, prices) for stage in stages]
    names = ("seconds", "gpu_seconds", "cpu_seconds", "cost")
    return Spent(*(total(getattr(one, name) for one in each) for name in names))


def _fresh(stages: Sequence[StageRun]) -> list[StageRun]:
    return [stage for stage in stages if not stage.cached]


def costs_section(stages: Sequence[StageRun], prices: Prices | None, counted: str) -> Markup:
    """Wall time, GPU time and money of every stage and of all; a column is left out where it has nothing to say.

    Args:
        stages: what is counted.
        prices: of the machines; None leaves money out.
        counted: a sentence that says what is counted.
    """
    everything = _sum(stages, prices)
    sums = {"This run": _sum(_fresh(stages), prices)} if any(stage.cached for stage in stages) else {}
    sums["All"] = everything
    lines = [*(_of(stage, prices) for stage in stages), *sums.values()]
    remarks = [*map(_remarks, stages), *(join() for _ in sums)]
    columns = {
        "Stage": [*(stage.name for stage in stages), *sums],
        "Took": [join(duration(line.seconds), remark) for line, remark in zip(lines, remarks, strict=True)],
    }
    if everything.gpu_seconds:
        columns["GPU time"] = [duration(line.gpu_seconds) if line.gpu_seconds else timed("–", 0.0) for line in lines]
    if prices is not None:
        columns[prices.currency] = [_money(line, everything) for line in lines]
    rows = [*zip(*columns.values(), strict=True)]
    note = el("p", " ".join((counted, *_notes(stages, prices))), class_="note")
    return join(note, table([*columns], rows, numeric=range(1, 4), headed=True, sums=len(sums)))


def _remarks(stage: StageRun) -> Markup:
    """What differs between two runs of the same thing, as the time does: who made it, and in how many attempts."""
    said = [f"{count(stage.attempts)} attempts"] if stage.attempts > 1 else []
    said += ["made before"] if stage.cached else []
    return join(timed(el("small", remark), stage.seconds) for remark in said)


def _money(line: Spent, everything: Spent) -> Markup:
    return timed("no price" if line.cost is None else amount(line.cost, everything.cost or 0.0), line.seconds)


def _notes(stages: Sequence[StageRun], prices: Prices | None) -> Iterator[str]:
    if prices is not None:
        gpus = prices.gpu_hour if isinstance(prices.gpu_hour, dict) else {"GPU": prices.gpu_hour}
        hourly = (f"{what} {figure(price)}" for what, price in {**gpus, "core": prices.cpu_hour}.items())
        yield f"An hour costs, in {prices.currency}: {', '.join(hourly)}."
        unpriced = sorted({stage.device for stage in stages if _of(stage, prices).cost is None})
        if unpriced:
            yield f"Not in the total, for want of a price: {', '.join(unpriced)}."
