"""A training over a stated limit is refused before there is a job: with the limit and what to do."""

import pytest

from mlmodels.models import MLModel
from mlmodels.tests.test_api import request_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("setting", "most", "field", "count"),
    [("TRAINING_MAX_BARS", 699, "series", "700"), ("TRAINING_MAX_FITS", 1, "folds", "models")],
    ids=["bars", "fits"],
)
def test_a_training_over_a_limit_answers_422_by_field(series, setting, most, field, count, api, settings):
    setattr(settings, setting, most)
    answer = api.post("/api/ml-models/train/", request_of(series), format="json")
    assert answer.status_code == 422, answer.content
    body = answer.json()
    assert body["code"] == "training_too_large"
    said = body["fields"][field][0]
    assert setting in said
    assert count in said
    assert str(most) in said
    assert not MLModel.objects.exists()


def test_at_the_limit_a_training_is_taken(series, api, settings):
    settings.TRAINING_MAX_BARS = 700
    assert api.post("/api/ml-models/train/", request_of(series), format="json").status_code == 202
