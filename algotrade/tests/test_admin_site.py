"""The admin: its overview is cheap and true, and no page of it asks another host for anything."""

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.staticfiles import finders
from django.urls import reverse
from django.utils import timezone

from algotrade import admin_dashboard
from algotrade.jobs.models import Job, Worker
from algotrade.middleware import ContentSecurityPolicyMiddleware
from marketdata.models import Series

pytestmark = pytest.mark.django_db
WANTED = [model for _title, models in admin_dashboard.SIDEBAR for model, _icon in models]


def make_job(owner, state, age, **fields):
    moment = timezone.now() - age
    return Job.objects.create(
        owner=owner,
        kind="backtests.run",
        title=f"a {state} job",
        state=state,
        created_at=moment,
        finished_at=moment,
        deadline_at=moment,
        **fields,
    )


def test_the_overview_counts_people_jobs_workers_and_failures(client_for, staff, user, make_user):
    make_user("gone", is_active=False)
    hour, week = timedelta(hours=1), timedelta(days=7)
    failed = make_job(user, "failed", hour, error_code="too_few_bars")
    make_job(user, "failed", week, error_code="long_ago")
    make_job(user, "succeeded", hour)
    make_job(user, "queued", week)
    Worker.objects.create(name="here:1:x", places=4, busy=3)
    Worker.objects.create(name="dead:1:x", places=4, seen_at=timezone.now() - hour)
    page = client_for(staff).get(reverse("admin:index"))
    people, workers, jobs, storage = page.context["cards"]
    assert people["value"] == "2"
    assert "1 switched off" in people["note"]
    assert (workers["value"], workers["note"]) == ("1", "3 of 4 places busy")
    assert jobs["value"] == "0"
    assert jobs["note"].endswith("1 queued, 1 succeeded, 1 failed, 0 cancelled")
    assert storage["value"]
    assert page.context["failures"]["summary"] == "too_few_bars: 1"
    text = page.content.decode()
    assert reverse("admin:jobs_job_change", args=[failed.pk]) in text
    assert "long_ago" not in text


def test_without_a_worker_the_overview_says_what_to_do(client_for, staff):
    page = client_for(staff).get(reverse("admin:index"))
    assert "start a worker" in page.content.decode()


def test_data_that_ends_longest_ago_comes_first(client_for, staff):
    now = timezone.now()
    for days in (3, 400, 30):
        Series.objects.create(
            symbol=f"D{days}", timeframe="1d", source="csv", calendar="exchange",
            bar_count=1234, last_time=now - timedelta(days=days),
        )  # fmt: skip
    rows = client_for(staff).get(reverse("admin:index")).context["freshness"]["table"]["rows"]
    assert [row[3] for row in rows] == ["400 days ago", "30 days ago", "3 days ago"]
    assert rows[0][2] == "1\u202f234"


def test_the_overview_costs_the_same_for_many_rows(client_for, staff, user, django_assert_max_num_queries):
    Job.objects.bulk_create(
        Job(owner=user, kind="test", title=f"job {n}", state="failed", finished_at=timezone.now(),
            deadline_at=timezone.now())
        for n in range(60)
    )  # fmt: skip
    client = client_for(staff)
    with django_assert_max_num_queries(14):
        assert client.get(reverse("admin:index")).status_code == 200


def test_the_side_bar_leads_to_every_model_of_the_lab(client_for, staff):
    page = client_for(staff).get(reverse("admin:index")).content.decode()
    for label in WANTED:
        model = apps.get_model(label)
        assert admin.site.is_registered(model), label
        assert reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") in page


def test_staff_without_a_permission_see_neither_its_entry_nor_its_figures(client_for, make_user, user):
    make_job(user, "failed", timedelta(hours=1), error_code="too_few_bars")
    page = client_for(make_user("clerk", is_staff=True)).get(reverse("admin:index"))
    text = page.content.decode()
    assert reverse("admin:accounts_user_changelist") not in text
    assert [card["title"] for card in page.context["cards"]] == ["Storage used"]
    assert "too_few_bars" not in text


def pages():
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")


def test_the_policy_of_the_admin_allows_what_its_pages_hold_and_no_script_in_a_page(
    client_for, client, staff, user
):
    signed_in = client_for(staff)
    answers = [signed_in.get(url) for url in pages()]
    answers += [signed_in.post(reverse("admin:accounts_user_add"), {}), client.get(reverse("admin:login"))]
    answers.append(signed_in.get(reverse("admin:accounts_user_change", args=[user.pk])))
    for answer in answers:
        text, policy = answer.content.decode(), answer["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert "unsafe-inline" not in rules["script-src"] + rules["style-src"]
        for content in re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL):
            digest = b64encode(sha256(content.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in rules["style-src"], f"allow the style element {content[:60]!r}"
        for attributes in re.findall(r"<script([^>]*)>", text):
            assert "src=" in attributes or "application/json" in attributes, answer.request["PATH_INFO"]
        assert not re.search(r"<[^>]*\son[a-z]+=\"|javascript:", text), answer.request["PATH_INFO"]


def test_the_policy_knows_the_style_of_the_admins_own_htmx():
    script = Path(finders.find("unfold/js/htmx/htmx.js")).read_text()
    style = re.search(r'"<style"\+e\+">(.*?)</style>"', script, re.DOTALL).group(1)
    for word, default in (("indicatorClass", "htmx-indicator"), ("requestClass", "htmx-request")):
        style = style.replace(f'"+Q.config.{word}+"', default)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in ContentSecurityPolicyMiddleware.ADMIN


def test_no_page_of_the_admin_asks_another_host(client_for, client, staff, user):
    signed_in = client_for(staff)
    answers = [signed_in.get(url, follow=True) for url in pages()]
    answers.append(signed_in.get(reverse("admin:accounts_user_change", args=[user.pk])))
    answers.append(client.get(reverse("admin:login")))
    for answer in answers:
        assert answer.status_code in {200, 403}, answer.request["PATH_INFO"]
        text = answer.content.decode()
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="([^"]+)"', text)
        loaded += re.findall(r'<link[^>]*\shref="([^"]+)"', text)
        for address in loaded:
            assert re.match(r"/(?!/)|data:", address), (answer.request["PATH_INFO"], address)


def test_the_admins_own_styles_load_nothing_from_elsewhere():
    for name in (
        "unfold/css/styles.css",
        "unfold/fonts/inter/styles.css",
        "unfold/fonts/material-symbols/styles.css",
    ):
        style = Path(finders.find(name)).read_text()
        for address in re.findall(r"(?:url\(|@import\s+)[\"']?([^\"')\s]+)", style):
            assert not re.match(r"(?:https?:)?//", address), (name, address)


def test_dates_are_iso(client_for, staff):
    page = client_for(staff).get(reverse("admin:accounts_user_changelist")).content.decode()
    assert timezone.now().strftime("%Y-%m-%d") in page
    assert "a.m." not in page
