"""The split of chats by fact: wordings of one fact stay on one side, whatever else the file holds."""

import hashlib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tsugiki.chats.config import ChatsConfig
from tsugiki.rows import Chat, Rejected, Split

FACT, QUESTION, ANSWER = "fact:", "question:", "answer:"


def split_by_fact(rows: Iterable[Chat | Rejected], config: ChatsConfig) -> Iterator[Chat | Rejected]:
    """Give every chat its fact and its split, in the order read; rows set aside before pass through.

    Chats are linked where they name the same fact or ask the same question (compared without case, width, spaces
    and punctuation) and, if `same_fact` is `answer` and they name no fact, where they accept the same answer in one
    domain. Linked chats are one group and fall on one side, drawn by a hash of the seed and the group's name (its
    fact, or the one of its texts with the smallest hash). So the split does not depend on the order of rows, and
    a row that is added or removed moves no group that it is not linked to.

    A row that states its split keeps it, and its group follows it (train first); rows of the domains in `other` go
    to `other`. Where stated splits put a fact or a question of the train split outside it, the chat outside is set
    aside as `seen_in_train`. What `max_per_split` leaves out is not yielded.

    Holds all chats in memory.
    """
    everything = list(rows)
    chats = [row for row in everything if isinstance(row, Chat)]
    keys = [_keys(chat, config) for chat in chats]
    names = _group_names(keys)
    splits = _splits(chats, names, config)
    asked = [{key for key in own if not key.startswith(ANSWER)} for own in keys]
    outcomes = _set_aside_seen([_placed(*item) for item in zip(chats, names, splits, strict=True)], asked)
    taken = _sample(outcomes, names, config)
    index = -1
    for row in everything:
        if isinstance(row, Rejected):
            yield row
            continue
        index += 1
        if index in taken:
            yield outcomes[index]


def normalise(text: str) -> str:
    """`text` in NFKC and lower case, without spaces, punctuation and control characters (unless that is all it is)."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "PZC") or folded.strip()


def _question(chat: Chat) -> str:
    said = [message.content for message in chat.messages[:-1] if message.role != "system"]
    return QUESTION + normalise("\n".join(said))


def _keys(chat: Chat, config: ChatsConfig) -> list[str]:
    """What links this chat with others, its own fact first."""
    if chat.fact:
        return [FACT + chat.fact, _question(chat)]
    keys = [_question(chat)]
    if config.same_fact == "answer":
        accepted = (chat.messages[-1].content, *chat.references)
        keys += [f"{ANSWER}{chat.domain}/{normalise(text)}" for text in accepted]
    return keys


def _draw(*parts: object) -> float:
    """A number in [0, 1) that depends on nothing but `parts`."""
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _group_names(keys: Sequence[Sequence[str]]) -> list[str]:
    """The name of the connected group of each chat, by union-find over the chats' keys."""
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for first, *rest in keys:
        for key in rest:
            parent[find(key)] = find(first)
        find(first)
    members: defaultdict[str, list[str]] = defaultdict(list)
    for key in parent:
        members[find(key)].append(key)
    name = {root: min(group, key=_rank) for root, group in members.items()}
    return [name[find(first)] for first, *_ in keys]


def _rank(key: str) -> tuple[bool, float, str]:
    """Stated facts name a group before texts do, so that another wording of a stated fact never renames it."""
    return not key.startswith(FACT), _draw(key), key


def _states_split(chat: Chat) -> bool:
    return "split" in chat.model_fields_set


def _splits(chats: Sequence[Chat], names: Sequence[str], config: ChatsConfig) -> list[Split]:
    stated: dict[str, Split] = {}
    for chat, name in zip(chats, names, strict=True):
        if _states_split(chat) and stated.get(name) != "train":
            stated[name] = chat.split if chat.split == "train" else stated.get(name, chat.split)
    return [_split(chat, name, stated.get(name), config) for chat, name in zip(chats, names, strict=True)]


def _split(chat: Chat, name: str, stated: Split | None, config: ChatsConfig) -> Split:
    if _states_split(chat):
        return chat.split
    if chat.domain in config.other:
        return "other"
    return stated or ("test" if _draw(config.seed, name) < config.test_share else "train")


def _placed(chat: Chat, name: str, split: Split) -> Chat:
    return chat.model_copy(update={"split": split, "fact": chat.fact or name.removeprefix(FACT)})


def _set_aside_seen(chats: Sequence[Chat], asked: Sequence[set[str]]) -> list[Chat | Rejected]:
    trained = set().union(*(keys for chat, keys in zip(chats, asked, strict=True) if chat.split == "train"))

    def check(chat: Chat, keys: set[str]) -> Chat | Rejected:
        if chat.split == "train" or trained.isdisjoint(keys):
            return chat
        detail = f"it belongs to {chat.split}, and its fact or question is in train too"
        return Rejected(source=chat.id, reason="seen_in_train", detail=detail, content=chat.messages[-2].content)

    return [check(chat, keys) for chat, keys in zip(chats, asked, strict=True)]


def _sample(outcomes: Sequence[Chat | Rejected], names: Sequence[str], config: ChatsConfig) -> set[int]:
    """Indices to yield: all that is set aside and, of each split, `max_per_split` chats, whole facts first."""
    if config.max_per_split is None:
        return set(range(len(outcomes)))
    by_split: defaultdict[str, list[tuple[float, float, int]]] = defaultdict(list)
    taken = set()
    for index, row in enumerate(outcomes):
        if isinstance(row, Rejected):
            taken.add(index)
        else:
            rank = (_draw("sample", config.seed, names[index]), _draw(config.seed, row.id), index)
            by_split[row.split].append(rank)
    for ranked in by_split.values():
        taken.update(index for *_, index in sorted(ranked)[: config.max_per_split])
    return taken
