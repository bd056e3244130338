"""docs/benchmarks.md, where some benchmarks keep a section of their own."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def put_section(heading: str, text: str) -> None:
    """Replace the section under a heading ("## ..."), or add it at the end."""
    section = f"{heading}\n{text}"
    page = PAGE.read_text()
    pattern = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(page):
        page = pattern.sub(lambda found: section + ("\n" if found.end() < len(page) else ""), page)
    else:
        page = f"{page.rstrip()}\n\n{section}"
    PAGE.write_text(page)
