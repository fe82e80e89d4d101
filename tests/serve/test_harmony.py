"""Harmony completions are taken apart, whole or broken, and nothing the model writes raises."""

import random

import pytest

from tsugiki.serve.harmony import parse

WHOLE = "<|start|>assistant<|channel|>analysis<|message|>考える。<|end|><|start|>assistant<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("text", "channels", "answered"),
    [
        (WHOLE + "東京<|return|>", {"analysis": "考える。", "final": "東京"}, True),
        (WHOLE + "東", {"analysis": "考える。", "final": "東"}, True),
        (WHOLE + "<|return|>", {"analysis": "考える。", "final": ""}, True),
        (WHOLE.removesuffix("<|message|>"), {"analysis": "考える。"}, False),
        ("<|start|>assistant<|channel|>analysis<|message|>考え、考え、", {"analysis": "考え、考え、"}, False),
        ("<|start|>assistant<|channel|>analysis<|message|>考<|return|>", {"analysis": "考"}, False),
        ("<|start|>assistant<|channel|>ana", {}, False),
        ("<|start|>assistant", {}, False),
        ("", {}, False),
        ("<|start|>assistant<|channel|>final<|message|>東京<|return|>", {"final": "東京"}, True),
        # a missing <|end|><|start|>
        (
            "<|start|>assistant<|channel|>analysis<|message|>a<|channel|>final<|message|>b<|return|>",
            {"analysis": "a", "final": "b"},
            True,
        ),
        # a missing <|message|>
        ("<|start|>assistant<|channel|>final東京<|return|>", {"final": "東京"}, True),
        ("<|start|>assistant<|channel|>analysis The user<|end|>", {"analysis": "The user"}, False),
        # a header begun twice
        ("<|start|>assistant<|channel|>analysis<|channel|>final<|message|>b", {"final": "b"}, True),
        # no channel at all
        ("<|start|>assistant<|message|>東京<|return|>", {"final": "東京"}, True),
        ("<|start|>assistant東京です。<|return|>", {"final": "東京です。"}, True),
        ("東京です。", {"final": "東京です。"}, True),
        (
            "<|start|>assistant<|channel|>analysis<|message|>a<|end|>東京",
            {"analysis": "a", "final": "東京"},
            True,
        ),
        # several messages of one channel
        (
            "<|start|>assistant<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>analysis<|message|>b",
            {"analysis": "a\nb"},
            False,
        ),
        # tool calls, in both places where the guide puts the recipient
        (
            "<|start|>assistant<|channel|>commentary to=functions.search <|constrain|>json<|message|>{}<|call|>",
            {"commentary to=functions.search": "{}"},
            False,
        ),
        (
            "<|start|>assistant to=functions.search<|channel|>commentary<|message|>{}<|call|>",
            {"commentary to=functions.search": "{}"},
            False,
        ),
        ("<|start|>assistant<|channel|>commentary to=functions.sea", {}, False),
        ("<|start|>assistant to=functions.sea", {}, False),
        ("<|start|>assistant<|channel|>commentary<|message|>前置き<|end|>", {"commentary": "前置き"}, False),
    ],
)
def test_channels(text: str, channels: dict[str, str], answered: bool) -> None:
    parsed = parse(text)
    assert (parsed.channels, parsed.answered) == (channels, answered)
    assert parsed.text == channels.get("final", "")


def test_no_sequence_of_markers_raises() -> None:
    markers = ["start", "channel", "constrain", "message", "end", "return", "call"]
    pieces = [f"<|{marker}|>" for marker in markers] + ["assistant", "analysis", "final", " to=a", "x", " ", "<|", "\n"]
    random_pieces = random.Random(0)
    for _ in range(20_000):
        parsed = parse("".join(random_pieces.choices(pieces, k=random_pieces.randint(0, 9))))
        assert parsed.answered == ("final" in parsed.channels)


def test_text_is_never_lost_between_markers() -> None:
    assert "".join(parse("a<|end|>b<|return|>c<|start|>assistant d").channels.values()) == "a\nb\nc\nd"
