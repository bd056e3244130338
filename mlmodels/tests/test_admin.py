"""Staff see what models there are and what they weigh, and delete them through the service."""

import pytest
from django.urls import reverse

from mlmodels.models import MLModel

pytestmark = pytest.mark.django_db


def test_the_list_shows_scores_and_deletes_through_the_service(
    train, submit, django_assert_max_num_queries, page_staff
):
    trained, waiting = train(), submit()
    with django_assert_max_num_queries(12):
        text = page_staff.get(reverse("admin:mlmodels_mlmodel_changelist")).content.decode()
    assert f"{trained.accuracy:.3f}" in text
    assert page_staff.get(reverse("admin:mlmodels_mlmodel_change", args=[trained.pk])).status_code == 200
    chosen = {"action": "delete_selected", "_selected_action": [trained.pk, waiting.pk], "post": "yes"}
    answer = page_staff.post(reverse("admin:mlmodels_mlmodel_changelist"), chosen, follow=True)
    assert "is being trained" in answer.content.decode()
    assert list(MLModel.objects.all()) == [waiting]
