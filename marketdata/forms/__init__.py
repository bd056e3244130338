"""The forms of the market data pages. The services check the same again for the API."""
