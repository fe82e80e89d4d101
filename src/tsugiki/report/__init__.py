"""One static page and one JSON file that say what a run found, for people and for programs."""
