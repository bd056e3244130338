"""Numbers as files write them."""

from __future__ import annotations

import re
from math import inf

BLANKS = " \u00a0\u202f"
_GROUP_SIGNS = {",": ",", ".": r"\.", " ": f"[{BLANKS}]", "'": "['\u2019]"}
_SIGNS = {".": r"\.", ",": ","}


class NumberReader:
    """Turns cells into finite numbers.

    Parameters
    ----------
    decimal : str
        The decimal sign, "." or ",".
    thousands : str
        What may stand between groups of three digits, or "" for nothing; never the decimal sign.
    """

    def __init__(self, decimal: str = ".", thousands: str = "") -> None:
        self.decimal = decimal
        self.thousands = thousands
        self._grouped: re.Pattern[str] | None = None
        if thousands:
            sign = _GROUP_SIGNS[thousands]
            self._grouped = re.compile(
                rf"[+-]?\d{{1,3}}(?:{sign}\d{{3}})+(?:{_SIGNS[decimal]}\d*)?", re.ASCII
            )
            self._strip = re.compile(sign)

    def read(self, text: str) -> float | None:
        """Return the number a stripped cell holds, or None: only plain ASCII digits, an exponent, whole groups."""
        if self._grouped is not None and self._strip.search(text):
            if not self._grouped.fullmatch(text):
                return None
            text = self._strip.sub("", text)
        if self.decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".", 1)
        try:
            value = float(text)
        except ValueError:
            return None
        if not -inf < value < inf or "_" in text or not text.isascii():
            return None
        return value

    def why_not(self, text: str) -> str:
        """Say why `read` returned None, and what to do."""
        if not text:
            return "the cell is empty. Fill it or remove the row."
        if text.lower().lstrip("+-") in {"nan", "inf", "infinity"}:
            return "is not a finite number. Correct or remove the row."
        if self._grouped is not None and self._strip.search(text) and not self._grouped.fullmatch(text):
            sign = repr(self.thousands)
            return f"is not a number with {sign} between groups of three digits. Correct or remove the row."
        if self.decimal == "." and "," in text and self.thousands != ",":
            return (
                "is not a number. Write a point for decimals and no thousands separators, or choose the decimal "
                "comma or a thousands separator for the file."
            )
        if self.decimal == "," and "." in text and self.thousands != ".":
            return (
                "is not a number with a decimal comma. Choose the decimal point for the file, or correct it."
            )
        try:
            float(text.replace("_", ""))
        except ValueError:
            return "is not a number. Correct or remove the row."
        if "_" in text or not text.isascii():
            return "is not a number in plain digits. Correct or remove the row."
        return "is too large for a number. Correct or remove the row."
