"""Pages and API of jobs: an owner, a stranger, and nobody."""

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from algotrade.jobs import services
from algotrade.jobs.models import Job
from algotrade.jobs.tests import handlers

KIND = f"test.{handlers.succeed.__name__}"
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(user):
    return services.submit(kind=KIND, owner=user, title="A run")


def test_the_list_shows_own_jobs_only(job, page, page_other):
    assert b"A run" in page.get("/jobs/").content
    assert b"A run" not in page_other.get("/jobs/").content


def test_the_list_filters_by_state(job, page):
    assert b"A run" in page.get("/jobs/?state=queued").content
    assert b"A run" not in page.get("/jobs/?state=failed").content


@pytest.mark.parametrize("address", ["/jobs/", "/api/jobs/"])
def test_the_list_costs_the_same_for_one_job_and_for_many(
    user, job, django_assert_max_num_queries, address, page
):
    for number in range(20):
        services.submit(kind=KIND, owner=user, title=f"Run {number}")
    with django_assert_max_num_queries(9):
        page.get(address)


def test_the_list_filters_by_kind(job, page):
    assert b"A run" in page.get(f"/jobs/?kind={KIND}").content
    assert b"A run" not in page.get("/jobs/?kind=backtests.run").content


def test_a_filter_that_is_no_state_or_kind_shows_all(job, page):
    assert b"A run" in page.get("/jobs/?state=no&kind=nothing").content


def test_staff_see_the_jobs_of_all_by_name_and_nobody_else_does(job, page_staff, page_other):
    assert b"A run" not in page_staff.get("/jobs/").content
    for everybody in ("*", "Everybody", "everybody"):
        text = page_staff.get(f"/jobs/?owner={everybody}").content.decode()
        assert "A run" in text
        assert 'value="Everybody" list="job-owners"' in text
        assert "*" not in text[text.index('id="job-owner"') : text.index("Show</button>")]
    assert b"A run" in page_staff.get("/jobs/?owner=AD").content
    assert b"A run" not in page_staff.get("/jobs/?owner=grace").content
    for asked in ("*", "ada"):
        assert b"A run" not in page_other.get(f"/jobs/?owner={asked}").content


def test_staff_may_look_at_end_and_queue_the_job_of_another(job, page_staff):
    assert b"ada" in page_staff.get(f"/jobs/{job.pk}/").content
    page_staff.post(f"/jobs/{job.pk}/cancel/")
    job.refresh_from_db()
    assert job.state == "cancelled"
    page_staff.post(f"/jobs/{job.pk}/retry/")
    job.refresh_from_db()
    assert job.state == "queued"


def test_the_list_goes_back_to_where_its_button_was(job, page):
    answer = page.post(f"/jobs/{job.pk}/cancel/", {"next": "/jobs/?state=queued"})
    assert answer["Location"] == "/jobs/?state=queued"


def test_the_list_holds_a_button_for_what_can_be_done(job, page):
    assert f'action="/jobs/{job.pk}/cancel/"' in page.get("/jobs/").content.decode()
    services.request_cancel(job)
    text = page.get("/jobs/").content.decode()
    assert f'action="/jobs/{job.pk}/cancel/"' not in text
    assert f'action="/jobs/{job.pk}/retry/"' in text


def test_a_page_without_scripts_asks_again_while_something_runs(job, page):
    refresh = '<noscript><meta http-equiv="refresh"'
    for address in ("/jobs/", f"/jobs/{job.pk}/"):
        assert refresh in page.get(address).content.decode()
    services.request_cancel(job)
    for address in ("/jobs/", f"/jobs/{job.pk}/"):
        assert refresh not in page.get(address).content.decode()


def test_a_job_page_is_its_owners(job, page, page_other):
    assert page.get(f"/jobs/{job.pk}/").status_code == 200
    assert page_other.get(f"/jobs/{job.pk}/").status_code == 404
    assert Client().get(f"/jobs/{job.pk}/").status_code == 302


def test_a_failed_job_says_why_and_offers_to_try_again(job, page):
    Job.objects.filter(pk=job.pk).update(
        state="failed", error_code="out_of_memory", error_detail="Too few bars: choose a longer period."
    )
    text = page.get(f"/jobs/{job.pk}/").content.decode()
    assert "JOB_MEMORY_LIMIT_MB" in text, "the advice for its code"
    assert "Too few bars: choose a longer period." in text
    assert f"/jobs/{job.pk}/retry/" in text
    assert "Open what it was about" not in text, "there is nothing to open"


