"""The front end's own rules: licences beside every borrowed file, nothing inline, components that render."""

import base64
import hashlib
import re
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory

from algotrade.middleware import ContentSecurityPolicyMiddleware

ROOT = Path(settings.BASE_DIR)
VENDOR = ROOT / "static" / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    "folder", sorted(path for path in VENDOR.iterdir() if path.is_dir()), ids=lambda p: p.name
)
def test_every_borrowed_folder_names_its_version_and_carries_its_licence(folder):
    assert re.search(r"-\d+\.\d+\.\d+$", folder.name)
    assert (folder / "LICENSE").stat().st_size > 100
    assert f"`{folder.name}`" in (VENDOR / "NOTICE.md").read_text()


def test_nothing_borrowed_asks_for_a_source_map_that_is_not_there():
    for path in VENDOR.rglob("*"):
        if path.suffix in {".js", ".css"}:
            assert "sourceMappingURL" not in path.read_text(), name_of(path)


def test_the_charts_notice_stays_with_the_charts():
    (notice,) = VENDOR.glob("lightweight-charts-*/NOTICE")
    assert "https://www.tradingview.com/" in notice.read_text()
    assert "attributionLogo: true" in (ROOT / "static/js/lib/chart-theme.js").read_text()


def test_the_security_policy_knows_the_style_sheet_the_charts_inject():
    (library,) = VENDOR.glob("lightweight-charts-*/lightweight-charts.js")
    source = library.read_text()
    start = source.index("a#tv-attr-logo{")
    style = source[start : source.index(source[start - 1], start)]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in ContentSecurityPolicyMiddleware.PAGES


def without_comments(text: str) -> str:
    return re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_holds_no_inline_script_style_or_handler(path):
    text = without_comments(path.read_text())
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", text), "a script without src"
    assert not re.search(r"<style\b", text), "a style element"
    assert not re.search(r"<[^>]*\sstyle\s*=", text), "a style attribute"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=", text), "an event handler attribute"
    assert "hx-on" not in text, "hx-on needs eval"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text), "something from another host"


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_template_opens_with_a_comment_on_what_it_needs(path):
    assert "{% comment %}" in path.read_text()[:400]


def test_every_static_file_a_template_names_exists():
    for path in TEMPLATES:
        for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", path.read_text()):
            assert finders.find(name), f"{name_of(path)} names {name}"


def test_every_module_a_script_imports_exists():
    for path in SCRIPTS:
        for name in re.findall(r"(?:from|import)\s*\(?\s*\"(\.[^\"]+)\"", path.read_text()):
            assert (path.parent / name).resolve().is_file(), f"{name_of(path)} imports {name}"


def test_every_icon_a_template_names_is_in_the_sprite():
    (sprite,) = VENDOR.glob("bootstrap-icons-*/sprite.svg")
    known = set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text()))
    for path in TEMPLATES:
        used = set(re.findall(r"{% icon ['\"]([^'\"]+)['\"]", path.read_text()))
        assert used <= known, f"{name_of(path)}: {used - known}"


def test_every_word_a_script_prints_is_in_the_texts():
    known = set(re.findall(r'data-text="([^"]+)"', (ROOT / "templates/components/_texts.html").read_text()))
    for path in SCRIPTS:
        used = set(re.findall(r'\btext\("([^"]+)"', path.read_text()))
        assert used <= known, f"{name_of(path)}: {used - known}"


def test_every_style_variable_that_is_used_is_defined():
    text = "\n".join(path.read_text() for path in STYLES)
    used = set(re.findall(r"var\((--(?!bs-)[\w-]+)\)", text))
    assert used <= set(re.findall(r"(--[\w-]+)\s*:", text))


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_colours_reach_the_contrast_of_level_aa(theme):
    css = (ROOT / "static/css/tokens.css").read_text()
    block = re.search(rf'\[data-bs-theme="{theme}"\] {{\n(?=  color-scheme)(.*?)}}', css, re.S)
    colours = dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block[1]))
    pairs = [(ink, paper) for ink in ("--text", "--text-2", "--muted", "--accent", "--gain", "--loss", "--danger")
             for paper in ("--page", "--surface")]  # fmt: skip
    pairs += [
        ("--gain", "--gain-soft"),
        ("--loss", "--loss-soft"),
        ("--warn", "--warn-soft"),
        ("--danger", "--danger-soft"),
    ]
    pairs += [("--accent-strong", "--accent-soft"), ("--muted", "--surface-2"), ("--on-accent", "--accent")]
    weak = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs
            if contrast(colours[pair[0]], colours[pair[1]]) < 4.5}  # fmt: skip
    assert weak == {}


