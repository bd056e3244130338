"""What is suspicious in a series of bars: a report, never a correction.

Bars that break the contract never get this far (`Bars` refuses them). What is looked for here is data that is well
formed and still not to be trusted blindly: holes, prices that stand still, jumps, splits that were not adjusted.
"""

from marketdata.quality.aligned import AlignedCloses
from marketdata.quality.examining import examine
from marketdata.quality.factors import FactorReport, compare_closes
from marketdata.quality.problems import problems
from marketdata.quality.report import VERSION, Finding, Findings, QualityReport, Year

__all__ = [
    "VERSION",
    "AlignedCloses",
    "FactorReport",
    "Finding",
    "Findings",
    "QualityReport",
    "Year",
    "compare_closes",
    "examine",
    "problems",
]
