from django.apps import AppConfig


class AnonymizationConfig(AppConfig):
    name = "retention.anonymization"
    label = "anonymization"
    verbose_name = "Anonymization"