def test_a_failed_job_leads_to_what_its_advice_speaks_of(job, page):
    Job.objects.filter(pk=job.pk).update(
        state="failed", error_code="file_invalid", result_url="/data/imports/2/"
    )
    text = page.get(f"/jobs/{job.pk}/").content.decode()
    assert '<a href="/data/imports/2/">Open what it was about</a>' in text


def test_a_job_that_is_done_again_says_what_happened_and_not_more(job, page):
    assert "done again" not in page.get(f"/jobs/{job.pk}/").content.decode()
    assert job.claim("host:1")
    job.give_back("The job needed more memory than it may use.")
    assert job.claim("host:1")
    job.record_progress(0.2, "Half of it")
    text = page.get(f"/jobs/{job.pk}/").content.decode()
    assert "The job needed more memory than it may use. It is done again" in text
    assert "worker was lost" not in text
    job.fail("x", "y")
    assert job.retry()
    assert "done again" not in page.get(f"/jobs/{job.pk}/").content.decode()


def test_a_job_that_waits_leads_to_what_it_is_about(job, page):
    link = '<a href="/models/2/">Open what it is about</a>'
    assert link not in page.get(f"/jobs/{job.pk}/").content.decode()
    Job.objects.filter(pk=job.pk).update(result_url="/models/2/")
    assert link in page.get(f"/jobs/{job.pk}/").content.decode()


@pytest.mark.parametrize("state", Job.State.values)
def test_staff_are_not_led_to_what_is_another_ones(job, page_staff, state):
    lease = timezone.now() if state == "running" else None
    Job.objects.filter(pk=job.pk).update(state=state, result_url="/models/2/", lease_until=lease)
    for address in (f"/jobs/{job.pk}/", "/jobs/?owner=*"):
        assert b"/models/2/" not in page_staff.get(address).content


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_stranger_can_neither_cancel_nor_retry(job, verb, page_other, api_other):
    assert page_other.post(f"/jobs/{job.pk}/{verb}/").status_code == 404
    assert api_other.post(f"/api/jobs/{job.pk}/{verb}/").status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"


def test_the_owner_cancels_by_page(job, page):
    assert page.post(f"/jobs/{job.pk}/cancel/").status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_cancel_never_sends_the_browser_elsewhere(job, page):
    answer = page.post(f"/jobs/{job.pk}/cancel/", {"next": "https://evil.example/"})
    assert answer["Location"] == f"/jobs/{job.pk}/"


def test_the_api_lists_filters_and_cancels(job, api, api_other):
    assert api.get("/api/jobs/?state=queued").json()["count"] == 1
    assert api_other.get("/api/jobs/").json()["count"] == 0
    answer = api.post(f"/api/jobs/{job.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_the_api_says_why_a_job_waits_and_what_to_do_about_a_failure(job, api):
    waiting = api.get(f"/api/jobs/{job.pk}/").json()
    assert waiting["place"] == 1
    assert "No worker is running" in waiting["waits_for"]
    assert waiting["advice"] == ""
    Job.objects.filter(pk=job.pk).update(state="failed", error_code="storage_failed")
    failed = api.get("/api/jobs/").json()["results"][0]
    assert (failed["place"], failed["waits_for"], failed["eta"]) == (None, "", None)
    assert "disk" in failed["advice"]


def test_cancelling_twice_is_a_conflict_in_the_one_error_shape(job, api):
    api.post(f"/api/jobs/{job.pk}/cancel/")
    answer = api.post(f"/api/jobs/{job.pk}/cancel/")
    assert answer.status_code == 409
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert answer.json()["code"] == "job_ended"


def test_the_api_needs_a_log_in(job):
    assert APIClient().get("/api/jobs/").status_code == 401


def test_the_admin_says_what_to_do_too(job, page_staff):
    Job.objects.filter(pk=job.pk).update(state="failed", error_code="storage_failed")
    assert b"The disk is full or out of reach" in page_staff.get(f"/admin/jobs/job/{job.pk}/change/").content
