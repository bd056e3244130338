"""How the check of drift stands: its job, its answer in words, or why there can be none."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mlmodels.models import MLModel
from mlmodels.presentation.report import stability_rows


def drift_context(model: MLModel) -> dict[str, Any]:
    """What the card of drift shows."""
    job = model.drift_job
    if job is not None and not job.is_terminal:
        return {"job": job}
    found = model.drift or {}
    rows = stability_rows(found.get("features") or ())
    possible = bool(model.metrics.get("reference"))
    return {
        "rows": rows,
        "first": found.get("start"),
        "last": found.get("end"),
        "count": found.get("bars"),
        "checked_at": found.get("checked_at"),
        "sentence": _sentence(rows) if rows else "",
        "problem": job.error_detail if job is not None and job.state == job.State.FAILED else "",
        "possible": possible,
        "reason": "" if possible else _(
            "This model was trained by an earlier version, which kept nothing to compare with. Train the next version."
        ),
    }  # fmt: skip


def _sentence(rows: list[dict[str, Any]]) -> str:
    counts = {state: sum(row["state"] == state for row in rows) for state in ("stable", "moved", "changed")}
    if counts["changed"]:
        said = ngettext(
            "%(count)s feature has changed: the model now sees what it was not trained on.",
            "%(count)s features have changed: the model now sees what it was not trained on.",
            counts["changed"],
        )
        return said % {"count": counts["changed"]}
    if counts["moved"]:
        said = ngettext(
            "%(count)s feature has moved; none has changed.",
            "%(count)s features have moved; none has changed.",
            counts["moved"],
        )
        return said % {"count": counts["moved"]}
    return _("All features are spread as they were.")
