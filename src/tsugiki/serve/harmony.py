"""Completions of harmony (gpt-oss) models, taken apart into their channels; malformed output never raises."""

import re
from collections.abc import Iterator
from typing import NamedTuple

FINAL, COMMENTARY = "final", "commentary"
START, CHANNEL, CONSTRAIN, MESSAGE = "<|start|>", "<|channel|>", "<|constrain|>", "<|message|>"

_MARKER = re.compile(r"(<\|(?:start|channel|constrain|message|end|return|call)\|>)")
_ROLE = re.compile(r"\s*(?:assistant|user|system|developer|tool)?\s*")
_CHANNEL_NAME = re.compile(r"\s*(analysis|commentary|final)\s*")
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")


class Parsed(NamedTuple):
    """One completion."""

    channels: dict[str, str]
    """Text of each channel, messages of one channel joined by a newline; a tool call is `commentary to=RECIPIENT`."""
    answered: bool
    """Whether a final answer began, even an empty one."""

    @property
    def text(self) -> str:
        """The final channel: what the user is shown."""
        return self.channels.get(FINAL, "").strip()


class _Message(NamedTuple):
    channel: str
    text: str


def parse(text: str) -> Parsed:
    """Parse generated text, decoded with its special tokens kept.

    The grammar is that of the openai/harmony format guide: `<|start|>ROLE<|channel|>NAME<|message|>TEXT<|end|>`, with
    `<|return|>` or `<|call|>` after the last message and `to=RECIPIENT` in the header of a tool call. Text may break
    off anywhere. Where the model leaves out `<|end|>`, the next header ends the message; where it leaves out
    `<|message|>`, what follows the channel's name is its text; text of no channel counts as the final answer, since
    the user would be shown it.
    """
    channels: dict[str, str] = {}
    for message in _messages(text):
        earlier = channels.get(message.channel)
        channels[message.channel] = f"{earlier}\n{message.text}" if earlier else message.text
    return Parsed(channels, FINAL in channels)


def _messages(text: str) -> Iterator[_Message]:
    first, *rest = _MARKER.split(text)
    header: str | None = None
    if first.strip():
        yield _Message(FINAL, first)
    for marker, following in zip(rest[::2], rest[1::2], strict=True):
        if marker == MESSAGE:
            yield _Message(_channel(header or ""), following)
            header = None
        elif marker == CHANNEL:
            header = (header or "") + marker + following
        elif marker != CONSTRAIN:
            yield from _unmarked(header)
            header = following
            if marker != START:
                yield from _unmarked(CHANNEL + FINAL + following)
                header = None
    yield from _unmarked(header)


def _channel(header: str) -> str:
    """The channel that a header names, with its recipient; where it names none, commentary for a call, else final."""
    words = header.rpartition(CHANNEL)[2].split() if CHANNEL in header else []
    name = words[0] if words and not words[0].startswith("to=") else ""
    recipient = _RECIPIENT.search(header)
    return f"{name or COMMENTARY} to={recipient.group(1)}" if recipient and name != FINAL else name or FINAL


def _unmarked(header: str | None) -> Iterator[_Message]:
    """The message in a header whose `<|message|>` is missing, if it holds any text."""
    _, channel, rest = (header or "").rpartition(CHANNEL)
    named = (_CHANNEL_NAME if channel else _ROLE).match(rest)
    text = rest[named.end() :] if named else ""
    if text and not _RECIPIENT.match(text):
        yield _Message(named.group(1) if channel and named else FINAL, text)
