"""Pages rendered by MediaWiki, from its parser or its REST interface: HTML becomes marks for the rules on text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from tsugiki.corpus.htmlcells import OpenTable, close_table
from tsugiki.corpus.htmlunseen import is_unseen
from tsugiki.corpus.marks import BREAK, DEEPER, DEFINITION, HEADING, ITEM, TERM, WRITTEN, Ledger, hide, sanitise

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_ROOTS = ("#mw-content-text .mw-parser-output", ".mw-parser-output", "body")
_SPACE = re.compile(r"[ \t\n\r\f]+")
_POWER = re.compile(r"[-−+0-9]{1,20}$")
_BLOCKS = frozenset(
    ["p", "div", "section", "article", "main", "blockquote", "center", "pre", "address", "ul", "ol", "dl", "hr"]
)
_LISTS = frozenset(["ul", "ol"])
_LEAVES = {"dt": TERM, "dd": DEFINITION}
_LAYOUT = frozenset(["multicol", "layout"])


def read_html(text: str, ledger: Ledger) -> str:
    """Read a rendered page into text with marks; what a reader of the article does not read goes.

    Navigation, notices, references, edit links, images and hidden parts go. Tables become rows, infoboxes fields.
    Nesting beyond the ledger's limit is refused.
    """
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(text)
    found = (_outermost(tree.css(selector), ledger.max_depth) for selector in _ROOTS)
    reader = _Reader(ledger)
    for root in next((roots for roots in found if roots), []):
        _walk(root, reader, ledger)
    return reader.finish()


def _outermost(nodes: list[LexborNode], most_steps: int) -> list[LexborNode]:
    """Nodes that lie in none of the others; how far up that is looked for is bounded."""
    if len(nodes) < 2:
        return nodes
    known = {node.mem_id for node in nodes}
    return [node for node in nodes if not any(one.mem_id in known for one in islice(_above(node), most_steps))]


def _above(node: LexborNode) -> Iterator[LexborNode]:
    while (parent := node.parent) is not None:
        yield parent
        node = parent


def _walk(root: LexborNode, reader: _Reader, ledger: Ledger) -> None:
    """Visit every node that is read, without recursion."""
    node, depth = root, 0
    while True:
        child = node.first_child if reader.enter(node) else None
        if child is not None:
            node, depth = child, depth + 1
            ledger.check_depth(depth)
            continue
        while True:
            reader.leave(node)
            if depth == 0:
                return
            following = node.next
            if following is not None:
                node = following
                break
            parent = node.parent
            if parent is None:
                return
            node, depth = parent, depth - 1


class _Reader:
    """Takes in the nodes of a page in their order."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.out: list[str] = []
        """Pieces of the text being written: the page's, or that of the innermost cell."""
        self.tables: list[OpenTable] = []
        self.lists = 0
        """Lists around the current node."""
        self.preformatted = 0
        """Elements around the current node whose lines are kept."""
        self.skipped: set[int] = set()
        """Elements that were entered and not read, until they are left."""

    def enter(self, node: LexborNode) -> bool:
        """Take in the beginning of a node; whether its children are to be read."""
        tag = node.tag
        if tag == "-text":
            self._text(node)
            return False
        if tag is None or tag.startswith("-") or self._is_skipped(node, tag):
            self.skipped.add(node.mem_id)
            return False
        if tag in _BLOCKS:
            self._line()
            self.lists += tag in _LISTS
            self.preformatted += tag == "pre"
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self._line()
            self.out.append(f"{HEADING}{tag[1]}")
        elif tag == "li":
            self._mark(ITEM + DEEPER * (self.lists - 1))
        elif tag in _LEAVES:
            self._mark(_LEAVES[tag])
        else:
            self._enter_inline(node, tag)
        return True

    def _enter_inline(self, node: LexborNode, tag: str) -> None:
        if tag == "br":
            self.out.append(BREAK)
        elif tag == "rt":
            self.ledger.note("ruby")
            self.out.append("（")
        elif tag == "sup" and self.out and self.out[-1][-1:].isdigit() and _POWER.match(node.text()):
            self.ledger.note("power")
            self.out.append("^")
        elif tag == "table":
            self.tables.append(OpenTable(node.attributes.get("class") or "", self.out))
        elif self.tables and tag in ("tr", "td", "th", "caption"):
            self.out = self.tables[-1].enter(tag, node.attributes)

    def leave(self, node: LexborNode) -> None:
        """Take in the end of a node."""
        tag = node.tag or ""
        if tag.startswith("-") or node.mem_id in self.skipped:
            self.skipped.discard(node.mem_id)
        elif tag in _BLOCKS:
            self.lists -= tag in _LISTS
            self.preformatted -= tag == "pre"
            self._line()
            if tag == "p" and not self.lists:
                self.out.append("\n")
        elif tag in ("li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"):
            self._line()
        elif tag == "rt":
            self.out.append("）")
        elif self.tables and tag in ("td", "th", "caption"):
            self.out = self.tables[-1].leave(tag)
        elif self.tables and tag == "table":
            self._close()

    def finish(self) -> str:
        """The whole text."""
        return "".join(self.out)

    def _close(self) -> None:
        done = self.tables.pop()
        lines = close_table(done, self.ledger)
        self.out = done.around
        if self.tables and self.tables[-1].in_cell:
            self.tables[-1].inner += lines
        else:
            self.out.append("".join(("\n", *(f"{line}\n" for line in lines))))

    def _is_skipped(self, node: LexborNode, tag: str) -> bool:
        if (shown := is_unseen(tag, node.attributes)) is None:
            return False
        self.ledger.note("unseen_element")
        self.out.append(self._admitted(shown))
        return True

    def _admitted(self, text: str) -> str:
        """Text without what no page may contain, marks among it: a character reference can stand for it."""
        return WRITTEN.join(sanitise(part, self.ledger) for part in text.split(WRITTEN))

    def _text(self, node: LexborNode) -> None:
        content = self._admitted(node.text_content or "")
        if self.preformatted:
            self.out.append(hide(content))
            return
        text = _SPACE.sub(" ", content)
        self.out.append(text.replace("<", _LESS) if "<" in text else text)

    def _line(self) -> None:
        """Begin a line, unless one was just begun: `<li><p>` is one line."""
        if self.out and not self.out[-1].endswith("\n") and not self.out[-1].startswith(_FRESH):
            self.out.append("\n")

    def _mark(self, mark: str) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")
        self.out.append(mark)


_LESS = hide("<")
_FRESH = (ITEM, TERM, DEFINITION)
