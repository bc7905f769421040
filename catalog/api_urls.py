from django.urls import include, path
from rest_framework.routers import SimpleRouter

from catalog import api, contracts_api
from catalog.lineage import graph_api
from catalog.localization import api as localization_api

router = SimpleRouter()
router.register("connectors", api.ConnectorViewSet, basename="api-connector")
router.register("systems", api.SystemViewSet, basename="api-system")
router.register("data-sets", api.DataSetViewSet, basename="api-data-set")
router.register("columns", api.ColumnViewSet, basename="api-column")
router.register("links", api.LinkViewSet, basename="api-link")
router.register("transfers", localization_api.TransferViewSet, basename="api-transfer")
router.register("localization-rules", localization_api.RuleViewSet, basename="api-localization-rule")
router.register("safeguards", localization_api.SafeguardViewSet, basename="api-safeguard")
router.register("changes", api.ChangeViewSet, basename="api-change")
router.register("contracts", contracts_api.ContractViewSet, basename="api-contract")
router.register("edges", graph_api.EdgeViewSet, basename="api-edge")

urlpatterns = [
    *router.urls,
    path("data-sets/<int:pk>/lineage/", graph_api.GraphView.as_view(), name="api-lineage-graph"),
    path("where/", graph_api.WhereView.as_view(), name="api-where"),
    path("", include("catalog.lineage.api_urls")),
]
