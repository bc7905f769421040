from django.urls import path
from rest_framework.routers import SimpleRouter

from retention.anonymization import api, recover_api

router = SimpleRouter()
router.register("anonymization/jobs", api.RunViewSet, basename="api-anonymization-job")

urlpatterns = [
    path("anonymization/advice/", api.AdviceView.as_view(), name="api-anonymization-advice"),
    path(
        "anonymization/jobs/<uuid:pk>/recover/",
        recover_api.RecoverView.as_view(),
        name="api-anonymization-recover",
    ),
    *router.urls,
]
