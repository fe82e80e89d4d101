"""One linear pass over the brackets of wikitext that renders links and templates from the inside out."""

import re
from dataclasses import dataclass, field

from tsugiki.corpus.links import is_file, render_link
from tsugiki.corpus.marks import HEADING, Ledger, hide
from tsugiki.corpus.template_parts import Place, place_of
from tsugiki.corpus.templates import render_template

# The only group is what is inside of a template without brackets in it, as most are.
_OPENING = re.compile(r"\{\{([^{}\[\]]*+)\}\}(?!\})|\{\{+|\[\[")
_TOKEN = re.compile(rf"{_OPENING.pattern}|\}}\}}+|\]\]|\n\n|\n(?={HEADING})")
_EQUALS = hide("=")


@dataclass(slots=True)
class _Frame:
    """An opening bracket that waits for its end; the bottom frame is the page itself."""

    opening: str
    start: int = 0
    """Where it stands in the page."""
    parts: list[str] = field(default_factory=list)
    """Parts that a pipe has ended."""
    pieces: list[str] = field(default_factory=list)
    """Text of the part that has not ended yet."""

    def is_caption(self) -> bool:
        """Whether this is a link to a file, past its target."""
        return self.opening == "[[" and bool(self.parts) and is_file(self.parts[0])


class _Scanner:
    def __init__(self, text: str, ledger: Ledger) -> None:
        self.text = text
        self.ledger = ledger
        self.token = (0, 0)
        """Where the token being read begins and ends."""
        self.stack = [_Frame("")]
        self.braces = 0
        """Open frames that are templates or parameters."""

    def take(self, text: str) -> None:
        """Take in what stands between two tokens; inside a bracket, pipes end its parts."""
        top = self.stack[-1]
        if not top.opening or "|" not in text:
            top.pieces.append(text)
            return
        first, *between, last = text.split("|")
        top.pieces.append(first)
        top.parts += ("".join(top.pieces), *between)
        top.pieces = [last]

    def read(self, token: str) -> None:
        if token == "[[":
            self._push(token)
        elif token == "]]" and self.stack[-1].opening == "[[":
            self._emit(render_link(self._pop(), self.ledger))
        elif token[:2] == "{{":
            self._open_braces(len(token))
        elif token[:2] == "}}":
            self._close_braces(len(token))
        else:
            if token[0] == "\n":
                self._abandon_links(captions=token == "\n")
            self.stack[-1].pieces.append(token)

    def read_flat(self, inside: str) -> None:
        """Take in a template without brackets inside it in one step."""
        self.ledger.check_depth(len(self.stack))
        self._emit(self._template(inside.split("|"), self.token[0]))

    def _template(self, parts: list[str], start: int) -> str:
        return render_template(parts, lambda: self._place(parts[0], start), self.ledger)

    def _place(self, name: str, start: int) -> Place:
        """Where a template stands that ends with the token being read; in another one it is in a sentence."""
        return "sentence" if self.braces else place_of(self.text, name, start, self.token[1])

    def finish(self) -> str:
        """The rendered page; of what was never closed the parts are kept, one a line."""
        while len(self.stack) > 1:
            self.ledger.note("unclosed_bracket")
            opening = self.stack[-1].opening
            parts = self._pop()
            # The first part of a template is its name.
            kept = parts[1:] if opening != "[[" and len(parts) > 1 else parts
            self.stack[-1].pieces.append("\n".join(part.strip("\n") for part in kept))
        return "".join(self.stack[0].pieces)

    def _push(self, opening: str) -> None:
        self.stack.append(_Frame(opening, self.token[0]))
        self.braces += opening != "[["
        self.ledger.check_depth(len(self.stack) - 1)

    def _pop(self) -> list[str]:
        frame = self.stack.pop()
        self.braces -= frame.opening != "[["
        return [*frame.parts, "".join(frame.pieces)]

    def _emit(self, text: str) -> None:
        # Inside a template a rendered "=" must not turn the part it stands in into a named one.
        self.stack[-1].pieces.append(text.replace("=", _EQUALS) if self.braces else text)

    def _open_braces(self, count: int) -> None:
        while count >= 2:
            self._push("{{{" if count == 3 else "{{")
            count -= 3 if count == 3 else 2

    def _close_braces(self, count: int) -> None:
        while count >= 2 and self.braces:
            self._abandon_links()
            opening = self.stack[-1].opening
            if opening == "{{{" and count >= 3:
                parts = self._pop()
                self._emit(parts[1] if len(parts) > 1 else "")
                count -= 3
                continue
            start = self.stack[-1].start
            parts = self._pop()
            self._emit("{" * (opening == "{{{") + self._template(parts, start))
            count -= 2
        self.stack[-1].pieces.append("}" * count)

    def _abandon_links(self, *, captions: bool = True) -> None:
        """Give up links left open: neither a blank line nor the end of a template may lie inside one.

        Captions of files may have paragraphs; they are given up at the end of a template and at a heading only.
        """
        while self.stack[-1].opening == "[[" and (captions or not self.stack[-1].is_caption()):
            self.ledger.note("unclosed_bracket")
            text = "|".join(self._pop())
            self.stack[-1].pieces.append(text)


class _Openings:
    """Finds the next opening bracket; each kind by itself, since a fixed string is found fastest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._braces = self._links = -1

    def after(self, position: int) -> re.Match[str] | None:
        """The first opening bracket from a position on; positions never go back."""
        if self._braces < position:
            self._braces = self._find("{{", position)
        if self._links < position:
            self._links = self._find("[[", position)
        return _OPENING.match(self._text, min(self._braces, self._links))

    def _find(self, opening: str, position: int) -> int:
        found = self._text.find(opening, position)
        return len(self._text) if found < 0 else found


def render_brackets(text: str, ledger: Ledger) -> str:
    """Replace every link and template by what it shows; nesting deeper than the ledger's limit is refused."""
    scanner = _Scanner(text, ledger)
    stack = scanner.stack
    position = 0
    openings = _Openings(text)
    # Outside of brackets only what opens one means anything.
    while (token := _TOKEN.search(text, position) if len(stack) > 1 else openings.after(position)) is not None:
        start, end = token.span()
        if start > position:
            scanner.take(text[position:start])
        position = end
        scanner.token = (start, end)
        if (inside := token[1]) is not None:
            scanner.read_flat(inside)
        else:
            scanner.read(token[0])
    scanner.take(text[position:])
    return scanner.finish()
