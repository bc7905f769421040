from django.apps import AppConfig


class AnonymizationConfig(AppConfig):
    name = "retention.anonymization"
    label = "anonymization"
    verbose_name = "Anonymization"

    def ready(self) -> None:
        from retention.anonymization import pipeline  # noqa: F401, PLC0415  registers the job
        from retention.anonymization.streams import jobs  # noqa: F401, PLC0415  registers the job
