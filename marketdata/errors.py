"""The errors of market data. Each message names the place, the value and the remedy."""

from algotrade.errors import InvalidInput


class MarketDataError(InvalidInput):
    """Market data that cannot be used as it was given."""

    code = "market_data_invalid"


class BarsError(MarketDataError):
    """Price bars that break the contract of `marketdata.bars.Bars`."""

    code = "bars_invalid"
