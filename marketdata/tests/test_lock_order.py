"""Staff who change the calendar of a shared series while an examination of theirs ends: one waits for the other."""

import threading

import pytest
from django.db import connection

from algotrade.jobs.models import Job
from marketdata.editing import submit_examination
from marketdata.models import Series
from marketdata.tests.bars import make_bars
from marketdata.tests.conftest import make_series

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def test_neither_waits_for_ever(page_staff, staff, monkeypatch):
    series = make_series(None, "SHARED", make_bars(10), calendar="24/7")
    job = submit_examination(staff, series)
    assert job.claim("host:1")
    written, errors = threading.Event(), []
    save, end = Series.save, Job._end

    def saving(self, **options):
        """The series is locked then; let the end of the examination get as far as it comes."""
        save(self, **options)
        if thread.ident is None:
            thread.start()
            written.wait(timeout=0.5)

    def ended(self, state, **fields):
        end(self, state, **fields)
        written.set()

    def end_examination():
        try:
            job.succeed(lambda: list(Series.objects.select_for_update(no_key=True).filter(pk=series.pk)), {})
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=end_examination)
    monkeypatch.setattr(Series, "save", saving)
    monkeypatch.setattr(Job, "_end", ended)
    form = {"name": "", "user": "", "calendar": "XNYS", "timezone": "UTC"}
    answer = page_staff.post(f"/admin/marketdata/series/{series.pk}/change/", form)
    thread.join(timeout=20)
    assert (answer.status_code, thread.is_alive(), errors) == (302, False, [])
    series.refresh_from_db()
    assert series.calendar == "XNYS"
    assert sorted(Job.objects.values_list("state", flat=True)) == ["queued", "succeeded"]
