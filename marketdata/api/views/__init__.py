"""The doors of market data for scripts."""
