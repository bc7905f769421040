from django.apps import AppConfig


class StatisticsConfig(AppConfig):
    name = "retention.statistics"
    label = "statistics"
    verbose_name = "Private statistics"
