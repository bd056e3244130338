"""A model that is deleted in the moment in which the check of its drift ends: one waits for the other, no longer."""

import threading

import pytest
from django.db import connection

from algotrade.jobs import services as jobs
from algotrade.jobs.errors import JobCancelled, LeaseLost
from algotrade.jobs.models import Job
from mlmodels.errors import ModelNotFound
from mlmodels.jobs import DRIFT_KIND
from mlmodels.models import MLModel
from mlmodels.services import MLModelService
from mlmodels.services.locking import locked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]


def test_neither_waits_for_ever(submit, monkeypatch):
    model = submit()
    job = jobs.submit(kind=DRIFT_KIND, owner=model.user, title="drift", payload={"model_id": model.pk})
    assert job.claim("host:1")
    MLModel.objects.update(status=Job.State.SUCCEEDED, drift_job=job)
    written, errors = threading.Event(), []
    request_cancel, end = Job.request_cancel, Job._end

    def in_between(self):
        """The model is locked by now; let the end of the check get as far as it comes."""
        if thread.ident is None:
            thread.start()
            written.wait(timeout=0.5)
        return request_cancel(self)

    def ended(self, state, **fields):
        end(self, state, **fields)
        written.set()

    def end_check():
        try:
            job.succeed(lambda: locked(model), {})
        except (JobCancelled, LeaseLost, ModelNotFound):
            pass
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=end_check)
    monkeypatch.setattr(Job, "request_cancel", in_between)
    monkeypatch.setattr(Job, "_end", ended)
    MLModelService.delete(MLModel.objects.get(pk=model.pk))
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert errors == []
    assert not MLModel.objects.exists()
    assert Job.objects.get(pk=job.pk).cancel_requested_at is not None
