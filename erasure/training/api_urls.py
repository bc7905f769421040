from rest_framework.routers import SimpleRouter

from erasure.training import api

router = SimpleRouter()
router.register("training-sets", api.TrainingSetViewSet, basename="api-training-set")
router.register("trained-models", api.TrainedModelViewSet, basename="api-trained-model")

urlpatterns = router.urls
