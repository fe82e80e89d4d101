"""Stage: the gate behind a night."""

import shutil

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.config import Config
from tsugiki.errors import GateFailed
from tsugiki.kinds import Report
from tsugiki.stage import Resources, stage


class CheckNightConfig(Config):
    """Nothing is left to decide: `compare_nights` has."""


@stage(image="data", resources=Resources(cpus=0.5, memory_gb=1, disk_gb=1, hours=0.5))
def check_night(out: Report, report: Report, config: CheckNightConfig) -> Metrics:  # noqa: ARG001 (there is none)
    """Pass on the report of a good night; on a regression fail with a line that names what fell (never retried)."""
    from tsugiki.nights.figures import NightFigures
    from tsugiki.nights.verdict import regression_line

    night = NightFigures.of(report.address, report.record.metrics)
    if not night.good:
        raise GateFailed(regression_line(night, report.address))
    for name in report.record.files:
        shutil.copyfile(report.file(name), out.path / name)
    return {"series": night.series, "night": night.night, "good": True}


if __name__ == "__main__":
    main(check_night)
