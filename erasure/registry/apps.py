from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "erasure.registry"
    label = "registry"
    verbose_name = "Deletion registry"
