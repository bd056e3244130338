"""API routes about market data."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from marketdata.api.views import bars, files, imports, providers, series

router = SimpleRouter()
router.register("market-data/series", series.SeriesViewSet, basename="series")
router.register("market-data/bars", bars.MarketDataViewSet, basename="marketdata")
router.register("market-data/uploads", files.UploadViewSet, basename="upload")
router.register("market-data/imports", imports.ImportViewSet, basename="import")
router.register("market-data/feeds", providers.FeedViewSet, basename="feed")

urlpatterns = [
    path("market-data/", bars.BarRangeView.as_view(), name="marketdata-range"),
    path("market-data/fetches/", providers.FetchView.as_view(), name="marketdata-fetches"),
    path("market-data/synthetic/", imports.SyntheticView.as_view(), name="marketdata-synthetic"),
    path("market-data/providers/", providers.ProviderView.as_view(), name="marketdata-providers"),
    *router.urls,
]
