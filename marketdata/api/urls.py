"""API routes about market data."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from marketdata.api import views

router = SimpleRouter()
router.register("market-data/series", views.SeriesViewSet, basename="series")
router.register("market-data/bars", views.MarketDataViewSet, basename="marketdata")

urlpatterns = [
    path("market-data/", views.BarRangeView.as_view(), name="marketdata-range"),
    path("market-data/imports/", views.ImportView.as_view(), name="marketdata-imports"),
    path("market-data/synthetic/", views.SyntheticView.as_view(), name="marketdata-synthetic"),
    path("market-data/providers/", views.ProviderView.as_view(), name="marketdata-providers"),
    *router.urls,
]
