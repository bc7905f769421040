from rest_framework.routers import SimpleRouter

from erasure import api

router = SimpleRouter()
router.register("requests", api.RequestViewSet, basename="api-request")
router.register("plans", api.PlanViewSet, basename="api-plan")

urlpatterns = router.urls
