from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "retention.vault"
    label = "vault"
    verbose_name = "Vault"
