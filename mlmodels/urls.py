"""Pages of this app."""

from django.urls import URLPattern

app_name = "mlmodels"

urlpatterns: list[URLPattern] = []
