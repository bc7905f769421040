from django.urls import path
from rest_framework.routers import SimpleRouter

from governance.activities import api

router = SimpleRouter()
router.register("activities/on-behalf", api.ProcessorViewSet, basename="api-on-behalf")
router.register("activities", api.ActivityViewSet, basename="api-activity")

urlpatterns = [path("organisation/", api.OrganisationView.as_view(), name="api-organisation"), *router.urls]
