from rest_framework.routers import SimpleRouter

from erasure.registry import api

router = SimpleRouter()
router.register("registry", api.RegistrationViewSet, basename="api-registration")
router.register("backups", api.BackupViewSet, basename="api-backup")

urlpatterns = router.urls
