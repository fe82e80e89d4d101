"""Chats as token ids, and the gate over chat templates."""

from pathlib import Path

import pytest

from tests.train.tiny import ARCHITECTURES, chat
from tsugiki.errors import BadInput, GateFailed
from tsugiki.train import gates
from tsugiki.train.template import (
    FROZEN_DATE,
    document_ids,
    freeze_date,
    load_tokenizer,
    render_examples,
    render_prompt,
    stop_ids,
)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_only_the_answer_and_its_stop_token_are_trained(bases: dict[str, Path], name: str) -> None:
    tokenizer = load_tokenizer(bases[name])
    messages = chat("監督は?", "山田").messages
    (example,) = render_examples(tokenizer, messages, stop_ids(tokenizer, bases[name]))
    prompt = render_prompt(tokenizer, messages[:1])
    trained = [i for i, target in zip(example.ids, example.targets, strict=True) if target]
    assert example.ids == prompt + trained
    opening = "<|channel|>final<|message|>" if name == "gpt_oss" else ""
    stop = {"llama": "</s>", "gpt_oss": "<|return|>", "gemma3": "<end_of_turn>"}[name]
    assert tokenizer.decode(trained) == opening + "山田" + stop


def test_turns_share_a_sequence_unless_the_template_rewrites_them(bases: dict[str, Path]) -> None:
    messages = chat("一?", "壱", "二?", "弐", thinking="考える").messages
    for name, sequences in (("llama", 1), ("gemma3", 1), ("gpt_oss", 2)):
        tokenizer = load_tokenizer(bases[name])
        examples = render_examples(tokenizer, messages, stop_ids(tokenizer, bases[name]))
        assert len(examples) == sequences
        text = tokenizer.decode([i for e in examples for i, t in zip(*e, strict=True) if t])
        assert "壱" in text
        assert "弐" in text
        assert "二" not in text
        assert text.count("考える") == (2 if name == "gpt_oss" else 0)


def test_documents_begin_with_bos_except_in_harmony(bases: dict[str, Path]) -> None:
    for name, wrapped in (("llama", ["<s>", "</s>"]), ("gpt_oss", ["<|endoftext|>"]), ("gemma3", ["<bos>", "<eos>"])):
        tokenizer = load_tokenizer(bases[name])
        assert tokenizer.convert_ids_to_tokens(document_ids(tokenizer, [])) == wrapped


def test_the_date_is_frozen() -> None:
    template = 'Current date: {{ strftime_now("%Y-%m-%d") }}'
    assert freeze_date(template) == f'Current date: {{{{ "{FROZEN_DATE}" }}}}'


def test_a_chat_without_an_answer_is_refused(bases: dict[str, Path]) -> None:
    tokenizer = load_tokenizer(bases["llama"])
    with pytest.raises(BadInput, match="no assistant turn"):
        render_examples(tokenizer, chat("監督は?").messages, stop_ids(tokenizer, bases["llama"]))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gate_passes_the_templates_of_the_bases(bases: dict[str, Path], name: str) -> None:
    assert gates.check_template(load_tokenizer(bases[name]), bases[name]) > 1


@pytest.mark.parametrize(
    ("template", "fault"),
    [
        ("{{ strftime_now('%Y') }}", "reads the clock"),
        ("{{ bos_token }}{{ bos_token }}{{ messages[-1].content }}{{ eos_token }}", "does not begin with its own"),
        (
            "{{ bos_token }}{% for m in messages %}<|user|>{{ bos_token }}{{ m.content }}{{ eos_token }}{% endfor %}",
            "BOS tokens where 1",
        ),
        ("{% for m in messages %}<|user|>{{ m.content }}{{ eos_token }}{% endfor %}", "0 BOS tokens"),
        ("{{ bos_token }}{% for m in messages %}<|user|>{{ m.content }}{% endfor %}", "no stop token"),
        ("{{ raise_exception('no') }}", "cannot render"),
    ],
)
def test_gate_fails_on_faulty_templates(bases: dict[str, Path], template: str, fault: str) -> None:
    tokenizer = load_tokenizer(bases["llama"])
    tokenizer.chat_template = template
    with pytest.raises(GateFailed, match=fault):
        gates.check_template(tokenizer, bases["llama"])
