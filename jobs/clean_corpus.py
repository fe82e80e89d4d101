"""Stage: pages become training text."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.corpus.config import CleanConfig
from tsugiki.kinds import Corpus, Pages
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=4, memory_gb=8, disk_gb=20, hours=4))
def clean_corpus(out: Corpus, pages: Pages, config: CleanConfig) -> Metrics:
    """Strip markup by named rules, keep the facts, and set aside list pages and what cannot be read."""
    raise NotImplementedError


if __name__ == "__main__":
    main(clean_corpus)
