"""Stage: the part of a corpus that is about one topic."""

from tsugiki.artifact import Metrics
from tsugiki.command import main
from tsugiki.corpus.config import SelectConfig
from tsugiki.errors import BadInput
from tsugiki.kinds import Corpus
from tsugiki.stage import Resources, stage


@stage(image="data", resources=Resources(cpus=1, memory_gb=2, disk_gb=20, hours=1))
def select_topic(out: Corpus, corpus: Corpus, config: SelectConfig) -> Metrics:
    """Keep the documents whose title, category or words match; the rest is set aside as off topic."""
    from tsugiki.corpus.select import select

    counts = out.write(select(document, config) for document in corpus.rows())
    if counts.rows == 0:
        raise BadInput(f"no document of {corpus.address} is on the topic: widen the titles, categories or words")
    return counts.metrics()


if __name__ == "__main__":
    main(select_topic)
