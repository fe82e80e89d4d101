"""Models from outside: copied or downloaded at a fixed revision, and checked before anything trains on them."""
