"""How the check of drift stands: its job, its answer in words, or why there can be none."""

from collections.abc import Mapping
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
        "sentence": _sentence(found, rows) if rows else "",
        "windows": _windows(found, rows),
        "problem": job.error_detail if job is not None and job.state == job.State.FAILED else "",
        "possible": possible,
        "reason": "" if possible else _(
            "This model was trained by an earlier version, which kept nothing to compare with. Train the next version."
        ),
    }  # fmt: skip


def _sentence(found: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """What the rows come to: many features have moved, some have as some always do, or none."""
    moved = [row for row in rows if row["state"] in ("moved", "changed")]
    if "usual" not in found:
        return _(
            "Looked at by an earlier version, which took no account of how much features move anyway. Look again."
        )
    if not moved:
        return _("All features are spread as they were, or no further from it than their own past windows.")
    said = {"count": len(moved), "all": len(rows), "usual": found["usual"], "first": _(moved[0]["label"])}
    if len(moved) > found["usual"]:
        return (
            ngettext(
                "%(count)s of %(all)s features has moved beyond its own past windows, where up to %(usual)s do by "
                "chance: the model now sees what it was not trained on.",
                "%(count)s of %(all)s features have moved beyond their own past windows, where up to %(usual)s do by "
                "chance: the model now sees what it was not trained on.",
                len(moved),
            )
            % said
        )
    return (
        ngettext(
            "%(count)s of %(all)s features has moved beyond its own past windows (%(first)s). Up to %(usual)s at once "
            "do so by chance.",
            "%(count)s of %(all)s features have moved beyond their own past windows (furthest: %(first)s). Up to "
            "%(usual)s at once do so by chance.",
            len(moved),
        )
        % said
    )


def _windows(found: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """How what is usual was measured."""
    row = next((row for row in rows if row.get("windows")), None)
    if row is None:
        return ""
    said = {"windows": row["windows"], "bars": row["window_bars"]}
    if row["window_bars"] < found["bars"]:
        return (
            _(
                "Usual is what a feature's own %(windows)s past windows of %(bars)s bars did, carried over to the "
                "longer period: the training had too few windows as long as it."
            )
            % said
        )
    return (
        _("Usual is what a feature's own %(windows)s past windows of %(bars)s bars stayed below with 95 %%.")
        % said
    )
