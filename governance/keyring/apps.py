from django.apps import AppConfig


class KeyringConfig(AppConfig):
    name = "governance.keyring"
    label = "keyring"
    verbose_name = "Key ring"
