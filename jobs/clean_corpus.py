"""Stage: pages become training text."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.corpus.config import CleanConfig
from tsugiki.errors import BadInput
from tsugiki.kinds import Corpus, Pages
from tsugiki.process import usable_cores
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=4, memory_gb=8, disk_gb=20, hours=4), version=2)
def clean_corpus(out: Corpus, pages: Pages, config: CleanConfig) -> Metrics:
    """Strip markup by named rules, keep the facts, and set aside list pages and what cannot be read."""
    from tsugiki.corpus.clean import Totals, clean_pages

    totals = Totals()
    counts = out.write(clean_pages(pages.rows(), config, totals, workers=usable_cores()))
    if counts.rows == 0:
        raise BadInput(f"no page of {pages.address} is left after cleaning ({counts.rejected}): relax the limits")
    return counts.metrics() | {"cleaning": totals.figures()}


if __name__ == "__main__":
    main(clean_corpus)
