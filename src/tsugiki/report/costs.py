"""What every stage took, and what that cost."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tsugiki.prices import Prices, amount, total
from tsugiki.report.data import ReportData, StageRun
from tsugiki.report.markup import Markup, count, duration, el, figure, join, timed
from tsugiki.report.tables import table


def spent(stages: Iterable[StageRun], prices: Prices | None) -> dict[str, Any]:
    """For programs: `stages.{name}` and `total`, each with its seconds; with prices, `currency` and each `cost` too.

    A cost is null where a GPU has no price; the total is of what has one.
    """
    figures = {stage.name: _figures(stage, prices) for stage in stages}
    names = ("seconds", "gpu_seconds", "cpu_seconds", *(("cost",) if prices else ()))
    everything = {name: total(values[name] for values in figures.values()) for name in names}
    return {"stages": figures, "total": everything} | ({"currency": prices.currency} if prices else {})


def _figures(stage: StageRun, prices: Prices | None) -> dict[str, float | None]:
    used = {"seconds": stage.seconds, "gpu_seconds": stage.gpu_seconds, "cpu_seconds": stage.cpu_seconds}
    return {**used, "attempts": stage.attempts, **({"cost": _cost(stage, prices)} if prices else {})}


def _cost(stage: StageRun, prices: Prices) -> float | None:
    return prices.cost(gpu_seconds=stage.gpu_seconds, cpu_seconds=stage.cpu_seconds, device=stage.device)


def costs_section(data: ReportData) -> Markup:
    """Wall time, GPU time and money of every stage and of all; a column is left out where it has nothing to say."""
    stages, prices = data.stages, data.prices
    columns = {"Stage": [*(stage.name for stage in stages), "All"]}
    columns["Took"] = [*map(_took, stages), duration(sum(stage.seconds for stage in stages))]
    if any(stage.gpu_seconds for stage in stages):
        gpu_seconds = [stage.gpu_seconds for stage in stages]
        columns["GPU time"] = [*map(duration, gpu_seconds), duration(sum(gpu_seconds))]
    if prices is not None:
        columns[prices.currency] = [*_amounts(stages, prices)]
    rows = [*zip(*columns.values(), strict=True)]
    notes = [el("p", note, class_="note") for note in _notes(stages, prices)]
    return join(notes, table([*columns], rows, numeric=range(1, 4), headed=True))


def _took(stage: StageRun) -> Markup:
    tries = timed(el("small", f"{count(stage.attempts)} attempts"), stage.seconds)
    return join(duration(stage.seconds), tries if stage.attempts > 1 else join())


def _amounts(stages: Sequence[StageRun], prices: Prices) -> Iterator[Markup]:
    """Money by stage and in all, with the same number of decimals."""
    costs = [_cost(stage, prices) for stage in stages]
    everything = total(costs)
    for stage, cost in zip(stages, costs, strict=True):
        yield timed("no price" if cost is None else amount(cost, everything), stage.seconds)
    yield timed(amount(everything, everything), sum(stage.seconds for stage in stages))


def _notes(stages: Sequence[StageRun], prices: Prices | None) -> Iterator[str]:
    yield "Every artifact behind this page counts once, with all attempts at it, whichever run made it."
    if prices is not None:
        gpus = prices.gpu_hour if isinstance(prices.gpu_hour, dict) else {"GPU": prices.gpu_hour}
        hourly = (f"{what} {figure(price)}" for what, price in {**gpus, "core": prices.cpu_hour}.items())
        yield f"Prices of an hour, in {prices.currency}: {', '.join(hourly)}."
        unpriced = sorted({stage.device for stage in stages if _cost(stage, prices) is None})
        if unpriced:
            yield f"Not in the total, for want of a price: {', '.join(unpriced)}."
