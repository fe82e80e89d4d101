"""One file is one pipeline on one page."""
