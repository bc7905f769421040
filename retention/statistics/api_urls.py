from rest_framework.routers import SimpleRouter

from retention.statistics import api, budgets_api

router = SimpleRouter()
router.register("statistics", api.ReleaseViewSet, basename="api-statistic")
router.register("budgets", budgets_api.BudgetViewSet, basename="api-budget")
router.register("allotments", budgets_api.AllotmentViewSet, basename="api-allotment")

urlpatterns = router.urls
