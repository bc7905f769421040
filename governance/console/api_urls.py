from django.urls import path
from rest_framework.routers import SimpleRouter

from governance.console import api

router = SimpleRouter()
router.register("tokens", api.TokenViewSet, basename="api-token")
router.register("jobs", api.JobViewSet, basename="api-job")
router.register("people", api.PersonViewSet, basename="api-person")

urlpatterns = [
    path("me/", api.Me.as_view(), name="api-me"),
    path("schema/", api.Schema.as_view(), name="api-schema"),
    *router.urls,
]
