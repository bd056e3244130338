"""API routes of this app."""

from rest_framework.routers import SimpleRouter

from mlmodels.api.catalogue import AlgorithmViewSet
from mlmodels.api.views import MLModelViewSet

router = SimpleRouter()
router.register("ml-models", MLModelViewSet, basename="ml-model")
router.register("ml-algorithms", AlgorithmViewSet, basename="ml-algorithm")

urlpatterns = router.urls
