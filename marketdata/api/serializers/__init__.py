"""What the API shows of market data, and what it takes."""
