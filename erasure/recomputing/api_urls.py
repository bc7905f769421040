from rest_framework.routers import SimpleRouter

from erasure.recomputing import api

router = SimpleRouter()
router.register("recomputations", api.RecomputationViewSet, basename="api-recomputation")

urlpatterns = router.urls
