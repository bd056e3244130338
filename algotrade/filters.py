"""What filters of the API share."""

from typing import Any

import django_filters

LONGEST_TEXT = 120


class TextFilter(django_filters.CharFilter):
    """Text that is looked for; longer one is refused, as no name is as long and SQLite fails on patterns of 50,000."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, max_length=LONGEST_TEXT, **kwargs)
