from rest_framework.routers import SimpleRouter

from catalog import api

router = SimpleRouter()
router.register("connectors", api.ConnectorViewSet, basename="api-connector")
router.register("systems", api.SystemViewSet, basename="api-system")
router.register("data-sets", api.DataSetViewSet, basename="api-data-set")
router.register("columns", api.ColumnViewSet, basename="api-column")
router.register("links", api.LinkViewSet, basename="api-link")
router.register("changes", api.ChangeViewSet, basename="api-change")

urlpatterns = router.urls
