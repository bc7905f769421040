from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "governance.activities"
    label = "activities"
    verbose_name = "Processing activities"
