from django.apps import AppConfig


class CustodiansConfig(AppConfig):
    name = "erasure.custodians"
    label = "custodians"
    verbose_name = "Steps of custodians and recipients"
