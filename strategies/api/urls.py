"""API routes of this app."""

from rest_framework.routers import SimpleRouter

from strategies.api.views import StrategyTypeViewSet, StrategyViewSet

router = SimpleRouter()
router.register("strategies", StrategyViewSet, basename="strategy")
router.register("strategy-types", StrategyTypeViewSet, basename="strategy-type")

urlpatterns = router.urls
