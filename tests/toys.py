"""Two small stages with which the contract is tested without data or models."""

from pydantic import Field

from tsugiki.artifact import Metrics
from tsugiki.config import Config
from tsugiki.errors import BadInput
from tsugiki.kinds import Corpus, Pages
from tsugiki.rows import Document, Page, Rejected
from tsugiki.stage import Resources, stage


class WriteConfig(Config):
    """What the toy pages say."""

    texts: tuple[str, ...]
    """Text of each page."""


class UpperConfig(Config):
    """How the toy corpus is made."""

    suffix: str
    """What ends each text."""
    min_chars: int = Field(default=0, ge=0)
    """Shortest text kept, in characters."""


@stage(image="data", resources=Resources())
def write_pages(out: Pages, config: WriteConfig) -> Metrics:
    """Write one page for each text."""
    if "" in config.texts:
        raise BadInput("a text is empty: remove it")
    return out.write(Page(title=f"page {n}", text=text) for n, text in enumerate(config.texts)).metrics()


@stage(image="data", resources=Resources())
def upper_corpus(out: Corpus, pages: Pages, config: UpperConfig) -> Metrics:
    """Write each page in capitals."""

    def change(page: Page) -> Document | Rejected:
        if len(page.text) < config.min_chars:
            return Rejected(source=page.title, reason="short")
        return Document(title=page.title, text=page.text.upper() + config.suffix)

    return out.write(map(change, pages.rows())).metrics()


@stage(image="data", resources=Resources())
def join_corpora(out: Corpus, corpora: tuple[Corpus, ...], config: UpperConfig) -> Metrics:
    """Write all documents of several corpora."""
    rows = (row.model_copy(update={"text": row.text + config.suffix}) for corpus in corpora for row in corpus.rows())
    return out.write(rows).metrics()
