"""Which environment variables the settings read, taken from their source."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"env\.(?:str|int|bool|list|path|float)\(\s*\"([A-Z_]+)\"")
FILES = ("algotrade/env.py", "algotrade/settings.py")


def variables_read() -> set[str]:
    """The names given to `env.str("...")` and its relatives."""
    return {name for file in FILES for name in READ.findall((ROOT / file).read_text())}
