"""What the store tells those who follow it."""

from django.dispatch import Signal

content_changed = Signal()
"""Sent with `series` after a change of its bars is committed. What a receiver raises is logged by the sender."""
