"""What a set of answers holds, counted for the record."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tsugiki.rows import Answer


def count_answers(answers: Iterable[Answer]) -> dict[str, Any]:
    """Tokens read and written, and samples by how they ended."""
    finish: Counter[str] = Counter()
    prompt = output = 0
    for answer in answers:
        finish[answer.finish] += 1
        prompt += answer.prompt_tokens
        output += answer.output_tokens
    return {"prompt_tokens": prompt, "output_tokens": output, "finish": dict(sorted(finish.items()))}
