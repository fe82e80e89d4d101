"""Stage: the embedded wiki of fictional anime works."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.kinds import Pages
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=1, memory_gb=1, disk_gb=1, hours=0.5))
def make_sample_pages(out: Pages, config: SampleConfig) -> Metrics:
    """Generate a wiki of fictional anime works in MediaWiki markup: facts that no model can know."""
    from tsugiki.sample.pages import sample_pages

    return out.write(sample_pages(config)).metrics()


if __name__ == "__main__":
    main(make_sample_pages)
