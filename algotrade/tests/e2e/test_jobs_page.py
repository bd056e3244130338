"""The jobs page in the browser: what runs moves by itself, is cancelled, explains its failure, and staff see it all."""

import re
import time
import uuid

import pytest

from algotrade.tests.e2e.processes import PASSWORD, Client
from algotrade.tests.e2e.test_import import ROWS, bring, lines, start

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SCROLLS_SIDEWAYS = """() => {
  const table = document.querySelector(".table-wrap");
  return table.scrollWidth > table.clientWidth;
}"""
SAME_DOCUMENT = "() => window.sameDocument === true"


@pytest.fixture
def newcomer(visitor):
    visitor.username = f"user{uuid.uuid4().hex[:8]}"
    visitor.register(visitor.username)
    return visitor


@pytest.fixture
def staff(visitor, lab):
    name = f"staff{uuid.uuid4().hex[:8]}"
    lab.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    email = f"{name}@lab.example.org"
    lab.run("python", "manage.py", "createsuperuser", "--no-input", "--username", name, "--email", email)
    del lab.environment["DJANGO_SUPERUSER_PASSWORD"]
    visitor.go("/account/login/")
    visitor.page.get_by_label("Username or e-mail address").fill(name)
    visitor.page.get_by_label("Password").fill(PASSWORD)
    visitor.page.keyboard.press("Enter")
    visitor.page.get_by_role("heading", name="Dashboard").wait_for()
    return visitor


def submit(client, name, *, seconds):
    """A run that takes so long."""
    body = {"name": name, "strategy_type": "slow", "symbol": "AAPL", "parameters": {"seconds": seconds}}
    status, strategy = client.call("POST", "/api/strategies/", body)
    assert status == 201, strategy
    status, accepted = client.call("POST", "/api/backtests/run/", {"strategy": strategy["id"]})
    assert status == 202, accepted
    return accepted["job"]["id"]


def known_to_scripts(lab, username):
    client = Client(lab)
    status, answer = client.call("POST", "/api/auth/login", {"username": username, "password": PASSWORD})
    assert status == 200, answer
    client.token = answer["access"]
    return client


def row(page, job):
    return page.locator(f"[data-job-row='{job}']")


def watch(page, job, *, seconds=40):
    """The bar of a row moves until the row says the end, and the page is not loaded again."""
    page.evaluate("() => { window.sameDocument = true; }")
    seen, until = [], time.monotonic() + seconds
    ended = page.locator(f"[data-job-row='{job}'][data-job-state=succeeded]")
    while not ended.count():
        assert time.monotonic() < until, f"The row did not say the end; its bar showed {seen}"
        value = page.evaluate(
            "job => document.querySelector(`[data-job-row='${job}'] [data-job-bar]`)?.value ?? null", job
        )
        if value is not None and value not in seen[-1:]:
            seen.append(value)
        time.sleep(0.05)
    assert page.evaluate(SAME_DOCUMENT), "the page was loaded again"
    assert seen == sorted(seen), f"The bar went back: {seen}"
    assert len(seen) >= 2, f"The bar did not move: {seen}"


def test_own_jobs_move_without_a_reload_and_one_is_cancelled(newcomer, lab):
    page, main = newcomer.page, newcomer.main
    newcomer.go("/jobs/")
    main.get_by_text("No jobs yet").wait_for()
    assert main.get_by_role("link", name="New backtest").get_attribute("href") == "/backtests/new/"
    newcomer.look("jobs-empty")

    client = known_to_scripts(lab, newcomer.username)
    short, long = submit(client, "Short", seconds=5), submit(client, "Long", seconds=100)
    row(page, short).wait_for()  # the page has heard of it by itself
    page.locator(f"[data-job-row='{short}'][data-job-state=running]").wait_for()
    newcomer.look("jobs-running")
    watch(page, short)
    assert row(page, short).get_by_role("link", name="Show the result").is_visible()

    row(page, long).get_by_role("button", name="Cancel").click()
    page.locator(f"[data-job-row='{long}'][data-job-state=cancelled]").wait_for()
    assert row(page, long).get_by_role("button", name="Try again").is_visible()
    newcomer.look("jobs-ended")
    newcomer.go("/jobs/?state=cancelled")
    assert row(page, long).is_visible()
    assert not row(page, short).count()


def test_a_failed_job_says_why_and_what_to_do_and_is_tried_again(newcomer):
    page, main = newcomer.page, newcomer.main
    bring(newcomer, "TURNED_1d.csv", lines(*ROWS, "2024-01-30,5,4,6,5,1"))
    main.get_by_label("Import nothing, and list every problem").check()
    start(newcomer)
    main.get_by_text("Nothing was imported").first.wait_for()
    newcomer.go("/jobs/?state=failed")
    failed = page.locator("[data-job-row]")
    assert "TURNED" in failed.inner_text()
    assert "1 problem in the file" in failed.inner_text()
    newcomer.look("jobs-failed")
    failed.get_by_role("link").first.click()
    alert = main.get_by_role("alert")
    assert "This job failed." in alert.inner_text()
    assert "What to do:" in alert.inner_text()
    newcomer.look("job-failed")
    main.get_by_role("button", name="Try again as it was").click()
    main.get_by_text("1 of at most 3").wait_for()
    main.get_by_role(
        "button", name="Try again as it was"
    ).wait_for()  # it ends as before, and says so without a reload
    newcomer.go("/jobs/?state=succeeded")
    main.get_by_text("No job fits").wait_for()
    newcomer.look("jobs-none-fits")


def test_staff_follow_the_jobs_of_all_and_find_those_of_one(staff, lab):
    page, main = staff.page, staff.main
    other = Client(lab)
    name = f"other{uuid.uuid4().hex[:8]}"
    other.register(name)
    sockets = []
    page.on("websocket", lambda opened: sockets.append(opened.url))
    staff.go("/jobs/?owner=*")
    job = submit(other, "Of another", seconds=5)
    page.locator(f"[data-job-row='{job}'][data-job-state=running]").wait_for()
    assert name in row(page, job).inner_text()
    staff.look("jobs-of-all")
    assert page.evaluate(SCROLLS_SIDEWAYS) is False
    watch(page, job)
    assert any(address.endswith("/ws/jobs/all/") for address in sockets)

    staff.go("/jobs/")
    assert not row(page, job).count()
    main.get_by_label("Owner").fill(name[:-1])
    main.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile(f"owner={name[:-1]}"))
    assert row(page, job).is_visible()
    main.get_by_label("State").select_option("failed")
    page.wait_for_url(re.compile("state=failed"))
    main.get_by_text("No job fits").wait_for()
    main.get_by_label("State").select_option("succeeded")
    page.wait_for_url(re.compile("state=succeeded"))
    assert row(page, job).is_visible()
    row(page, job).get_by_role("link").first.click()
    assert name in main.inner_text()
    staff.look("job-of-another")
