from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "erasure.registry"
    label = "registry"
    verbose_name = "Deletion registry"

    def ready(self) -> None:
        from erasure.registry.replays import jobs  # noqa: F401, PLC0415  registers the job
