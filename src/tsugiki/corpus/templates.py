"""Templates of wikitext: each becomes what a reader sees of it, an infobox its fields, and navigation nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from tsugiki.corpus import template_names as names
from tsugiki.corpus import template_values as values
from tsugiki.corpus.infobox import is_infobox, render_infobox, render_record
from tsugiki.corpus.marks import Ledger
from tsugiki.corpus.template_parts import Place, render_unknown

T = TypeVar("T")

_SPACE = re.compile(r"[\s_]+")
_LONGEST_KEY = 80
_LAST_PLACE = 100
"""A part with a higher number stands behind all others: no page may make a list as long as a number it writes."""
_NOT_IN_KEYS = frozenset("<>[]{}\n")
_LANG = re.compile(r"lang-([a-z-]{2,12}?)(-short)?$")
_PREFIX = re.compile(r"^(?:template|テンプレート|msg|subst|safesubst):\s*")
_PLACES = ("coord", "coor ", "ウィキ座標")
_DISAMBIGUATION = re.compile(r"\s*\([^()]*\)$")


@dataclass(slots=True)
class Call:
    """One use of a template."""

    name: str
    """Its name in lower case, spaces unified."""
    unnamed: list[str]
    named: dict[str, str]

    def part(self, index: int) -> str:
        """An unnamed part (0-based), stripped; empty if it is not there."""
        return self.unnamed[index].strip() if index < len(self.unnamed) else ""

    def stripped(self) -> list[str]:
        """All unnamed parts."""
        return [part.strip() for part in self.unnamed]


def _remembered(most: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Remember what a function says of so many names, unless they are too long: most are used again and again."""

    def remember(function: Callable[[str], T]) -> Callable[[str], T]:
        before = lru_cache(most)(function)
        return lambda name: (before if len(name) <= _LONGEST_KEY else function)(name)

    return remember


@_remembered(4096)
def _unified(written: str) -> str:
    return _PREFIX.sub("", _SPACE.sub(" ", written).strip().lower())


@_remembered(4096)
def _says_nothing(name: str) -> bool:
    return names.NOT_INFOBOX.match(name) is not None


@_remembered(16_384)
def _key(written: str) -> str:
    """The key of a named part; empty if what is written before its "=" is none."""
    key = written.strip()
    return key if len(key) <= _LONGEST_KEY and _NOT_IN_KEYS.isdisjoint(key) else ""


def _parse(parts: list[str]) -> Call:
    name = _unified(parts[0])
    placed: dict[int, str] = {}
    named: dict[str, str] = {}
    place = 0
    for part in parts[1:]:
        before, equals, value = part.partition("=")
        key = _key(before) if equals else ""
        if not key:
            place += 1
            placed[place] = part
        elif key.isdigit() and key.isascii():
            placed[int(key)] = value
        else:
            named[key] = value
    counted = len(placed) == place
    return Call(name, [placed[number] for number in range(1, place + 1)] if counted else _in_order(placed), named)


def _in_order(placed: dict[int, str]) -> list[str]:
    """Unnamed parts by their numbers, written or counted; a number that is left out is an empty part."""
    numbers = sorted(placed)
    last = min(numbers[-1], _LAST_PLACE)
    return [placed.get(number, "") for number in range(1, last + 1)] + [
        placed[number] for number in numbers if not 0 < number <= last
    ]


def render_template(parts: list[str], place: Callable[[], Place], ledger: Ledger) -> str:
    """What one template shows, given its name and the parts after each pipe, themselves rendered.

    Where it stands matters only for a template that is not known.
    """
    call = _parse(parts)
    if call.name in names.LITERAL:
        ledger.note_named("template_mapped", call.name)
        return names.LITERAL[call.name]
    if call.name in names.EPISODE:
        ledger.note("table_row")
        return render_record(call.named)
    show = _show_of(call.name)
    shown = show and show(call, ledger.today)
    if shown is not None:
        ledger.note_named("template_mapped", call.name)
        return shown
    if not _says_nothing(call.name) and is_infobox(call.name, call.named, "|".join(parts[1:])):
        ledger.note_named("infobox", call.name)
        return render_infobox(call.named, call.unnamed, ledger)
    return render_unknown(call.name, call.unnamed, call.named, place, ledger)


_Show = Callable[[Call, str], str | None]
"""What a template shows on a day (ISO date; may be empty); None if that is not known."""


@_remembered(4096)
def _show_of(name: str) -> _Show | None:
    """How a template of this name is shown; None if the template is not known."""
    if name in values.AGES:
        return lambda call, today: values.years_passed(call.stripped(), today)
    if (show_parts := values.SHOWN.get(name)) is not None:
        return lambda call, _: show_parts(call.stripped())
    if (show := _KNOWN.get(name)) is not None:
        return lambda call, _: show(call)
    if name in names.COUNTRY:
        return lambda call, _: call.named.get("name", "").strip() or names.COUNTRY[name]
    if found := _LANG.match(name):
        language = names.LANGUAGE.get(found[1], "")
        return lambda call, _: f"{language}: {call.part(0)}" if language else call.part(0)
    if name.endswith("範囲") or name.startswith("ipa-"):
        return lambda call, _: call.part(0)
    if name.startswith("formatnum:"):
        return lambda _, __: name.partition(":")[2]
    if name.startswith("#if:"):
        return lambda call, _: call.part(0 if name[4:].strip() else 1)
    return _place if name.startswith(_PLACES) else None


