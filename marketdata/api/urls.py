"""API routes about market data."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from marketdata.api import incoming_views, views

router = SimpleRouter()
router.register("market-data/series", views.SeriesViewSet, basename="series")
router.register("market-data/bars", views.MarketDataViewSet, basename="marketdata")
router.register("market-data/uploads", incoming_views.UploadViewSet, basename="upload")
router.register("market-data/imports", incoming_views.ImportViewSet, basename="import")
router.register("market-data/feeds", views.FeedViewSet, basename="feed")

urlpatterns = [
    path("market-data/", views.BarRangeView.as_view(), name="marketdata-range"),
    path("market-data/fetches/", incoming_views.FetchView.as_view(), name="marketdata-fetches"),
    path("market-data/synthetic/", incoming_views.SyntheticView.as_view(), name="marketdata-synthetic"),
    path("market-data/providers/", views.ProviderView.as_view(), name="marketdata-providers"),
    *router.urls,
]
