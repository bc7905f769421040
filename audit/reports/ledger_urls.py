from django.urls import path

from audit.reports import ledger_pages

app_name = "ledger"
urlpatterns = [
    path("", ledger_pages.entries, name="entries"),
    path("card/", ledger_pages.card, name="card"),
    path("verify/", ledger_pages.verify, name="verify"),
    path("<int:number>/", ledger_pages.entry, name="entry"),
    path("<int:number>/body/", ledger_pages.entry_body, name="entry_body"),
]
