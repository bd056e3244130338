"""API routes of this app."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from strategies.api.rules import RuleCheckView, RuleLanguageView
from strategies.api.views import StrategyTypeViewSet, StrategyViewSet

router = SimpleRouter()
router.register("strategies", StrategyViewSet, basename="strategy")
router.register("strategy-types", StrategyTypeViewSet, basename="strategy-type")

urlpatterns = [
    path("strategies/rules/", RuleLanguageView.as_view(), name="rule-language"),
    path("strategies/rules/check/", RuleCheckView.as_view(), name="rule-check"),
    *router.urls,
]
