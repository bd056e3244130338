"""Market data for staff. Importing this package registers its pages."""

from marketdata.admin import incoming, series

__all__ = ["incoming", "series"]
