from django.urls import path
from rest_framework.routers import SimpleRouter

from retention.vault import api

router = SimpleRouter()
router.register("vault/keys", api.KeyViewSet, basename="api-vault-key")
router.register("vault/domains", api.DomainViewSet, basename="api-vault-domain")
router.register("vault/shreds", api.ShredViewSet, basename="api-vault-shred")

urlpatterns = [
    path("vault/rekey/", api.RekeyView.as_view(), name="api-vault-rekey"),
    path("vault/tokens/", api.TokenizeView.as_view(), name="api-vault-tokens"),
    path("vault/detokenize/", api.DetokenizeView.as_view(), name="api-vault-detokenize"),
    *router.urls,
]
