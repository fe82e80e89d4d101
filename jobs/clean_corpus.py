"""Stage: pages become training text."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.corpus.config import CorpusConfig
from tsugiki.errors import BadInput
from tsugiki.kinds import CleanedCorpus, Pages
from tsugiki.process import usable_cores
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=4, memory_gb=8, disk_gb=20, hours=4), version=2)
def clean_corpus(out: CleanedCorpus, pages: Pages, config: CorpusConfig) -> Metrics:
    """Strip markup by named rules, keep the facts, and set aside list pages, repetitions and what cannot be read.

    What this removed is in loss.html, and for programs in loss.json.
    """
    from tsugiki.corpus.clean import clean_pages
    from tsugiki.corpus.loss import write_loss
    from tsugiki.corpus.totals import Totals

    totals = Totals()
    counts = out.write(clean_pages(pages.packed(), config, totals, workers=usable_cores()))
    if counts.rows == 0:
        raise BadInput(f"no page of {pages.address} is left after cleaning ({counts.rejected}): relax the limits")
    write_loss(totals, config.duplicates, out.path)
    return counts.metrics() | {"cleaning": totals.figures()}


if __name__ == "__main__":
    main(clean_corpus)
