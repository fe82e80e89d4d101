"""The documented row types: one JSON object a line, one type for each kind of artifact that holds rows."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Markup = Literal["wikitext", "markdown", "html", "text"]
Split = Literal["train", "test", "other"]
Role = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length", "stopped_in_analysis"]


class Row(BaseModel):
    """One line of a row file. Frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Provenance(Row):
    """Where a text came from, kept from the page to the training document. Unknown fields stay None or empty."""

    page_id: int | None = None
    revision_id: int | None = None
    timestamp: str | None = None
    """ISO 8601 time of the revision, as the wiki gives it."""
    sha1: str | None = None
    """The wiki's own checksum of the revision (base 36), as the wiki gives it."""
    url: str | None = None
    licence: str | None = None
    attribution: str | None = None
    """Whom the licence asks to name, the page's title and a permanent link to the revision."""
    categories: tuple[str, ...] = ()
    """Category names without their namespace prefix."""
    path: tuple[str, ...] = ()
    """Category names from the root category down to the one through which the page was found."""


class Page(Row):
    """One wiki page as it was published."""

    title: str
    text: str
    markup: Markup = "wikitext"
    provenance: Provenance = Provenance()


class Document(Row):
    """One cleaned training text."""

    title: str
    text: str
    markup: Literal["text", "markdown"] = "text"
    fallback: str | None = None
    """Why the page was cleaned by simple rules (`too_deep: …`, `error: …`); None where the main ones could read it."""
    provenance: Provenance = Provenance()


class Rejected(Row):
    """Something set aside, with its reason: it is counted and kept, never dropped."""

    source: str
    """What it was: a page's title, or a file's name."""
    line: int | None = None
    """1-based line in the source file, where there is one."""
    reason: str
    """A short, countable name of the rule that set it aside (`list_page`, `invalid_json`)."""
    detail: str = ""
    """What exactly was wrong, for the eye."""
    content: str = ""
    """The content set aside, or its beginning."""


class Message(Row):
    """One turn of a chat."""

    role: Role
    content: str
    thinking: str | None = None
    """The turn's reasoning, for templates that have a channel for it."""


class Chat(Row):
    """One chat with its reference answers; a question and its answer is a chat of two messages."""

    id: str
    messages: tuple[Message, ...]
    fact: str
    """The fact asked for: every phrasing of one fact has the same value and falls into the same split."""
    domain: str = "domain"
    """What the chat is about; questions outside the domain carry another name."""
    split: Split = "train"
    """`train` is trained on; `test` holds facts never trained on; `other` lies outside the domain."""
    references: tuple[str, ...] = ()
    """Every accepted answer. Empty: the last assistant message is the only one."""


class Answer(Row):
    """One sample generated for one chat."""

    id: str
    """The chat's id."""
    sample: int = 0
    """0-based index among the samples of this chat."""
    seed: int = 0
    text: str
    """What the user would be shown: the final channel of a harmony model, else the whole output."""
    channels: dict[str, str] = {}
    """Text of each harmony channel; empty for models that have none."""
    finish: Finish
    """`stop`: ended by itself; `length`: cut at the token limit; `stopped_in_analysis`: no final answer began."""
    prompt_tokens: int
    output_tokens: int
