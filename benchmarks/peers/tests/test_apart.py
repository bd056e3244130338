"""The tools in the comparison have licences that the product must not take on: it neither requires nor imports them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
APPS = ("algotrade", "accounts", "marketdata", "strategies", "mlmodels", "backtests")
TOOLS = ("vectorbt", "vectorbt_rust", "backtesting", "backtrader", "raptorbt")
IMPORT = re.compile(rf"^\s*(?:import|from)\s+(?:{'|'.join(TOOLS)})\b", re.MULTILINE)


def test_the_product_requires_none_of_the_tools():
    pinned = {
        re.split(r"[=<>\[; ]", line)[0].replace("-", "_")
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / name).read_text().splitlines()
    }
    assert "numpy" in pinned
    assert not pinned & set(TOOLS)


def test_the_product_imports_none_of_the_tools():
    assert IMPORT.search("x = 1\n    from backtrader import Strategy\n")
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    assert len(sources) > 100
    assert not [path for path in sources if IMPORT.search(path.read_text())]
