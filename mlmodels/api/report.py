"""The report of a training as the API's reference describes it. Reports are stored whole and served as they are.

Fractions are fractions, times are UTC, what is undefined is null. Reports of format 1 have `overall`, `folds`,
`calibration`, `labelled_rows` and `first_prediction` only, with fewer keys.
"""

from typing import Any, get_args

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from mlmodels.evaluation.vocabulary import ControlKey, Verdict


def figure(help_text: str = "") -> serializers.FloatField:
    """A number, null where it is undefined."""
    return serializers.FloatField(allow_null=True, help_text=help_text)


def count(help_text: str = "") -> serializers.IntegerField:
    return serializers.IntegerField(help_text=help_text)


def points(help_text: str) -> serializers.ListField:
    """Points of a curve; null is what an end of it lacks."""
    point = serializers.ListField(child=serializers.FloatField(allow_null=True))
    return serializers.ListField(child=point, help_text=help_text)


def spans(help_text: str) -> serializers.ListField:
    """Stretches of bars, as first and last time."""
    return serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        help_text=f"{help_text}: [first, last] of each stretch, both included.",
    )


class ScoreSerializer(serializers.Serializer):
    """Scores of out-of-fold predictions beside those of always saying the same."""

    rows = count("Predictions with a known outcome.")
    effective_rows = serializers.FloatField(help_text="How many independent outcomes they are worth.")
    log_loss = serializers.FloatField()
    base_log_loss = serializers.FloatField(help_text="Of always giving the share of gains.")
    brier = serializers.FloatField()
    accuracy = serializers.FloatField()
    accuracy_error = serializers.FloatField(help_text="One standard error, by effective rows.")
    base_rate = serializers.FloatField(help_text="The accuracy of always saying `majority`.")
    majority = serializers.ChoiceField(choices=("up", "down"))
    auc = figure("Area under the ROC curve; null with one outcome only.")
    auc_error = figure("One standard error, by effective rows.")
    average_precision = figure("Area under the precision-recall curve.")
    verdict = serializers.ChoiceField(choices=get_args(Verdict))
    standard_errors_above = serializers.FloatField(help_text="Accuracy above the base rate, in its errors.")


class ConfusionSerializer(serializers.Serializer):
    """What was said and what happened, in rows."""

    true_up = count()
    false_up = count("Said up, went down.")
    true_down = count()
    false_down = count("Said down, went up.")


class FoldSpansSerializer(serializers.Serializer):
    """Where a fold trains and tests."""

    number = count("From 1.")
    train_start = serializers.CharField(allow_null=True)
    train_end = serializers.CharField(allow_null=True)
    train_rows = count()
    purged_rows = count("Left out because their outcome reaches into the test.")
    embargo_rows = count("Left out by the embargo.")
    test_start = serializers.CharField()
    test_end = serializers.CharField()
    train_spans = spans("Trained on")
    purged_spans = spans("Purged")
    embargo_spans = spans("Embargo")
    test_spans = spans("Tested")


class FoldSerializer(FoldSpansSerializer):
    """One fold: where it trained and tested, with what, and how it did."""

    score = ScoreSerializer()
    confusion = ConfusionSerializer()
    hyperparameters = serializers.DictField(help_text="Those used, found by the search where there was one.")


class BaseRatesSerializer(serializers.Serializer):
    """What there is to learn before anything is learned."""

    rows = count()
    up = figure("Share of gains.")
    down = figure()
    effective_rows = serializers.FloatField()
    mean_return = figure()
    mean_gain = figure()
    mean_loss = figure()


class RocSerializer(serializers.Serializer):
    """Receiver operating characteristic, out of fold."""

    points = points(
        "[false positive rate, true positive rate, threshold], at most 200; the first has no threshold."
    )
    auc = figure()
    auc_error = figure()


class PrecisionRecallSerializer(serializers.Serializer):
    """Precision against recall, out of fold."""

    points = points("[recall, precision, threshold], at most 200.")
    average_precision = figure()
    base = figure("The precision of always saying up.")


class CalibrationBinSerializer(serializers.Serializer):
    """Predictions of similar probability and how often they were right."""

    rows = count()
    predicted = serializers.FloatField()
    observed = serializers.FloatField()
    low = figure("95 % interval, by effective rows.")
    high = figure()


class MarginSerializer(serializers.Serializer):
    """What acting only beyond a margin around one half came to."""

    margin = serializers.FloatField()
    net_return = figure()
    trades = count()
    exposure = figure()
    sharpe = figure()


class ThresholdsSerializer(serializers.Serializer):
    """The sweep over the margin. Its best point was chosen with hindsight."""

    points = MarginSerializer(many=True)
    cost_rate = serializers.FloatField(help_text="Costs of a fill as a share of its value.")
    short_trades = serializers.BooleanField()


class HeldSerializer(serializers.Serializer):
    """Buying at the start and holding."""

    net_return = figure()
    sharpe = figure()
    max_drawdown = figure()
    equity = points("[seconds since 1970, growth of 1], at most 1,000.")


