"""Stage: questions and answers about the embedded wiki."""

from tsugiki.artifact import Metrics
from tsugiki.chats.counts import count_chats
from tsugiki.command import main
from tsugiki.kinds import Chats
from tsugiki.sample.config import SampleConfig
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=1, memory_gb=1, disk_gb=1, hours=0.5))
def make_sample_chats(out: Chats, config: SampleConfig) -> Metrics:
    """Generate questions on the fictional works, split by work, and on novels outside the domain."""
    from tsugiki.sample.chats import sample_chats

    counts = out.write(sample_chats(config))
    return counts.metrics() | count_chats(out.rows())


if __name__ == "__main__":
    main(make_sample_chats)
