from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "retention.policies"
    label = "policies"
    verbose_name = "Retention policies"
