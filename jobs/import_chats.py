"""Stage: chats and questions from JSONL or SQuAD files, split by fact."""

from tsugiki.artifact import Metrics
from tsugiki.chats.config import ChatsConfig
from tsugiki.chats.counts import count_chats
from tsugiki.command import main
from tsugiki.kinds import Chats
from tsugiki.source import Source
from tsugiki.stage import Resources, stage


class ImportChatsConfig(ChatsConfig):
    """Where chats come from, and how they are read and split."""

    source: Source
    """The file: `PATH` or `s3://bucket/key`, with `#sha256:…` if it is known."""


@stage(image="data", resources=Resources(cpus=1, memory_gb=4, disk_gb=10, hours=1))
def import_chats(out: Chats, config: ImportChatsConfig) -> Metrics:
    """Read chats and split them so that no phrasing of a fact crosses from training into the test."""
    from tsugiki.chats.read import read_chats
    from tsugiki.chats.split import split_by_fact

    path = config.source.fetch(out.work.path)
    counts = out.write(split_by_fact(read_chats(path, config), config))
    return counts.metrics() | count_chats(out.rows())


if __name__ == "__main__":
    main(import_chats)
