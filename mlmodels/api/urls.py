"""API routes of this app."""

from rest_framework.routers import SimpleRouter

from mlmodels.api.views import AlgorithmViewSet, MLModelViewSet

router = SimpleRouter()
router.register("ml-models", MLModelViewSet, basename="ml-model")
router.register("ml-algorithms", AlgorithmViewSet, basename="ml-algorithm")

urlpatterns = router.urls
