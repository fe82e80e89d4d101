"""What a set of chats holds, counted for the record."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tsugiki.rows import Chat


def count_chats(chats: Iterable[Chat]) -> dict[str, Any]:
    """Chats and distinct facts of each split, and chats of each domain."""
    splits: Counter[str] = Counter()
    domains: Counter[str] = Counter()
    facts: dict[str, set[str]] = {}
    for chat in chats:
        splits[chat.split] += 1
        domains[chat.domain] += 1
        facts.setdefault(chat.split, set()).add(chat.fact)
    return {
        "splits": dict(sorted(splits.items())),
        "facts": {split: len(found) for split, found in sorted(facts.items())},
        "domains": dict(sorted(domains.items())),
    }
