"""Which documents belong to one topic, such as a single work."""

import re

from tsugiki.corpus.config import SelectConfig
from tsugiki.rows import Document, Rejected


def select(document: Document, config: SelectConfig) -> Document | Rejected:
    """The document if any one condition holds, else an `off_topic` row without its content.

    Conditions are exact titles, patterns in the title, categories (of the page or of the path to it), and words in
    the text that together occur `min_words` times.
    """
    if _is_on_topic(document, config):
        return document
    return Rejected(source=document.title, reason="off_topic", detail="no title, category or word matches")


def _is_on_topic(document: Document, config: SelectConfig) -> bool:
    provenance = document.provenance
    return (
        document.title in config.titles
        or any(re.search(pattern, document.title) for pattern in config.title_patterns)
        or not {*config.categories}.isdisjoint((*provenance.categories, *provenance.path))
        or (bool(config.words) and sum(document.text.count(word) for word in config.words) >= config.min_words)
    )
