"""The types of strategies that decide by models: one that was trained before the run, one that trains during it."""
