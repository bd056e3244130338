"""The dashboard and the alarms speak of figures that exist, with labels that they have."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from algotrade.observing.tests.expressions import expressions, figures_of, labels_of, unknown_figures

ROOT = Path(__file__).resolve().parents[3]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "lab.rules.yml"
OF_PROMETHEUS = {"job", "instance", "le"}


def scrape(client):
    return client.get("/metrics").content.decode()


@pytest.mark.django_db
def test_every_figure_of_a_panel_or_an_alarm_is_counted_here(client):
    assert len(expressions()) > 40
    assert unknown_figures(scrape(client)) == set()


@pytest.mark.django_db
def test_a_figure_that_is_misspelt_would_be_noticed(client, monkeypatch):
    monkeypatch.setattr(
        "algotrade.observing.tests.expressions.expressions", lambda: ["sum(rate(lab_jobs_endet_total[5m]))"]
    )
    assert unknown_figures(scrape(client)) == {"lab_jobs_endet_total"}


@pytest.mark.django_db
@pytest.mark.parametrize("expression", expressions(), ids=range(len(expressions())))
def test_each_label_that_is_asked_for_is_on_one_of_the_figures(client, expression):
    text = scrape(client)
    declared = OF_PROMETHEUS.union(*(labels_of(name, text) for name in figures_of(expression)))
    grouped = [
        word.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for word in group.split(",")
    ]
    chosen = [
        name
        for group in re.findall(r"\{([^}]*)\}", expression)
        for name in re.findall(r"(\w+)\s*[=!]~?", group)
    ]
    assert set(grouped) | set(chosen) <= declared


def test_each_alarm_says_what_is_wrong_and_what_to_do():
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"page", "warn"}
        assert set(rule["annotations"]) == {"summary", "remedy"}


def test_each_panel_has_a_place_of_its_own_and_a_source_that_is_provisioned():
    board = json.loads((ROOT / "deploy/grafana/dashboards/lab.json").read_text())
    sources = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text())
    known = {source["uid"] for source in sources["datasources"]}
    taken = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] in known
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def promtool(*words):
    tool = shutil.which("promtool")
    if tool is None:
        sentence = "promtool is not installed: it comes with Debian's package prometheus."
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    return subprocess.run([tool, *words], capture_output=True, text=True, check=False)


def test_prometheus_accepts_the_rules_and_the_configuration(tmp_path):
    told = promtool("check", "rules", str(RULES))
    assert told.returncode == 0, told.stdout + told.stderr
    told = promtool("check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))
    assert told.returncode == 0, told.stdout + told.stderr
    broken = tmp_path / "broken.yml"
    broken.write_text(RULES.read_text().replace("== 0", "== == 0"))
    assert promtool("check", "rules", str(broken)).returncode != 0
