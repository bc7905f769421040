from rest_framework.routers import SimpleRouter

from erasure import api
from erasure.requests.letters_api import LetterTextViewSet

router = SimpleRouter()
router.register("requests", api.RequestViewSet, basename="api-request")
router.register("letter-texts", LetterTextViewSet, basename="api-letter-text")
router.register("plans", api.PlanViewSet, basename="api-plan")

urlpatterns = router.urls
