"""`{% icon "trash" %}`: a picture from the sprite, hidden from screen readers (the text beside it speaks)."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SPRITE = "vendor/bootstrap-icons-1.13.1/sprite.svg"


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """Return the svg element; size may be "lg"."""
    css = f"icon icon-{size}" if size else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static(SPRITE),
        name,
    )
