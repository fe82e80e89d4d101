"""Stage: wiki pages from a dump, JSONL or a directory of Markdown."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Pages
from tsugiki.source import Source
from tsugiki.stage import Resources, stage
from tsugiki.wiki.config import PagesConfig


class ImportPagesConfig(PagesConfig):
    """Where pages come from, and how they are read."""

    source: Source
    """The dump, the JSONL file or the directory: `PATH` or `s3://bucket/key`, with `#sha256:…` if it is known."""


@stage(image="data", resources=Resources(cpus=2, memory_gb=4, disk_gb=50, hours=4))
def import_pages(out: Pages, config: ImportPagesConfig) -> Metrics:
    """Read wiki pages with their provenance; what is no page is set aside with its reason."""
    from tsugiki.wiki.pages import read_pages

    path = config.source.fetch(out.work.path)
    return out.write(read_pages(path, config)).metrics() | {"licence": config.licence}


if __name__ == "__main__":
    main(import_pages)
