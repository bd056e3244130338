"""Sources of market data behind one interface. Importing this package registers the built-in ones."""

from marketdata.providers import registry
from marketdata.providers.alphavantage import AlphaVantageProvider
from marketdata.providers.base import Capabilities, Provider, RateLimit
from marketdata.providers.ccxt_exchanges import CcxtProvider
from marketdata.providers.csv_files import CsvFilesProvider
from marketdata.providers.registry import get_provider, names, register
from marketdata.providers.synthetic import SyntheticProvider
from marketdata.providers.yahoo import YFinanceProvider

__all__ = [
    "AlphaVantageProvider",
    "Capabilities",
    "CcxtProvider",
    "CsvFilesProvider",
    "Provider",
    "RateLimit",
    "SyntheticProvider",
    "YFinanceProvider",
    "get_provider",
    "names",
    "register",
    "registry",
]
