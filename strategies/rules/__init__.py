"""A small language for strategies without code: conditions and sizes over bars, safe by construction.

    crossover(sma(close, fast), sma(close, slow)) and rsi(close, 14) < 70

`parse` reads a rule into a typed tree within fixed limits, `bind` puts in the named values, `Evaluation`
computes it over whole columns. There is no `eval`, no attribute, no loop, and nothing that looks forward.
"""

from strategies.rules.binding import bind, first_row
from strategies.rules.errors import RuleError
from strategies.rules.parser import parse
from strategies.rules.rulebook import ROLES, Report, Rulebook, check

__all__ = ["ROLES", "Report", "RuleError", "Rulebook", "bind", "check", "first_row", "parse"]
