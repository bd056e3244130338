"""Staff look at sweeps of everybody; deleting here removes the file too."""

from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from backtests.models import Sweep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.services]
LIST = "admin:backtests_sweep_changelist"


def test_staff_find_look_at_and_delete_a_sweep(page_staff, swept):
    text = page_staff.get(f"{reverse(LIST)}?q=ada").content.decode()
    assert "Crossing" in text
    one = page_staff.get(reverse("admin:backtests_sweep_change", args=[swept.pk])).content.decode()
    assert swept.columns_sha256 in one
    assert page_staff.get(reverse("admin:backtests_sweep_add")).status_code == 403
    page_staff.post(
        reverse(LIST), {"action": "delete_selected", "_selected_action": [swept.pk], "post": "yes"}
    )
    assert not Sweep.objects.exists()
    assert not (Path(settings.MEDIA_ROOT) / swept.columns_path).exists()
