"""NFKC of long texts of which little changes: only the few characters that can change are normalised."""

import re
from unicodedata import normalize

# Each of these stays as it is under NFKC, and neither composes with nor moves past a character before it, so that a
# text may be cut in front of it. The list need not be complete: what is missing costs time only.
_INERT = (
    "\x00-\x9f¡-§©«¬®°¶»¿-ıĴ-ľŁ-ňŊ-žƀ-ƿΑ-Ρά-ώА-ѯ‐‒-―‘-‟†-•‰‹›※\u2028\u2029←-⇿∀-∫─-⟿、-〩〰-〵〻〼〾-\u3040ぁ-ゖ"
    "ゝゞ゠-ヾ㐀-䶿一-鿿가-힣"
)
_FREQUENT = {"（": "(", "）": ")", "：": ":"}
"""Nearly all that changes in Japanese text; replaced first, since that is cheaper than finding each of them."""
_MAY_CHANGE = re.compile(f"[^{_INERT}][^{_INERT}]*")


def nfkc(text: str) -> str:
    """The same as `unicodedata.normalize("NFKC", text)`, several times faster on Japanese and Latin text."""
    for full, half in _FREQUENT.items():
        text = text.replace(full, half)
    kept: list[str] = []
    position = 0
    for found in _MAY_CHANGE.finditer(text):
        # The character before may compose with the first of these.
        start = max(found.start() - 1, position)
        kept.append(text[position:start])
        position = found.end()
        kept.append(normalize("NFKC", text[start:position]))
    if not kept:
        return text
    kept.append(text[position:])
    return "".join(kept)
