"""How much of a result is luck, what it costs to trade it, and whether it saw the future. Pure: no web framework."""