class Example(forms.Form):
    name = forms.CharField(label="Name", help_text="Shown in lists.")
    period = forms.IntegerField(label="Period", min_value=2, max_value=200)
    period.unit = "bars"
    kind = forms.ChoiceField(label="Average", choices=[("sma", "Simple")])
    side = forms.ChoiceField(label="Side", widget=forms.RadioSelect, choices=[("l", "Long"), ("s", "Short")])
    shorting = forms.BooleanField(label="Allow shorting", required=False)
    data = forms.FileField(label="CSV file", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("The fast period must be below the slow one.")


def test_a_form_shows_labels_units_bounds_and_help():
    html = render_to_string("components/form.html", {"form": Example(), "submit_label": "Create"})
    assert '<label class="form-label" for="id_period">Period</label>' in html
    assert '<span class="input-group-text">bars</span>' in html
    assert "From 2 to 200." in html
    assert 'aria-describedby="id_name-help"' in html
    assert 'enctype="multipart/form-data"' in html
    assert "<legend" in html
    assert "Create" in html
    assert "error-summary" not in html


def test_a_refused_form_sums_up_its_errors_and_ties_each_to_its_field():
    html = render_to_string(
        "components/form.html", {"form": Example({"name": "", "period": "1", "kind": "sma"})}
    )
    assert "The fast period must be below the slow one." in html
    assert '<a href="#id_name">Name</a>' in html
    assert '<a href="#id_side">Side</a>' in html
    assert 'aria-describedby="id_name-help id_name-errors"' in html
    assert 'id="id_period-errors"' in html
    assert html.count('aria-invalid="true"') >= 2
    assert 'value="1"' in html, "what was typed stays"


def test_the_text_of_a_user_is_escaped_everywhere():
    bad = "<img src=x onerror=alert(1)>"
    pages = [
        render_to_string("components/empty_state.html", {"title": bad, "text": bad}),
        render_to_string("components/stat.html", {"label": bad, "value": bad, "definition": bad}),
        render_to_string(
            "components/chart.html", {"id": "c", "kind": "equity", "data_url": "/x", "title": bad}
        ),
        render_to_string("components/status_badge.html", {"status": bad}),
        render_to_string("components/sparkline.html", {"values": [1, 2], "label": bad}),
    ]
    assert all("<img" not in html for html in pages)


def test_the_pages_of_a_list_keep_the_filter():
    request = RequestFactory().get("/?symbol=AAPL&page=2")
    page = Paginator(range(100), 10).page(2)
    html = render_to_string("components/pagination.html", {"page_obj": page}, request=request)
    assert "?symbol=AAPL&amp;page=3" in html
    assert 'aria-current="page"' in html
    one = Paginator(range(3), 10).page(1)
    assert render_to_string("components/pagination.html", {"page_obj": one}, request=request).strip() == ""


@pytest.mark.parametrize("status", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_a_status_is_a_word_not_only_a_colour(status):
    assert status.capitalize() in render_to_string("components/status_badge.html", {"status": status})


def test_a_stat_gives_its_definition():
    definition = SimpleNamespace(formula="a / b", unit="ratio", convention="252", undefined="b is 0")
    html = render_to_string(
        "components/stat.html", {"label": "Sharpe", "value": "1.24", "definition": definition}
    )
    for words in ("a / b", "ratio", "252", "b is 0", 'data-bs-toggle="dropdown"'):
        assert words in html


def test_a_sparkline_says_its_change_in_words():
    html = render_to_string("components/sparkline.html", {"values": [100, 110]})
    assert "+10.00" in html
    assert 'class="sparkline gain"' in html
    assert "<svg" not in render_to_string("components/sparkline.html", {"values": []})


def test_a_chart_names_its_sources():
    context = {
        "id": "c",
        "kind": "candles",
        "data_url": "/bars",
        "title": "AAPL",
        "markers_url": "/m",
        "sync": "run",
    }
    html = render_to_string("components/chart.html", context)
    for words in (
        'data-chart="candles"',
        'data-url="/bars"',
        'data-markers-url="/m"',
        'data-sync="run"',
        "<details",
    ):
        assert words in html
    assert "data-csv" not in html


def test_a_running_job_shows_its_bar_and_its_button():
    job = SimpleNamespace(
        id=uuid.UUID(int=7), state="running", progress=0.425, seq=1234, title="MA on AAPL", message="Simulating",
        started_at=None, can_cancel=True, cancel_requested_at=None,
    )  # fmt: skip
    html = render_to_string("components/job_progress.html", {"job": job, "fragment_url": "/backtests/5/"})
    assert 'value="0.4250"' in html
    assert 'data-job-seq="1234"' in html
    assert f'data-job="{job.id}"' in html
    assert f'action="/jobs/{job.id}/cancel/"' in html
    job.can_cancel = False
    assert "<button" not in render_to_string(
        "components/job_progress.html", {"job": job, "fragment_url": "/x"}
    )


def test_the_page_about_an_error_says_it_in_words(client):
    html = render_to_string("error.html", {"status": 404, "detail": "There is no series 7."})
    assert "There is no series 7." in html


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_render_without_any_context(name):
    assert "<h1>" in render_to_string(name)
