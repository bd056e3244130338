"""What can be said of a training before it is queued, for the panel beside the form."""

from dataclasses import asdict, is_dataclass
from typing import Any

from django.utils.translation import gettext as _

from mlmodels.forms.training import TrainingForm
from mlmodels.presentation.doubts import overlapping
from mlmodels.presentation.timeline import timeline
from mlmodels.services import MLModelService

QUIET = ("name",)
"""Not complained of while somebody is still typing: the rest of the form can be looked at without it."""


def forecast_context(user: Any, form: TrainingForm) -> dict[str, Any]:
    """Look at the form as it is typed; what is refused in it is told, and the rest is foreseen without it."""
    form.is_valid()
    given = form.values()
    given.pop("name", None)
    found = MLModelService.foresee(user, **given)
    problems: dict[str, list[str]] = {
        name: [str(message) for message in messages]
        for name, messages in form.errors.items()
        if name not in QUIET
    }
    for name, messages in found.problems.items():
        problems.setdefault(form.field_of(name), list(messages))
    if not form.data.get("series"):
        problems.pop("series", None)  # nothing was chosen yet: the panel says what it waits for
    rates = found.base_rates
    return {
        "foreseen": found,
        "rates": rates if rates is not None and rates.rows else None,
        "majority": max(rates.up or 0.0, rates.down or 0.0) if rates is not None and rates.rows else None,
        "overlapping": bool(rates and rates.rows and overlapping(rates.rows, rates.effective_rows)),
        "timeline": timeline(asdict(fold) if is_dataclass(fold) else fold for fold in found.folds),
        "problems": [(_place(form, name), messages) for name, messages in problems.items()],
    }


def _place(form: TrainingForm, name: str) -> dict[str, str]:
    """What a problem is about, and where on the page that is."""
    if name not in form.fields:
        return {"label": "" if name == "__all__" else name, "target": ""}
    field = form[name]
    label = str(field.label)
    return {"label": label or _("This"), "target": field.id_for_label or field.auto_id}
