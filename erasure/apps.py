from django.apps import AppConfig


class ErasureConfig(AppConfig):
    name = "erasure"
    verbose_name = "Requests"

    def ready(self) -> None:
        from erasure import jobs  # noqa: F401, PLC0415  registers the jobs
