"""Which environment variables the settings read, taken from their source."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"(?:env\.(?:str|int|bool|list|path|float|json)|bounded)\(\s*\"([A-Z_]+)\"")
FILES = ("algotrade/env.py", "algotrade/settings.py")
# Providers know no settings: they read what they need from the environment itself.
PROVIDERS = re.compile(r"os\.environ\.get\(\"([A-Z_]+)\"")


def variables_read() -> set[str]:
    """The names given to `env.str("...")` and its relatives."""
    read = {name for file in FILES for name in READ.findall((ROOT / file).read_text())}
    for path in (ROOT / "marketdata" / "providers").glob("*.py"):
        read |= set(PROVIDERS.findall(path.read_text()))
    return read
