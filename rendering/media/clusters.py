"""Text as the units a reader sees: a letter with its marks, a family emoji, a flag.

A short form of Unicode Standard Annex 29 (text segmentation), enough to choose fonts and break lines.
"""

from __future__ import annotations

import unicodedata

ZERO_WIDTH_JOINER = "\u200d"
TEXT_STYLE, EMOJI_STYLE = "\ufe0e", "\ufe0f"
KEYCAP = "\u20e3"
# Characters below U+1F000 that are emoji without a variation selector (emoji-data, Emoji_Presentation).
EMOJI_BY_DEFAULT = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)


def clusters(text: str) -> list[str]:
    """Split NFC text into clusters; joining them gives the text back."""
    parts: list[str] = []
    for char in text:
        if parts and _continues(parts[-1], char):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _continues(cluster: str, char: str) -> bool:
    if is_ignorable(char) or unicodedata.category(char) in {"Mn", "Me", "Mc"} or _is_skin_tone(char):
        return not cluster.isspace()
    if cluster.endswith(ZERO_WIDTH_JOINER):
        return is_emoji(cluster) or not char.isspace()
    return _is_flag_letter(char) and len(cluster) == 1 and _is_flag_letter(cluster)


def is_emoji(cluster: str) -> bool:
    """Whether the cluster asks for an emoji picture rather than a letter form."""
    if TEXT_STYLE in cluster:
        return False
    first = cluster[0]
    return (
        EMOJI_STYLE in cluster
        or KEYCAP in cluster
        or first in EMOJI_BY_DEFAULT
        or "\U0001f000" <= first <= "\U0001faff"
    )


def is_ignorable(char: str) -> bool:
    """Whether the character only steers its neighbours and has no glyph (joiners, selectors, tags)."""
    return (
        unicodedata.category(char) == "Cf"
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0100" <= char <= "\U000e01ef"
    )


def _is_skin_tone(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff"


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
