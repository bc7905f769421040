"""How a MySQL or MariaDB server is reached: the settings, and what they mean for TLS."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from django import forms

STATEMENT_SECONDS = 60
MODES = ("disabled", "preferred", "required", "verify-ca", "verify-identity")


class MysqlForm(forms.Form):
    host = forms.CharField(initial="localhost", help_text="Name, address, or the path of a Unix socket.")
    port = forms.IntegerField(initial=3306, min_value=1, max_value=65535)
    user = forms.CharField(help_text="A user who may read the tables; for erasure also delete and update.")
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    databases = forms.CharField(
        required=False, help_text="Separated by commas; empty for all but the server's own."
    )
    tls = forms.ChoiceField(
        label="TLS mode",
        initial="preferred",
        required=False,
        choices=[(mode, mode) for mode in MODES],
        help_text="Only the last two make sure that nobody stands between.",
    )
    authority = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The certificate of the server's authority (PEM); empty for those this machine trusts.",
    )
    statement_timeout = forms.IntegerField(
        label="Statement time-out in seconds", initial=STATEMENT_SECONDS, min_value=1, required=False
    )

    def clean_host(self) -> str:
        host = self.cleaned_data["host"]
        if not host.startswith("/"):
            try:
                host.encode("idna")
            except UnicodeError:
                raise forms.ValidationError("This is no name of a host.") from None
        return host

    def clean_authority(self) -> str:
        try:
            tls_arguments({"tls": "verify-ca", "authority": self.cleaned_data["authority"]})
        except ssl.SSLError:
            raise forms.ValidationError("This is no certificate in PEM.") from None
        return self.cleaned_data["authority"]


def tls_arguments(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What pymysql is told about TLS; ssl.SSLError where the authority is no certificate."""
    mode = settings.get("tls") or "preferred"
    if mode == "disabled":
        return {"ssl_disabled": True}
    if mode == "preferred":
        return {}
    context = ssl.create_default_context(cadata=settings.get("authority") or None)
    context.check_hostname = mode == "verify-identity"
    if mode == "required":
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}
