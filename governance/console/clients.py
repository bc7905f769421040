"""Whose browser it is: the peer's address or, behind a trusted proxy, the last one the proxy added."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's address; a forwarded one counts only where `TRUST_PROXY` says that a proxy sets it."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if settings.ENVIRONMENT.trust_proxy and _is_address(forwarded):
        return forwarded
    return request.META.get("REMOTE_ADDR", "")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
