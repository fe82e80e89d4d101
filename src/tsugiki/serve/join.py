"""Answers made in parts, put into the order in which one job would have written them."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tsugiki.rows import Answer, Chat, Rejected


def join_answers(
    chats: Sequence[Chat], answers: Sequence[Iterable[Answer]], rejected: Sequence[Iterable[Rejected]]
) -> Iterator[Answer | Rejected]:
    """Merge the rows of all parts, reading each part once and in order.

    Args:
        chats: their order is the order of the answers; the samples of one chat follow each other.
        answers: rows of each part, each in this order.
        rejected: what each part set aside, each in this order.

    Yields:
        Every answer, then everything set aside: they go to different files.
    """
    place: Mapping[str, int] = {chat.id: index for index, chat in enumerate(chats)}
    yield from heapq.merge(*answers, key=lambda row: (place[row.id], row.sample))
    yield from heapq.merge(*rejected, key=lambda row: place[row.source])
