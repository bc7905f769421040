"""Whose browser it is and how often it may knock: by the peer, or by what a trusted proxy says of it."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage

HOUSEHOLD = 64  # bits of an IPv6 address that one subscriber shares; the rest they choose themselves


def client_address(request: HttpRequest) -> str:
    """The client's address; a forwarded one counts only where `TRUST_PROXY` says that a proxy sets it."""
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if settings.ENVIRONMENT.trust_proxy and _parsed(forwarded):
        return forwarded
    return request.META.get("REMOTE_ADDR", "")


def client_network(request: HttpRequest) -> str:
    """Who is asking, to count by: their IPv4 address or IPv6 network; empty where nobody knows."""
    address = _parsed(client_address(request))
    if isinstance(address, IPv6Address):
        # A socket for both families shows IPv4 clients so: they are not one network.
        address = address.ipv4_mapped or IPv6Network((int(address), HOUSEHOLD), strict=False).network_address
    return str(address or "")


def seconds_to_wait(request: HttpRequest, value: str, *, rate: str, group: str) -> int:
    """Count one more use of `value`; 0 if `rate` ("10/h") allows it, else the seconds until the next may be."""
    usage = get_usage(request, group=group, key=lambda *_: value, rate=rate, increment=True)
    return max(1, usage["time_left"]) if usage and usage["should_limit"] else 0


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
