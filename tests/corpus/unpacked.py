"""Cleaning pages into rows that a test can look at."""

from tsugiki.corpus import clean
from tsugiki.packed import unpacked


def clean_pages(pages, config, totals, workers=1):
    """What `clean_pages` of the project gives, unpacked."""
    yield from map(unpacked, clean.clean_pages(pages, config, totals, workers))
