from django.apps import AppConfig


class RiskConfig(AppConfig):
    name = "retention.risk"
    label = "risk"
    verbose_name = "Re-identification risk"
