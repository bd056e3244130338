"""What is left of a result when its assumptions change: other costs, another future. Pure: no web framework."""
