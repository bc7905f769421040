from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "erasure.training"
    label = "training"
    verbose_name = "Training sets"
