"""Cutting a line into cells."""

from __future__ import annotations

import csv


def split(line: str, delimiter: str) -> list[str]:
    """Cut one line into cells; ValueError says why it cannot be.

    Each line is cut alone, so that an open quote cannot swallow the rows after it. Blanks separate in runs.
    """
    if '"' not in line:
        return line.split() if delimiter == " " else line.split(delimiter)
    try:
        cells = next(csv.reader([line.strip()], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return [cell for cell in cells if cell] if delimiter == " " else cells
