"""How a report is arranged for its page: the picture of the folds, the curves, the doubts, older reports."""

import pytest

from mlmodels.models import MLModel
from mlmodels.presentation.curves import curves_of
from mlmodels.presentation.doubts import doubts_about
from mlmodels.presentation.drift import drift_context
from mlmodels.presentation.report import (
    control_rows,
    fold_rows,
    importance_bars,
    path_strips,
    search_rows,
    stability_rows,
)
from mlmodels.presentation.timeline import timeline
from mlmodels.presentation.words import verdict_sentence

SCORE = {
    "rows": 1000,
    "effective_rows": 900.0,
    "log_loss": 0.69,
    "base_log_loss": 0.693,
    "accuracy": 0.55,
    "accuracy_error": 0.017,
    "base_rate": 0.52,
    "majority": "up",
    "standard_errors_above": 1.8,
    "verdict": "within_noise",
}


def report(**changes):
    controls = [
        {"key": "shuffled_labels", "accuracy": 0.5, "low": 0.45, "high": 0.55, "passed": True},
        {"key": "random_walk", "accuracy": 0.51, "low": 0.45, "high": 0.55, "passed": True},
    ]
    return {"format": 2, "overall": SCORE, "controls": controls, **changes}


def codes(metrics, **configuration):
    return [doubt.code for doubt in doubts_about(metrics, configuration)]


def test_folds_lie_on_one_scale_of_time_and_are_told_in_a_sentence():
    fold = {
        "number": 1,
        "train_spans": [["2020-01-01T00:00:00Z", "2020-01-06T00:00:00Z"]],
        "purged_spans": [["2020-01-06T00:00:00Z", "2020-01-07T00:00:00Z"]],
        "embargo_spans": [],
        "test_spans": [["2020-01-07T00:00:00Z", "2020-01-11T00:00:00Z"]],
    }
    found = timeline([fold])
    # ten days are 1000 units: the training takes the first 500, the test begins after 600
    places = {part.kind: (part.x, part.width) for part in found.rows[0].segments}
    assert places == {
        "train": ("0.00", "500.00"),
        "purged": ("500.00", "100.00"),
        "test": ("600.00", "400.00"),
    }
    assert "2020-01-07 – 2020-01-11" in found.rows[0].words
    assert [kind for kind, _label in found.kinds] == ["train", "purged", "test"]


def test_a_gap_of_one_bar_among_thousands_is_wide_enough_to_be_seen():
    spans = {"train_spans": [["2000-01-01", "2015-01-01"]], "test_spans": [["2015-01-03", "2020-01-01"]]}
    found = timeline([{"number": 1, **spans, "purged_spans": [["2015-01-02", "2015-01-02"]]}])
    (gap,) = (part for part in found.rows[0].segments if part.kind == "purged")
    assert float(gap.width) == 2.5
    assert found.rows[0].segments[-1] is gap  # on top of its neighbours


def test_folds_of_an_older_report_are_drawn_from_their_ends():
    ends = {
        "train_start": "2020-01-01",
        "train_end": "2020-01-05",
        "test_start": "2020-01-07",
        "test_end": "2020-01-11",
    }
    assert [part.kind for part in timeline([{"number": 1, **ends}]).rows[0].segments] == [
        "train",
        "test",
        "purged",
    ]
    assert timeline([]) is None


def test_the_chance_line_of_precision_lies_at_the_share_of_gains():
    points = [[0.0, 1.0, None], [0.5, 0.6, 0.55], [1.0, 0.53, 0.2]]
    found = curves_of({"precision_recall": {"points": points, "average_precision": 0.58, "base": 0.53}})
    drawn, chance = found["precision_recall"].drawing["lines"]
    assert chance["points"] == [[0.0, 0.53], [1.0, 0.53]]
    assert drawn["points"] == points[1:]  # above every probability nothing is called a gain


def test_calibration_has_its_diagonal_and_intervals_within_its_scale():
    part = {"rows": 50, "predicted": 0.5, "observed": 0.6, "low": 0.4, "high": 0.78}
    drawing = curves_of({"calibration": [part]})["calibration"].drawing
    assert drawing["intervals"]["points"] == [[0.5, 0.4, 0.78]]
    assert (drawing["x"]["min"], drawing["x"]["max"]) == (pytest.approx(0.38), pytest.approx(0.8))
    assert drawing["lines"][1]["points"] == [[drawing["x"]["min"]] * 2, [drawing["x"]["max"]] * 2]


def test_calibration_of_an_older_report_has_no_intervals():
    found = curves_of({"calibration": [{"rows": 50, "predicted": 0.5, "observed": 0.6}]})["calibration"]
    assert found.drawing["intervals"]["points"] == []
    assert found.rows[0][-1] == "n/a"


