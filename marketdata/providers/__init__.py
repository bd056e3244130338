"""Sources of market data behind one interface. Importing this package registers the built-in ones."""

from marketdata.providers import registry
from marketdata.providers.base import Capabilities, Provider
from marketdata.providers.csv_files import CsvFilesProvider
from marketdata.providers.registry import get_provider, names, register
from marketdata.providers.synthetic import SyntheticProvider

__all__ = [
    "Capabilities",
    "CsvFilesProvider",
    "Provider",
    "SyntheticProvider",
    "get_provider",
    "names",
    "register",
    "registry",
]
