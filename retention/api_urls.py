from rest_framework.routers import SimpleRouter

from retention import api

router = SimpleRouter()
router.register("holds", api.HoldViewSet, basename="api-hold")

urlpatterns = router.urls