@pytest.mark.parametrize(("held", "lines"), [(0.15, 2), (40.0, 1)])
def test_buy_and_hold_is_drawn_beside_the_margins_unless_it_would_press_them_flat(held, lines):
    points = [
        {"margin": m, "net_return": 0.1, "trades": 5, "exposure": 0.5, "sharpe": 1.0} for m in (0.0, 0.1)
    ]
    metrics = {
        "thresholds": {"points": points, "cost_rate": 0.0015},
        "trading": {"buy_and_hold": {"net_return": held}},
    }
    found = curves_of(metrics)["thresholds"]
    assert len(found.drawing["lines"]) == lines
    assert "is a search" in found.note
    assert "0.150" in found.note


def test_the_axis_of_net_returns_ends_at_the_loss_of_everything():
    points = [
        {"margin": m, "net_return": r, "trades": 5, "exposure": 0.5, "sharpe": 0.1}
        for m, r in ((0.0, -0.95), (0.1, 8.9))
    ]
    axis = curves_of({"thresholds": {"points": points, "cost_rate": 0.0}})["thresholds"].drawing["y"]
    assert (axis["min"], axis["max"]) == (-1.0, 9.0)
    points[0]["net_return"], points[1]["net_return"] = -0.021, 0.034
    axis = curves_of({"thresholds": {"points": points, "cost_rate": 0.0}})["thresholds"].drawing["y"]
    assert (axis["min"], axis["max"]) == (-0.03, 0.04)
    points[0]["net_return"] = points[1]["net_return"]
    axis = curves_of({"thresholds": {"points": points, "cost_rate": 0.0}})["thresholds"].drawing["y"]
    assert axis["min"] <= 0.034 < axis["max"]


def test_a_report_without_curves_has_none():
    assert curves_of({"overall": SCORE}) == {}


@pytest.mark.parametrize(("sharpe", "told"), [(0.11, True), (-0.2, False), (None, False)])
def test_a_sharpe_ratio_above_zero_beside_a_loss_is_explained(sharpe, told):
    trading = {"net_return": -0.13, "sharpe": sharpe, "sharpe_low": -1.0, "sharpe_high": 1.0}
    (doubt,) = [d for d in doubts_about(report(trading=trading), {}) if d.code == "no_profit"]
    assert ("the mean of the bars' returns" in doubt.words) is told


def test_a_control_outside_its_band_comes_before_every_other_doubt():
    broken = [{"key": "random_walk", "accuracy": 0.71, "low": 0.45, "high": 0.55, "passed": False}]
    found = doubts_about(report(controls=broken, overall={**SCORE, "effective_rows": 60.0}), {})
    assert found[0].code == "control_random_walk"
    assert found[0].severe
    assert "0.710" in found[0].words
    assert {"overlap", "few"} <= {doubt.code for doubt in found}


def test_controls_within_their_bands_raise_no_doubt():
    assert codes(report()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"controls": []}, "no_controls"),
        ({"overall": {**SCORE, "log_loss": 0.7}}, "probabilities"),
        ({"trading": {"net_return": -0.1}}, "no_profit"),
        ({"trading": {"net_return": 0.1, "buy_and_hold": {"net_return": 0.5}}}, "buy_and_hold"),
        ({"trading": {"net_return": 0.1, "sharpe_low": -0.2, "sharpe_high": 1.0}}, "luck"),
        ({"stability": [{"name": "a", "label": "A", "psi": 0.3}]}, "unstable"),
        ({"search": {"evaluated": 40}}, "search"),
        ({"folds": [{"score": {"accuracy": 0.5, "base_rate": 0.6}}]}, "folds"),
    ],
)
def test_each_reason_for_doubt_is_named(changes, code):
    assert code in codes(report(**changes))


def test_combinatorial_predictions_are_said_to_be_no_trades():
    assert "not_causal" in codes(report(), validation="combinatorial")


def test_an_older_report_is_not_blamed_for_controls_it_never_had():
    older = {key: value for key, value in report().items() if key not in ("format", "controls")}
    assert codes(older) == []


def test_the_model_stands_above_its_controls():
    rows = control_rows(report(trading={"net_return": 0.2, "sharpe": 1.1}))
    assert [row["key"] for row in rows] == ["model", "shuffled_labels", "random_walk"]
    assert rows[0]["net_return"] == 0.2
    assert rows[1]["band"] == "0.450 – 0.550"
    assert control_rows({"overall": SCORE}) == []


def test_confusion_keeps_what_was_said_together():
    counts = {"true_up": 30, "false_up": 10, "true_down": 50, "false_down": 10}
    (row,) = fold_rows({"folds": [{"number": 1, "confusion": counts}]})
    assert [cell["count"] for cell in row["cells"]] == [30, 10, 50, 10]
    assert row["cells"][2]["share"] == 0.5
    assert fold_rows({"folds": [{"number": 1}]})[0]["cells"] == []


