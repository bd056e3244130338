"""Writing rules in a browser: told while one types, helped by the lists, nothing typed is lost, and run."""

import json
import uuid

import pytest

from algotrade.tests.e2e.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(params=[(1280, "dark"), (390, "light")], ids=["desk", "phone"])
def writer(request, chromium, lab, artifacts):
    width, scheme = request.param
    person = Person(chromium, lab, artifacts, width=width, scheme=scheme)
    person.register(f"rules{uuid.uuid4().hex[:8]}")
    yield person
    person.context.close()


class Sheet:
    """The form of the rules as its user meets it."""

    def __init__(self, person):
        self.person = person
        self.page = person.page
        person.go("/strategies/new/rules/")
        self.said("long_entry", "crosses above")

    def rule(self, name):
        return self.page.locator(f"[name=parameters-{name}]")

    def said(self, name, words):
        field = self.page.locator(f'[data-field="parameters-{name}"]')
        field.locator("[data-rule-said]", has_text=words).wait_for()
        return field

    def values(self):
        return json.loads(self.rule("values").input_value())


def test_rules_are_written_with_help_and_run(writer):
    sheet, page = Sheet(writer), writer.page
    assert not sheet.rule("values").is_visible()

    sheet.rule("long_entry").fill("close > smaa(close, trend)")
    field = sheet.said("long_entry", "Character 9: There is no function 'smaa'. Did you mean 'sma'?")
    assert field.locator("mark").text_content() == "smaa"
    assert sheet.rule("long_entry").get_attribute("aria-invalid") == "true"
    field.get_by_role("button", name="Show the place").click()
    page.keyboard.type("sma")

    sheet.said("long_entry", "'trend' is not known")
    field.get_by_role("button", name="Make trend a named value").click()
    page.keyboard.type("50")
    sheet.said("long_entry", "the close is above the 50-bar average of the close")
    assert sheet.values()["trend"]["value"] == 50

    sheet.rule("long_exit").fill("")
    page.get_by_text("Functions and examples").click()
    page.get_by_label("Search the functions").fill("hold bars")
    page.get_by_role("button", name="hold for 10 bars").click()
    assert sheet.rule("long_exit").input_value() == "hold for 10 bars"
    sheet.said("long_exit", "10 bars have passed")

    for row in ("slow", "fast"):
        page.get_by_role("group", name=row).get_by_role("button", name="Remove this value").click()
    assert list(sheet.values()) == ["trend"]
    slider = page.get_by_role("group", name="trend").get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert sheet.values()["trend"]["value"] == 51
    page.locator("[data-rule-report]", has_text="First possible decision after 50 bars.").wait_for()
    page.locator("[data-preview][data-state=ready]").wait_for()
    writer.allow("422")  # the preview refuses a rule that is half written
    writer.look("rules")

    page.get_by_label("Symbol", exact=True).fill("AAPL")
    page.get_by_role("button", name="Create strategy").click()
    page.get_by_text("Buy when the close is above the 51-bar average of the close.").wait_for()
    writer.look("rules-saved")
    writer.start_run()
    writer.see_chart("equity")


def test_an_example_is_put_in_and_taken_back(writer):
    sheet, page = Sheet(writer), writer.page
    before = sheet.rule("long_entry").input_value()
    page.get_by_text("Functions and examples").click()
    page.get_by_role("button", name="Breakout with a filter").click()
    sheet.said("long_exit", "120 bars have passed")
    assert set(sheet.values()) == {"entry", "exit", "trend", "longest"}
    page.get_by_role("button", name="Undo").click()
    sheet.said("long_entry", "crosses above")
    assert sheet.rule("long_entry").input_value() == before
    assert set(sheet.values()) == {"fast", "slow"}


def test_a_refused_form_keeps_the_rules_and_shows_where_they_are_wrong(writer):
    sheet, page = Sheet(writer), writer.page
    sheet.rule("short_entry").fill("open > 1 and\nclose < lowest(low, 20)[1")
    page.get_by_label("Symbol", exact=True).fill("AAPL")
    page.get_by_role("button", name="Create strategy").click()
    page.locator("[data-error-summary]").wait_for()
    sheet.said("short_entry", "Line 2, character 26: ']' is missing")
    assert sheet.rule("short_entry").input_value() == "open > 1 and\nclose < lowest(low, 20)[1"
    assert set(sheet.values()) == {"fast", "slow"}
    page.locator("[data-preview-message]", has_text="']' is missing").wait_for()
    writer.allow("422")
    writer.look("rules-refused")
