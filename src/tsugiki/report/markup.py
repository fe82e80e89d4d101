"""Elements of HTML and SVG: every value is escaped by construction, because only `el` makes markup."""

import html
import math
import re
from collections.abc import Iterable

_EMPTY = frozenset({"meta", "line", "circle", "path", "rect", "br"})
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


Child = str | Iterable[Markup]


def escape(text: str) -> Markup:
    """Plain text as HTML; characters that no document may hold become U+FFFD."""
    return Markup(html.escape(_UNSEEN.sub("\ufffd", text)))


def el(tag: str, *children: Child, **attributes: str | float | None) -> Markup:
    """One element.

    Args:
        tag: its name.
        children: plain text, which is escaped, or markup, or several pieces of markup.
        attributes: `class_` is `class`, an inner underscore is a hyphen; None leaves the attribute out, and
            numbers are written with at most one decimal.
    """
    named = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _EMPTY:
        return Markup(f"<{tag}{named}/>")
    return Markup(f"<{tag}{named}>{join(*children)}</{tag}>")


def join(*children: Child) -> Markup:
    """Children one after another, without an element around them."""
    return Markup("".join(map(_markup, children)))


def _markup(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    return escape(child) if isinstance(child, str) else "".join(child)


def _plain(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


def percent(share: float, digits: int = 0) -> str:
    """A share as a percentage (`78 %`); a share that would round to nothing, or to all, keeps a decimal."""
    rounded = round(100 * share, digits)
    if digits == 0 and ((rounded == 0 and share > 0) or (rounded == 100 and share < 1)):
        return percent(share, 1)
    return f"{rounded:.{digits}f}\u00a0%"


def span(low: float, high: float, digits: int = 0) -> str:
    """An interval of shares (`71–85 %`)."""
    return f"{100 * low:.{digits}f}–{percent(high, digits)}"


def points(gap: float, digits: int = 1) -> str:
    """A difference of shares in percentage points with its sign (`+9.3`)."""
    rounded = round(100 * gap, digits)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):.{digits}f}"


def p_value(p: float) -> str:
    """A p-value, never written as zero."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def count(number: int) -> str:
    """A whole number in groups of three digits."""
    return f"{number:,}"


def duration(seconds: float) -> Markup:
    """A duration in words."""
    if seconds < 60:
        text = f"{seconds:.1f} s"
    elif seconds < 3600:
        text = f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    else:
        text = f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    return timed(text, seconds)


def timed(content: Child, seconds: float) -> Markup:
    """What follows from a duration, in a `time` element: it differs between two runs of the same thing."""
    return el("time", content, datetime=f"PT{seconds:.1f}S")


def figure(value: float) -> str:
    """A number of any size, short enough for a label."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e15:
        return count(int(value))
    return f"{value:.4g}"
