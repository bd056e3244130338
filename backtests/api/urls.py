"""API routes about backtests."""

from rest_framework.routers import SimpleRouter

from backtests.api.views import BacktestViewSet

router = SimpleRouter()
router.register("backtests", BacktestViewSet, basename="backtest")

urlpatterns = router.urls
