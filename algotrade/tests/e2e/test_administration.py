"""The administration's own log-in in a browser: with scripts, without them, and when they never arrive."""

import pytest

from algotrade.tests.e2e.processes import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def boss(lab):
    lab.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    lab.run(
        *("python", "manage.py", "createsuperuser", "--noinput"),
        *("--username", "boss", "--email", "boss@example.com"),
    )
    del lab.environment["DJANGO_SUPERUSER_PASSWORD"]
    return "boss"


@pytest.mark.parametrize("scripts", ["run", "switched-off", "never-arrive"])
def test_staff_log_in_through_the_administrations_own_form(chromium, lab, boss, scripts):
    context = chromium.new_context(java_script_enabled=scripts != "switched-off")
    page = context.new_page()
    if scripts == "never-arrive":
        page.route("**/*.js", lambda route: route.abort())
    page.goto(f"{lab.url}/admin/login/?next=/admin/")
    page.fill("[name=username]", boss)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.get_by_text("Workers alive").wait_for()
    assert page.url == f"{lab.url}/admin/"
    assert not page.locator("[x-show=openCommandResults]").is_visible()
    context.close()
