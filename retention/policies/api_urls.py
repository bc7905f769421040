from rest_framework.routers import SimpleRouter

from retention.policies import api

router = SimpleRouter()
router.register("policies", api.PolicyViewSet, basename="api-policy")
router.register("due", api.DueViewSet, basename="api-due")

urlpatterns = router.urls
