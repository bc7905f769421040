from rest_framework.routers import SimpleRouter

from audit.reports import ledger_api

router = SimpleRouter()
router.register("ledger", ledger_api.EntryViewSet, basename="api-ledger")

urlpatterns = router.urls
