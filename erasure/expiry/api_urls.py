from rest_framework.routers import SimpleRouter

from erasure.expiry import api

router = SimpleRouter()
router.register("expiry-runs", api.RunViewSet, basename="api-expiry-run")

urlpatterns = router.urls
