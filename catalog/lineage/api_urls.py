from django.urls import path
from rest_framework.routers import SimpleRouter

from catalog.lineage import api

router = SimpleRouter()
router.register("lineage/jobs", api.LineageJobViewSet, basename="api-lineage-job")
router.register("lineage/runs", api.LineageRunViewSet, basename="api-lineage-run")
router.register("lineage/events", api.LineageEventViewSet, basename="api-lineage-event")

# Without a slash at the end: these are the paths that OpenLineage's clients post to.
urlpatterns = [
    path("lineage", api.Lineage.as_view(), name="api-lineage"),
    path("lineage/batch", api.LineageBatch.as_view(), name="api-lineage-batch"),
    *router.urls,
]
