from django.urls import path

from audit.reports import integrity_pages, key_pages, ledger_pages, tile_pages

app_name = "ledger"
urlpatterns = [
    path("", ledger_pages.entries, name="entries"),
    path("card/", ledger_pages.card, name="card"),
    path("verify/", ledger_pages.verify, name="verify"),
    path("integrity/", integrity_pages.integrity, name="integrity"),
    path("integrity/card/", integrity_pages.card, name="integrity_card"),
    path("integrity/sign/", integrity_pages.sign, name="sign"),
    path("integrity/export/", integrity_pages.export, name="export"),
    path("integrity/alarms/<int:pk>/settle/", integrity_pages.alarm_settle, name="alarm_settle"),
    path("integrity/keys/propose/", key_pages.key_propose, name="key_propose"),
    path("integrity/keys/<int:pk>/", key_pages.key, name="key"),
    path("integrity/keys/<int:pk>/approve/", key_pages.key_approve, name="key_approve"),
    path("integrity/keys/<int:pk>/reject/", key_pages.key_reject, name="key_reject"),
    path("log/checkpoint", tile_pages.checkpoint, name="log_checkpoint"),
    path("log/tile/<str:level>/<path:path>", tile_pages.tile, name="log_tile"),
    path("<int:number>/", ledger_pages.entry, name="entry"),
    path("<int:number>/body/", ledger_pages.entry_body, name="entry_body"),
    path("<int:number>/proof/", integrity_pages.proof, name="entry_proof"),
]
