"""What an answer of the Action API means: a result, a reason to ask again later, or a fault that stays."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tsugiki.errors import BadInput

_PASSING = re.compile(r"maxlag|ratelimited|readonly|query-?timed?-?out|internal_api_error_.*")
_TAG = re.compile(r"<(style|script)\b.*?</\1>|<[^<>]*>", re.DOTALL)
_TOO_MANY = 429
_TIMED_OUT = 408
_OK = 200
_FORBIDDEN = (401, 403)
_PAGE_BYTES = 20_000
_EXCERPT = 200


@dataclass(frozen=True)
class Again:
    """The request was in order, and may be answered later."""

    reason: str
    """A short, countable name."""
    detail: str
    after: float = 0.0
    """Seconds that the wiki asks to wait; 0 where it does not say."""


@dataclass(frozen=True)
class Response:
    """What came over the line."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def judge(url: str, response: Response, *, known: bool) -> dict[str, Any] | Again:
    """The JSON object of an answer, or why to ask again.

    Args:
        url: of the API, for messages.
        response: as received, decompressed.
        known: whether this URL has answered as an API before: then an answer that is none is a passing fault.

    Raises:
        BadInput: asking again would end the same way.
    """
    status, after = response.status, _seconds(response.headers.get("Retry-After", ""))
    if status == _TOO_MANY:
        return Again("rate_limited", f"{url} answers 429: too many requests", after)
    if status >= 500 or status == _TIMED_OUT:
        return Again("server_error", f"{url} answers {status}", after)
    if 300 <= status < 400:
        raise BadInput(f"{url} is at {response.headers.get('Location', 'another place')}: give that as api")
    if status != _OK:
        hint = "it wants to know who asks" if status in _FORBIDDEN else "check the URL of its api.php"
        raise BadInput(f"{url} answers {status} ({_excerpt(response.body)}): {hint}")
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return _no_object(url, response, after, known)
    return _fault(url, answer["error"], after) if "error" in answer else answer


def _no_object(url: str, response: Response, after: float, known: bool) -> Again:
    kind = response.headers.get("Content-Type", "nothing").partition(";")[0]
    if kind != "application/json" and not known:
        raise BadInput(f"{url} answers with {kind} ({_excerpt(response.body)}), not JSON: give the URL of its api.php")
    return Again("damaged_answer", f"{url} answers with {len(response.body)} bytes that are no JSON object", after)


def _fault(url: str, error: Any, after: float) -> Again:
    code, info = ("", str(error)) if not isinstance(error, dict) else (error.get("code", ""), error.get("info", ""))
    if _PASSING.fullmatch(code):
        return Again(code, f"{url} answers {code}: {info}", after)
    raise BadInput(f"{url} refuses a request ({code}: {info})")


def _seconds(retry_after: str) -> float:
    """The waiting time in a Retry-After header, which holds seconds or a date."""
    if retry_after.strip().isascii() and retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _excerpt(body: bytes) -> str:
    """The beginning of a page's text, for a message of one line."""
    text = _TAG.sub(" ", body[:_PAGE_BYTES].decode(errors="replace"))
    return " ".join(text.split())[:_EXCERPT] or "an empty page"
