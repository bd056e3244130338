"""API routes about backtests."""

from rest_framework.routers import SimpleRouter

from backtests.api.sweep_views import SweepViewSet
from backtests.api.views import BacktestViewSet

router = SimpleRouter()
router.register("backtests", BacktestViewSet, basename="backtest")
router.register("sweeps", SweepViewSet, basename="sweep")

urlpatterns = router.urls
