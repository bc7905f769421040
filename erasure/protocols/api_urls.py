from django.urls import path
from rest_framework.routers import SimpleRouter

from erasure.protocols import api

router = SimpleRouter()
router.register("protocols/agents", api.AuthorizedAgentViewSet, basename="api-authorized-agent")
router.register("protocols/controllers", api.OpenDsrControllerViewSet, basename="api-opendsr-controller")
router.register("protocols/received", api.ReceivedByProtocolViewSet, basename="api-received-by-protocol")

urlpatterns = [
    path("protocols/business/", api.ProtocolBusinessView.as_view(), name="api-protocol-business"),
    path("protocols/certificate/", api.OpenDsrCertificateView.as_view(), name="api-opendsr-certificate"),
    *router.urls,
]
