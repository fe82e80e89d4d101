"""Stage: a night beside the last good one, and the history of all nights."""

import json

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Report, Scores
from tsugiki.nights.config import NightConfig
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=1, memory_gb=4, disk_gb=10, hours=1))
def compare_nights(out: Report, scores: Scores, config: NightConfig) -> Metrics:
    """Compare every checkpoint with the last good night of the series, by paired intervals on the same questions.

    Earlier nights are found in the store, by the records of this stage. The report (verdict, comparison, lost answers,
    history) is there whether or not something fell; `check_night` then fails on a regression.
    """
    from tsugiki.nights.metrics import metrics
    from tsugiki.nights.page import render
    from tsugiki.series import earlier_nights
    from tsugiki.tonight import night_data

    data = night_data(scores, earlier_nights(scores, compare_nights.name, config), out.address, config)
    (out.path / "report.html").write_text(render(data), encoding="utf-8")
    (out.path / "metrics.json").write_text(json.dumps(metrics(data), ensure_ascii=False, indent=1), encoding="utf-8")
    return data.figures.to_json()


if __name__ == "__main__":
    main(compare_nights)
