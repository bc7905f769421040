from rest_framework.routers import SimpleRouter

from audit.reports import key_api, ledger_api

router = SimpleRouter()
router.register("ledger/keys", key_api.KeyProposalViewSet, basename="api-ledger-key")
router.register("ledger", ledger_api.EntryViewSet, basename="api-ledger")

urlpatterns = router.urls
