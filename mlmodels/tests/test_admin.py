"""Staff see what models there are and what they weigh, and delete them through the service."""

import pytest
from django.contrib.auth.models import Permission
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
    assert "candidate" in text
    assert "KB" in text
    assert page_staff.get(reverse("admin:mlmodels_mlmodel_change", args=[trained.pk])).status_code == 200
    chosen = {"action": "delete_selected", "_selected_action": [trained.pk, waiting.pk], "post": "yes"}
    answer = page_staff.post(reverse("admin:mlmodels_mlmodel_changelist"), chosen, follow=True)
    assert "is being trained" in answer.content.decode()
    assert list(MLModel.objects.all()) == [waiting]


def test_stages_are_changed_through_the_service_and_refusals_are_told(train, submit, page_staff):
    first, second, waiting = train(), train(), submit()
    url = reverse("admin:mlmodels_mlmodel_changelist")

    def act(action, *models):
        chosen = {"action": action, "_selected_action": [model.pk for model in models]}
        return page_staff.post(url, chosen, follow=True).content.decode()

    act("promote", first)
    assert "cannot predict" in act("promote", second, waiting)
    assert stages() == ["candidate", "promoted", "candidate"]
    act("retire", first, second)
    act("reinstate", first)
    assert stages() == ["candidate", "retired", "candidate"]


def test_staff_who_may_only_look_change_no_stage(train, staff, client_for):
    model = train()
    staff.is_superuser = False
    staff.save()
    staff.user_permissions.set(Permission.objects.filter(codename="view_mlmodel"))
    url = reverse("admin:mlmodels_mlmodel_changelist")
    page = client_for(staff)
    assert page.get(url).status_code == 200
    page.post(url, {"action": "promote", "_selected_action": [model.pk]}, follow=True)
    assert stages() == ["candidate"]


def stages():
    return list(MLModel.objects.order_by("version").values_list("stage", flat=True))