def _place(call: Call, _today: str) -> str | None:
    return None if call.named.get("display", "").strip() == "title" else values.coordinates(call.stripped())


def _first(call: Call) -> str:
    label = call.named.get("label", "").strip()
    shown = call.part(0)
    return label or (_DISAMBIGUATION.sub("", shown) if shown.endswith(")") and call.name in _LINKS else shown)


_LINKS = frozenset(("仮リンク", "link-interwiki", "ill2", "ill", "日本語版にない記事リンク", "link-en"))


def _last(call: Call) -> str:
    return call.unnamed[-1].strip() if call.unnamed else call.named.get("text", "").strip()


def _all(call: Call) -> str:
    return "、".join(part.strip() for part in call.unnamed if part.strip())


def _reading(call: Call) -> str:
    base, reading = call.part(0), call.part(1)
    return f"{base}（{reading}）" if base and reading else base or reading


def _date(call: Call, first: int = 0) -> str:
    year, month, day = (call.part(first + index) for index in range(3))
    if not year.isdigit():
        return year
    return f"{year}年" + (f"{month}月" if month else "") + (f"{day}日" if month and day else "")


def _later_date(call: Call) -> str:
    return _date(call, 3 if call.part(3) else 0)


def _age_at_death(call: Call) -> str:
    dates = [call.part(index) for index in range(6)]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in dates):
        return ""
    birth, death = (tuple(map(int, date)) for date in (dates[:3], dates[3:]))
    age = f"{death[0] - birth[0] - (death[1:] < birth[1:])}歳没"
    return f"（{age}）" if call.name == "没年齢" else age


def _citation(call: Call) -> str:
    named = {key.lower(): value.strip() for key, value in call.named.items()}
    title = named.get("title", "")
    if not title:
        return ""
    author = (
        named.get("author")
        or named.get("author1")
        or " ".join(value for value in (named.get("last"), named.get("first")) if value)
    )
    source = [named.get("publisher"), named.get("journal") or named.get("work") or named.get("newspaper")]
    source.append(named.get("date") or named.get("year"))
    return author + f"『{title}』" + "、".join(value for value in source if value)


def _bar(call: Call) -> str:
    return f"{call.part(0)} {call.part(2)}%<br>"


def _nihongo(call: Call) -> str:
    inside = "、".join(part for part in (call.part(1), call.part(2)) if part)
    return f"{call.part(0)}（{inside}）" if inside else call.part(0)


def _flag(call: Call) -> str:
    country = call.part(0)
    return call.named.get("name", "").strip() or names.COUNTRY.get(country.lower(), country)


def _era(call: Call) -> str:
    """A year by its era; the last year of one is also the first of the next."""
    written = call.part(0)
    if not written.isascii() or not written.isdigit() or len(written) != 4:
        return written
    year = int(written)
    eras = [(first, name) for first, name in names.ERAS if first <= year]
    if not eras:
        return f"{year}年"
    shown = eras[-2:] if eras[-1][0] == year and len(eras) > 1 else eras[-1:]
    return "/".join(f"{name}{year - first + 1 if year > first else '元'}年" for first, name in shown)


def _harvard(call: Call) -> str:
    *authors, year = [part.strip() for part in call.unnamed if part.strip()] or [""]
    return f"{'、'.join(authors)} ({year})" if authors else year


def _isbn(call: Call) -> str:
    return f"ISBN {call.part(0)}"


def _headed(call: Call) -> str:
    fields = (call.named.get(key, "").strip() for key in ("title", "タイトル", "header", "head"))
    return "\n".join(part for part in (*fields, *call.unnamed, call.named.get("content", "")) if part.strip())


_SHOWN_BY: tuple[tuple[frozenset[str], Callable[[Call], str]], ...] = (
    (names.FIRST, _first),
    (names.LAST, _last),
    (names.ALL, _all),
    (names.READING, _reading),
    (names.DATE, _date),
    (names.LATER_DATE, _later_date),
    (frozenset(("没年齢", "没年齢2")), _age_at_death),
    (names.FLAG, _flag),
    (frozenset(("和暦",)), _era),
    (names.CITATION, _citation),
    (frozenset(("bar percent", "bar pixel")), _bar),
    (frozenset(("nihongo", "nihongo2", "nihongo3")), _nihongo),
    (frozenset(("harvtxt", "harvnb", "harv")), _harvard),
    (frozenset(("isbn", "isbn2")), _isbn),
    (
        frozenset(("hidden", "hidden begin", "hidden begin2", "bar box", "collapse", "折り畳み", "折りたたみ", "col")),
        _headed,
    ),
)
# Of two that know a name, the first counts.
_KNOWN = {name: show for known, show in reversed(_SHOWN_BY) for name in known}
