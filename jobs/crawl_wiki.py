"""Stage: wiki pages from a category tree, by the wiki's own API."""

from collections.abc import Sequence

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Pages
from tsugiki.stage import Resources, stage
from tsugiki.wiki.crawl.config import CrawlConfig


@stage(image="data", resources=Resources(cpus=0.5, memory_gb=2, disk_gb=20, hours=24))
def crawl_wiki(out: Pages, config: CrawlConfig) -> Metrics:
    """Collect the pages of a wiki's category tree politely, each with its provenance, revision and attribution."""
    from tsugiki.wiki.crawl.crawl import Crawl

    with Crawl(config, out.work) as crawl:
        counts = out.write(crawl.rows())
        return counts.metrics() | crawl.metrics()


@crawl_wiki.planned_by
def plan(out: Pages, config: CrawlConfig) -> Sequence[str]:
    """Walk the category tree, and say how many pages and requests there are to come."""
    from tsugiki.wiki.crawl.crawl import Crawl

    with Crawl(config, out.work) as crawl:
        return crawl.plan()


if __name__ == "__main__":
    main(crawl_wiki)
