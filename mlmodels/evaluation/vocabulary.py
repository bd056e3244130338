"""The words of a report that others than its makers must know: its format, its verdicts, its controls. No imports."""

from typing import Literal, TypeAlias

REPORT_FORMAT = 2
"""Which keys a report has. 1: overall, folds and calibration only."""

Verdict: TypeAlias = Literal["no_better", "within_noise", "better"]
"""The accuracy beside its base rate."""

CLEAR_ERRORS = 2.0
"""Standard errors beyond which a difference is called more than noise."""

ControlKey: TypeAlias = Literal["majority", "shuffled_labels", "random_walk", "buy_and_hold"]
"""What stands beside a model, in the order of a report."""
