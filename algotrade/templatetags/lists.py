"""What tables and their pages need: links that keep the other query parameters, and the page numbers to offer."""

from typing import Any

from django import template
from django.core.paginator import Page

register = template.Library()

EDGE = 1
AROUND = 1


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, name: str, value: Any) -> str:
    """Return this page's query string with one parameter set, or left out when the value is None."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None
    if query is None:
        return "" if value is None else f"?{name}={value}"
    if value is None:
        query.pop(name, None)
    else:
        query[name] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_query(context: template.Context, column: str, name: str = "sort") -> str:
    """Return the query string that sorts by a column: downwards first, upwards on the second press."""
    request = context.get("request")
    current = request.GET.get(name, "") if request is not None else ""
    descending = f"-{column}"
    result: str = query_with(context, name, column if current == descending else descending)
    return result


@register.filter
def page_numbers(page: Page) -> list[int | None]:
    """Return the numbers around the current page and at both ends; None stands for a gap."""
    last = page.paginator.num_pages
    wanted = {1, last, *range(page.number - AROUND, page.number + AROUND + 1)}
    wanted |= set(range(1, 1 + EDGE)) | set(range(last - EDGE + 1, last + 1))
    shown: list[int | None] = []
    for number in sorted(n for n in wanted if 1 <= n <= last):
        previous = shown[-1] if shown else None
        if previous is not None and number - previous > 1:
            shown.append(None)
        shown.append(number)
    return shown
