"""A backtest while a slider moves: computed in a warm process beside the web process, shown, and forgotten."""
