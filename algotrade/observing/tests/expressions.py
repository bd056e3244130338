"""The expressions of the dashboard and the alarms, and which figures they speak of."""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
RULES = ROOT / "deploy" / "prometheus" / "lab.rules.yml"
BOARDS = ROOT / "deploy" / "grafana" / "dashboards"
FIGURE = re.compile(r"\b(?:lab|process|python)_[a-z_]+\b")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def expressions() -> list[str]:
    """All of them, in the order of the files."""
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    found = [str(rule["expr"]) for rule in rules]
    for board in sorted(BOARDS.glob("*.json")):
        for panel in json.loads(board.read_text())["panels"]:
            found += [target["expr"] for target in panel.get("targets", [])]
    return found


def figures_of(expression: str) -> set[str]:
    """The figures that an expression names; `up` is Prometheus's own."""
    return set(FIGURE.findall(expression))


def told(text: str) -> set[str]:
    """The figures that a page of them declares, also those that have no number yet."""
    declared = re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M)
    return {
        name if name.endswith(suffix) else name + suffix
        for name, kind in declared
        for suffix in SUFFIXES.get(kind, ("",))
    }


def unknown_figures(text: str) -> set[str]:
    """Figures of the dashboard and the alarms that the page does not declare."""
    return {name for expression in expressions() for name in figures_of(expression)} - told(text)


def labels_of(name: str, text: str) -> set[str]:
    """The labels of a figure: on the page where it has numbers, else as it was declared."""
    shown = re.findall(rf"^{name}\{{([^}}]*)\}}", text, re.M)
    found = {label for labels in shown for label in re.findall(r"(\w+)=\"", labels)}
    return found | _declared(re.sub(r"_(total|bucket|sum|count)$", "", name))


def _declared(name: str) -> set[str]:
    from algotrade import meters

    meter = meters._meters.get(name)
    metric = getattr(meter, "_counter", None) or getattr(meter, "_histogram", None)
    return set(metric._labelnames) if metric is not None else set()
