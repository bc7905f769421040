from django.urls import path

from retention.vault.views import keys, shreds, tokens

app_name = "vault"
urlpatterns = [
    path("", keys.list_keys, name="keys"),
    path("keys/add/", keys.key_add, name="key_add"),
    path("keys/<int:pk>/", keys.key, name="key"),
    path("keys/<int:pk>/rotate/", keys.key_rotate, name="key_rotate"),
    path("rekey/", keys.rekey, name="rekey"),
    path("tokens/", tokens.list_domains, name="tokens"),
    path("tokens/detokenize/", tokens.detokenize, name="detokenize"),
    path("shreds/", shreds.list_shreds, name="shreds"),
    path("shreds/add/", shreds.shred_add, name="shred_add"),
    path("shreds/<int:pk>/", shreds.shred, name="shred"),
    path("shreds/<int:pk>/approve/", shreds.shred_approve, name="shred_approve"),
    path("shreds/<int:pk>/reject/", shreds.shred_reject, name="shred_reject"),
    path("shreds/<int:pk>/resume/", shreds.shred_resume, name="shred_resume"),
]