def test_bars_of_importance_stay_on_their_scale():
    rows = [
        {"name": "a", "label": "A", "mean": 0.03, "spread": 0.01, "folds": [0.02, 0.04]},
        {"name": "b", "label": "B", "mean": -0.02, "spread": 0.01},
    ]
    first, second = importance_bars(rows)
    # the scale ends at 0.03 + 0.01
    assert (first["width"], first["low"], first["high"], first["clear"]) == ("75.00", "50.00", "100.00", True)
    assert first["dots"] == ["50.00", "100.00"]
    assert (second["width"], second["high"], second["clear"], second["dots"]) == ("0.00", "0.00", False, [])


def test_spreads_are_named_by_the_customary_limits_and_sorted_by_how_far_they_moved():
    rows = stability_rows(
        [{"label": "a", "psi": 0.05}, {"label": "b", "psi": 0.3}, {"label": "c", "psi": 0.1}]
    )
    assert [(row["label"], row["state"]) for row in rows] == [
        ("b", "changed"),
        ("c", "moved"),
        ("a", "stable"),
    ]
    assert stability_rows([{"label": "d", "psi": 0.3, "level": "stable"}])[0]["state"] == "stable"
    assert stability_rows([{"label": "e", "psi": 0.3, "by_chance": 0.4}])[0]["state"] == "stable"
    assert stability_rows([{"label": "f", "psi": 0.3, "by_chance": 0.2}])[0]["state"] == "changed"
    assert stability_rows([{"label": "g", "psi": None}])[0]["state"] == ""


def test_features_that_wander_as_they_always_do_raise_no_doubt():
    calm = [{"name": str(n), "label": str(n), "psi": 0.5, "by_chance": 0.6} for n in range(28)]
    assert "unstable" not in codes(report(stability=calm))
    few, many = ([{**row, "psi": 0.7} for row in calm[:count]] + calm[count:] for count in (3, 4))
    assert "unstable" not in codes(report(stability=few))
    assert "unstable" in codes(report(stability=many))


@pytest.mark.parametrize(
    ("moved", "usual", "said"),
    [
        (0, 1, "no further from it than their own past windows"),
        (1, 1, "1 of 3 features has moved beyond its own past windows (A). Up to 1 at once do so by chance."),
        (3, 1, "3 of 3 features have moved beyond their own past windows, where up to 1 do by chance"),
        (3, None, "Looked at by an earlier version"),
    ],
)
def test_a_check_of_drift_sounds_the_alarm_only_beyond_what_is_usual(moved, usual, said):
    rows = [
        {
            "name": name,
            "label": name,
            "psi": 0.5,
            "by_chance": 0.2,
            "level": "large",
            "windows": 12,
            "window_bars": 250,
        }
        for name in "ABC"
    ]
    rows = [row if number < moved else {**row, "level": "stable"} for number, row in enumerate(rows)]
    drift = {"features": rows, "bars": 250} | ({} if usual is None else {"usual": usual})
    context = drift_context(MLModel(metrics={"reference": {"A": {}}}, drift=drift))
    assert said in context["sentence"]
    assert "12 past windows of 250 bars stayed below with 95 %." in context["windows"]


def test_tries_are_sorted_within_their_fold_and_the_final_search_comes_last():
    def one(fold, number, score, chosen=False, depth=3):
        values = {"depth": depth, "trees": 50}
        return {
            "fold": fold,
            "number": number,
            "hyperparameters": values,
            "score": score,
            "spread": 0.01,
            "chosen": chosen,
        }

    trials = [one(0, 1, 0.6, True), one(1, 1, 0.7, depth=5), one(1, 2, 0.65, True)]
    found = search_rows({"method": "random", "evaluated": 3, "trials": trials})
    assert [(row["fold"], row["number"]) for row in found["rows"]] == [(1, 2), (1, 1), (0, 1)]
    assert found["names"] == ["depth"]  # what never varied is left out
    assert [row["best"] for row in found["rows"]] == [True, False, True]
    assert search_rows({}) == {}


def test_paths_become_strips_from_the_lowest_to_the_highest():
    (strip,) = path_strips([{"accuracy": 0.5}, {"accuracy": 0.54}, {"accuracy": 0.51}])
    assert (strip["lowest"], strip["median"], strip["highest"], strip["count"]) == (
        "0.500",
        "0.510",
        "0.540",
        3,
    )
    assert strip["dots"] == ["2.00", "26.00", "98.00"]


def test_a_lead_that_rounds_to_none_is_called_none():
    said = verdict_sentence({**SCORE, "standard_errors_above": 0.04})
    assert said.endswith("no better than always saying up.")
    assert "only 1.8 standard errors better" in verdict_sentence(SCORE)
