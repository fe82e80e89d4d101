"""Collect a category tree's pages from a wiki's Action API, with everything their licence asks to keep."""
