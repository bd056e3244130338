"""How large a rule may be. All of it is checked before anything is computed."""

MOST_CHARACTERS = 2_000
MOST_TOKENS = 500
MOST_NODES = 200
"""Of one rule, counting what a default fills in."""
DEEPEST = 40
"""Levels of brackets and of operations inside operations; below what Python's stack takes anywhere."""
LONGEST_LOOKBACK = 20_000
"""Bars that one rule may reach back, all its lags and periods together."""
MOST_VALUES = 12
"""Named values of one strategy."""
MOST_HOLDS = 4
"""Different `hold for n bars` in one exit rule."""
MOST_ARGUMENTS = 8
"""Of min and max."""
