from django.urls import path
from rest_framework.routers import SimpleRouter

from erasure.custodians import api

router = SimpleRouter()
router.register("tasks", api.TaskViewSet, basename="api-task")
router.register("recipients", api.RecipientViewSet, basename="api-recipient")
router.register("exemptions", api.RowExemptionViewSet, basename="api-exemption")

urlpatterns = [
    path("systems/<int:pk>/webhook/", api.SystemWebhookView.as_view(), name="api-system-webhook"),
    path("recipients/<int:pk>/webhook/", api.RecipientWebhookView.as_view(), name="api-recipient-webhook"),
    *router.urls,
]
