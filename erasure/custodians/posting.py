"""Posting to an address that staff entered: encrypted, without redirects, and nowhere inside unless allowed.

Whoever may enter an address could otherwise make the console speak to its own network (server-side request forgery,
CWE-918). The host is resolved once, each of its addresses is checked, and the connection goes to that very address.
"""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import httpx
from django.conf import settings

from catalog.connectors.http_bodies import PLAIN, Unbounded, read_body

CONNECT_SECONDS = 5
ANSWER_SECONDS = 15
LARGEST_ANSWER = 64 * 1024
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # IPv4 behind NAT64
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):
    """The receiver did not take it. The message names what is wrong and nothing of the content."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send `body`; the status of the receiver that took it (2xx). Raises NotSent."""
    parts = require_safe_url(url)
    address = resolve(parts)
    host = parts.hostname or ""
    pinned = httpx.URL(url).copy_with(host=str(address))
    try:
        with (
            httpx.Client(
                timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
                follow_redirects=False,
                trust_env=False,
            ) as client,
            client.stream(
                "POST",
                pinned,
                content=body,
                headers={
                    **PLAIN,
                    **headers,
                    "Host": parts.netloc,
                    "Content-Type": "application/json",
                },
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            read_body(answer, most=LARGEST_ANSWER, seconds=ANSWER_SECONDS)
            status = answer.status_code
    except Unbounded:
        raise NotSent("The receiver’s answer is too long, too slow or packed.") from None
    except httpx.HTTPError as problem:
        raise NotSent(f"No answer: {type(problem).__name__}.") from None
    if 300 <= status < 400:
        raise NotSent(f"The receiver sends us elsewhere ({status}): enter the address itself.", status)
    if not 200 <= status < 300:
        raise NotSent(f"The receiver answered {status}.", status)
    return status


def require_safe_url(url: str) -> SplitResult:
    """NotSent unless it is https with a host and without a password, or http to this very machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotSent("This is no address.") from None
    if not parts.hostname or port == 0 or any(c.isspace() or not c.isprintable() for c in url):
        raise NotSent("This is no address.")
    if "@" in parts.netloc:
        raise NotSent("Leave out user name and password: messages are signed.")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise NotSent("Use https: the message says whom it is about.")
    return parts


def resolve(parts: SplitResult) -> Address:
    """The address to connect to. Raises NotSent if any of the host's addresses is inside and not allowed."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent(f"The name {parts.hostname} cannot be resolved.") from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    if not addresses or not all(_may_be_reached(address) for address in addresses):
        raise NotSent(
            f"{parts.hostname} is inside a private network. Whoever runs the console can allow it "
            "with WEBHOOK_NETWORKS."
        )
    return addresses[0]


def _may_be_reached(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if any(address in network for network in settings.WEBHOOK_NETWORKS if network.version == address.version):
        return True
    if isinstance(address, ipaddress.IPv6Address) and (
        address.sixtofour or address.teredo or address in TRANSLATED
    ):
        return False
    return address.is_global and not address.is_multicast


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
