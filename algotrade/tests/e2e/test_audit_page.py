"""The audit log in the administration: a desk is wide enough for it, whatever the things are called."""

import uuid

import pytest

from algotrade.tests.e2e.person import Person
from algotrade.tests.e2e.processes import PASSWORD, Client

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LONG = "A strategy whose name takes nearly all of the room that the lab gives to the names of strategies"


SCROLLING = """() => {
  const found = [];
  for (let element = document.querySelector("#result_list"); element; element = element.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(element).overflowX) || !element.parentElement;
    if (scrolls && element.scrollWidth > element.clientWidth + 1) found.push(element.outerHTML.slice(0, 100));
  }
  return found;
}"""


@pytest.fixture
def staff(chromium, lab, artifacts):
    name = f"staff{uuid.uuid4().hex[:8]}"
    lab.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    email = f"{name}@lab.example.org"
    lab.run("python", "manage.py", "createsuperuser", "--no-input", "--username", name, "--email", email)
    del lab.environment["DJANGO_SUPERUSER_PASSWORD"]
    person = Person(chromium, lab, artifacts, width=1280, scheme="light")
    person.go("/admin/login/?next=/admin/audit/entry/")
    person.page.fill("[name=username]", name)
    person.page.fill("[name=password]", PASSWORD)
    person.page.press("[name=password]", "Enter")
    person.page.locator("#result_list").wait_for()
    yield person
    person.context.close()


def test_the_table_does_not_scroll_sideways_on_a_desk(staff, lab):
    client = Client(lab)
    client.register(f"user{uuid.uuid4().hex[:8]}")
    body = {"name": LONG, "strategy_type": "rsi", "symbol": "AAPL"}
    made = client.call("POST", "/api/strategies/", body)
    assert made[0] == 201, made
    assert client.call("DELETE", f"/api/strategies/{made[1]['id']}/")[0] == 204
    staff.go("/admin/audit/entry/")
    staff.page.get_by_text(LONG).first.wait_for()
    staff.page.screenshot(path=staff.artifacts / "admin-audit-entry.png")
    assert staff.page.evaluate(SCROLLING) == []
    assert "audit entries" in staff.page.locator("body").inner_text()
