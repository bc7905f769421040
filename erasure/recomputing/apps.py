from django.apps import AppConfig


class RecomputingConfig(AppConfig):
    name = "erasure.recomputing"
    label = "recomputing"
    verbose_name = "Recomputations"

    def ready(self) -> None:
        from erasure.recomputing import jobs  # noqa: F401, PLC0415  registers the job
