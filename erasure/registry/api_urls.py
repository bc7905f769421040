from rest_framework.routers import SimpleRouter

from erasure.registry import api
from erasure.registry.replays.api import ReplayViewSet

router = SimpleRouter()
router.register("registry", api.RegistrationViewSet, basename="api-registration")
router.register("backups", api.BackupViewSet, basename="api-backup")
router.register("replays", ReplayViewSet, basename="api-replay")

urlpatterns = router.urls
