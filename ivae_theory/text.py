"""Text that came from a model or a file, for places where some characters are commands."""

from __future__ import annotations

__all__ = ["printable"]

_HARMLESS = "\n\t\u00a0"


def printable(text: str) -> str:
    """The text with control characters as their escapes.

    An escape sequence would move the cursor, colour or hide what follows or rename a window; a mark of direction would
    turn the order of words around; a lone surrogate cannot be encoded.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _HARMLESS else c.encode("unicode_escape").decode() for c in text)
