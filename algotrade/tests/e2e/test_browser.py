"""The product as a person meets it: at a desk and on a phone, in the light and in the dark."""

import re
import uuid

import pytest

from algotrade.tests.e2e.person import Person
from algotrade.tests.e2e.processes import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def newcomer(visitor):
    visitor.register(f"user{uuid.uuid4().hex[:8]}")
    return visitor


def test_a_newcomer_registers_makes_a_strategy_runs_it_live_and_cancels_another(newcomer):
    page, main = newcomer.page, newcomer.main
    newcomer.look("dashboard-empty")

    newcomer.create_strategy("Slow motion", name="Patience", symbol="AAPL", seconds=4)
    newcomer.look("strategy")
    newcomer.start_run()
    page.evaluate("() => { window.sameDocument = true; }")
    page.locator("[data-job-state=running]").wait_for()
    newcomer.look("running")
    shown = newcomer.watch_the_bar()
    assert shown == sorted(shown), f"The bar went back: {shown}"
    assert len(shown) >= 2, f"The bar did not move: {shown}"
    for kind in ("equity", "drawdown", "candles"):
        newcomer.see_chart(kind)
    assert page.evaluate("() => window.sameDocument === true"), "the page was loaded again"
    for words in ("Sharpe", "Max drawdown", "Configuration", "Computed from"):
        assert page.get_by_text(words).first.is_visible(), words
    newcomer.look("result")

    newcomer.create_strategy("Slow motion", name="Too slow", symbol="MSFT", seconds=100)
    newcomer.start_run()
    page.locator("[data-job-state=running]").wait_for()
    main.get_by_role("button", name="Cancel").click()
    page.get_by_text("This backtest was cancelled.").wait_for()
    newcomer.look("cancelled")

    newcomer.go("/")
    main.get_by_role("link", name="Patience").first.wait_for()
    newcomer.look("dashboard")


def test_every_page_fits_the_screen_and_says_nothing_in_the_console(newcomer):
    main = newcomer.main
    newcomer.create_strategy(
        "Moving average crossover", name="Averages", symbol="AAPL", fast_period=20, slow_period=100
    )
    newcomer.start_run()
    newcomer.see_chart("equity")
    newcomer.look("result-averages")
    for name, path in {
        "data": "/data/",
        "strategies": "/strategies/",
        "strategy-types": "/strategies/new/",
        "backtests": "/backtests/",
        "backtest-new": "/backtests/new/",
        "models": "/models/",
        "model-new": "/models/new/",
        "jobs": "/jobs/",
        "profile": "/account/profile/",
    }.items():
        newcomer.go(path)
        newcomer.look(name)
    newcomer.go("/data/")
    main.get_by_role("link", name=re.compile("AAPL")).first.click()
    newcomer.see_chart("candles")
    newcomer.look("data-series")


def test_a_strategy_is_edited_duplicated_and_deleted_and_a_mistake_is_explained(newcomer):
    page, main = newcomer.page, newcomer.main
    newcomer.create_strategy("Moving average crossover", name="Averages", symbol="AAPL")
    main.get_by_role("link", name="Edit").click()
    main.get_by_label("Fast period", exact=True).fill("50")
    main.get_by_role("button", name="Save changes").click()
    page.get_by_role("alert").get_by_text("50 is not below the slow period").wait_for()
    assert main.get_by_label("Fast period", exact=True).input_value() == "50", "what was typed was lost"
    page.wait_for_function("() => document.activeElement.matches('[data-error-summary]')")
    page.wait_for_load_state("networkidle")  # the preview refuses the same mistake
    newcomer.allow(r"422")
    newcomer.look("strategy-mistake")
    main.get_by_label("Slow period", exact=True).fill("200")
    main.get_by_role("button", name="Save changes").click()
    page.get_by_role("heading", name="Averages").wait_for()
    main.get_by_role("button", name="Duplicate").click()
    page.wait_for_load_state()
    newcomer.go("/strategies/")
    main.get_by_role("link", name="Averages (copy)").click()
    main.get_by_role("link", name="Delete").click()
    newcomer.look("strategy-delete")
    main.get_by_role("button", name=re.compile("Delete")).click()
    page.get_by_role("heading", name="Strategies").wait_for()
    newcomer.go("/strategies/")
    assert main.get_by_role("link", name="Averages (copy)").count() == 0
    assert main.get_by_role("link", name="Averages").count() == 1


def test_the_keyboard_alone_logs_in_and_reaches_the_content(visitor):
    page = visitor.page
    username = f"user{uuid.uuid4().hex[:8]}"
    visitor.register(username)
    visitor.context.clear_cookies()
    visitor.go("/")
    assert page.url.endswith("/account/login/?next=/")
    visitor.look("login")
    page.get_by_label("Username or e-mail address").focus()
    page.keyboard.type(username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Dashboard").wait_for()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    page.wait_for_function("() => document.activeElement.textContent.trim() === 'Skip to the content'")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"#main$"))


def test_staff_find_users_strategies_results_and_jobs_in_the_admin(chromium, lab, artifacts):
    name = f"staff{uuid.uuid4().hex[:8]}"
    lab.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    email = f"{name}@lab.example.org"
    lab.run("python", "manage.py", "createsuperuser", "--no-input", "--username", name, "--email", email)
    person = Person(chromium, lab, artifacts, width=1280, scheme="light")
    person.go("/admin/")
    person.page.locator("[name=username]").fill(name)
    person.page.locator("[name=password]").fill(PASSWORD)
    person.page.locator("[type=submit]").first.click()
    person.page.wait_for_load_state("networkidle")
    for place in ("", "accounts/user/", "strategies/strategy/", "backtests/backtestresult/", "jobs/job/",
                  "marketdata/series/", "marketdata/barimport/", "marketdata/feed/", "marketdata/upload/",
                  "marketdata/snapshot/", "mlmodels/mlmodel/"):  # fmt: skip
        person.go(f"/admin/{place}")
        person.page.wait_for_load_state("networkidle")
        shown = place.strip("/").replace("/", "-") or "index"
        person.page.screenshot(path=artifacts / f"admin-{shown}.png")
        assert person.complaints == [], person.complaints
    person.context.close()
