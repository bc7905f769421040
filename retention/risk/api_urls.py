from rest_framework.routers import SimpleRouter

from retention.risk import api

router = SimpleRouter()
router.register("risk/assessments", api.AssessmentViewSet, basename="api-risk-assessment")
router.register("risk/hierarchies", api.HierarchyViewSet, basename="api-risk-hierarchy")

urlpatterns = router.urls
