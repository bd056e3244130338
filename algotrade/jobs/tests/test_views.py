"""Pages and API of jobs: an owner, a stranger, and nobody."""

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from rest_framework.test import APIClient

from algotrade.jobs import services
from algotrade.jobs.models import Job
from algotrade.jobs.tests import handlers

KIND = f"test.{handlers.succeed.__name__}"
pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return get_user_model().objects.create_user("owner", "owner@example.com", "long-enough-1")


@pytest.fixture
def stranger():
    return get_user_model().objects.create_user("stranger", "stranger@example.com", "long-enough-1")


@pytest.fixture
def job(owner):
    return services.submit(kind=KIND, owner=owner, title="A run")


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def script(user):
    client = APIClient()
    client.force_authenticate(user)
    return client


def test_the_list_shows_own_jobs_only(owner, stranger, job):
    assert b"A run" in browser(owner).get("/jobs/").content
    assert b"A run" not in browser(stranger).get("/jobs/").content


def test_the_list_filters_by_state(owner, job):
    assert b"A run" in browser(owner).get("/jobs/?state=queued").content
    assert b"A run" not in browser(owner).get("/jobs/?state=failed").content


def test_the_list_costs_the_same_for_one_job_and_for_many(owner, job, django_assert_max_num_queries):
    for number in range(20):
        services.submit(kind=KIND, owner=owner, title=f"Run {number}")
    client = browser(owner)
    with django_assert_max_num_queries(6):
        client.get("/jobs/")


def test_a_job_page_is_its_owners(owner, stranger, job):
    assert browser(owner).get(f"/jobs/{job.pk}/").status_code == 200
    assert browser(stranger).get(f"/jobs/{job.pk}/").status_code == 404
    assert Client().get(f"/jobs/{job.pk}/").status_code == 302


def test_a_failed_job_says_why_and_offers_to_try_again(owner, job):
    Job.objects.filter(pk=job.pk).update(state="failed", error_detail="Too few bars: choose a longer period.")
    page = browser(owner).get(f"/jobs/{job.pk}/").content.decode()
    assert "Too few bars: choose a longer period." in page
    assert f"/jobs/{job.pk}/retry/" in page


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_stranger_can_neither_cancel_nor_retry(stranger, job, verb):
    assert browser(stranger).post(f"/jobs/{job.pk}/{verb}/").status_code == 404
    assert script(stranger).post(f"/api/jobs/{job.pk}/{verb}/").status_code == 404
    job.refresh_from_db()
    assert job.state == "queued"


def test_the_owner_cancels_by_page(owner, job):
    assert browser(owner).post(f"/jobs/{job.pk}/cancel/").status_code == 302
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_cancel_never_sends_the_browser_elsewhere(owner, job):
    answer = browser(owner).post(f"/jobs/{job.pk}/cancel/", {"next": "https://evil.example/"})
    assert answer["Location"] == f"/jobs/{job.pk}/"


def test_the_api_lists_filters_and_cancels(owner, stranger, job):
    assert script(owner).get("/api/jobs/?state=queued").json()["count"] == 1
    assert script(stranger).get("/api/jobs/").json()["count"] == 0
    answer = script(owner).post(f"/api/jobs/{job.pk}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_cancelling_twice_is_a_conflict_in_the_one_error_shape(owner, job):
    script(owner).post(f"/api/jobs/{job.pk}/cancel/")
    answer = script(owner).post(f"/api/jobs/{job.pk}/cancel/")
    assert answer.status_code == 409
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert answer.json()["code"] == "job_ended"


def test_the_api_needs_a_log_in(job):
    assert APIClient().get("/api/jobs/").status_code == 401