class TradingSerializer(serializers.Serializer):
    """The out-of-fold signals traded with costs."""

    net_return = figure()
    sharpe = figure("Yearly.")
    sharpe_low = figure("95 % interval.")
    sharpe_high = figure()
    max_drawdown = figure("At most 0.")
    trades = count()
    exposure = figure()
    start = serializers.CharField()
    end = serializers.CharField()
    equity = points("[seconds since 1970, growth of 1], at most 1,000.")
    buy_and_hold = HeldSerializer()


class ControlSerializer(serializers.Serializer):
    """What something without skill scored under the same procedure; null where it does not apply."""

    key = serializers.ChoiceField(choices=get_args(ControlKey))
    accuracy = figure()
    accuracy_error = figure()
    base_rate = figure()
    log_loss = figure()
    net_return = figure()
    sharpe = figure()
    low = figure("Band in which chance leaves it.")
    high = figure()
    passed = serializers.BooleanField(allow_null=True)
    note = serializers.CharField(help_text="Why it could not be had, else empty.")


class TrialSerializer(serializers.Serializer):
    """Hyper-parameters that the search tried, scored on folds inside the training part."""

    fold = count("Fold whose training part it was; 0 for the final model.")
    number = count()
    hyperparameters = serializers.DictField()
    score = figure("Mean log-loss; null where it failed.")
    spread = figure("Its deviation between the inner folds.")
    reason = serializers.CharField(help_text="Why it failed, else empty.")
    chosen = serializers.BooleanField()


class SearchSerializer(serializers.Serializer):
    """The search of hyper-parameters."""

    method = serializers.CharField()
    evaluated = count("Each counts as a trial in the ledger.")
    trials = TrialSerializer(many=True)


class PathSerializer(serializers.Serializer):
    """One whole path through the test blocks of a combinatorial validation."""

    number = count()
    accuracy = figure()
    log_loss = figure()
    auc = figure()
    net_return = figure()
    sharpe = figure()


class ImpuritySerializer(serializers.Serializer):
    """A feature's share in the final model's splits: IN-SAMPLE, it flatters."""

    name = serializers.CharField()
    label = serializers.CharField()
    share = figure()


class StabilitySerializer(serializers.Serializer):
    """How far a feature moved between a test fold and its training part (population stability index)."""

    name = serializers.CharField()
    label = serializers.CharField()
    psi = figure("Mean over the folds.")
    worst_fold = serializers.IntegerField(allow_null=True)
    worst_psi = figure("Of that fold.")
    by_chance = serializers.FloatField(
        required=False,
        allow_null=True,
        help_text="What the mean exceeds about once in twenty although nothing changed, from windows of training.",
    )


class ReferenceSerializer(serializers.Serializer):
    """How a feature was distributed in training."""

    edges = serializers.ListField(child=serializers.FloatField(), help_text="9 deciles.")
    shares = serializers.ListField(child=serializers.FloatField(), help_text="Of the 10 bins.")
    rows = count()


class AuditSerializer(serializers.Serializer):
    """Features recomputed on altered futures."""

    features = count()
    places = count("Bars at which the future was altered.")
    rare_caught = serializers.FloatField(
        required=False,
        allow_null=True,
        help_text="The chance that these places show what leaks at one bar in a hundred and moves a feature by "
        "more than a millionth of its deviation.",
    )
    passed = serializers.BooleanField()


class ReportSerializer(serializers.Serializer):
    """Everything a training found, out of fold unless it says in-sample. Empty before it ends."""

    format = serializers.IntegerField(required=False, help_text="2; missing in reports of format 1.")
    overall = ScoreSerializer(required=False)
    folds = FoldSerializer(many=True, required=False)
    base_rates = BaseRatesSerializer(required=False)
    roc = RocSerializer(required=False)
    precision_recall = PrecisionRecallSerializer(required=False)
    calibration = CalibrationBinSerializer(many=True, required=False)
    thresholds = ThresholdsSerializer(required=False, allow_null=True)
    trading = TradingSerializer(required=False, allow_null=True)
    controls = ControlSerializer(many=True, required=False)
    search = SearchSerializer(required=False, allow_null=True)
    paths = PathSerializer(many=True, required=False, allow_null=True)
    impurity = ImpuritySerializer(many=True, required=False, allow_null=True)
    stability = StabilitySerializer(many=True, required=False)
    reference = serializers.DictField(child=ReferenceSerializer(), required=False)
    audit = AuditSerializer(required=False, allow_null=True)
    retraining = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="When a new fold's model takes over."
    )
    labelled_rows = serializers.IntegerField(required=False)
    first_prediction = serializers.CharField(required=False, allow_null=True)


@extend_schema_field(ReportSerializer)
class ReportField(serializers.JSONField):
    """A stored report, handed out as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"read_only": True, **options})
