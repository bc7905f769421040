import logging
import sys
from dataclasses import replace

import pytest
from django.conf import settings

from governance.console.clients import client_address, client_network
from governance.console.masking import MaskSecretPaths, WithoutValues


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(rf, settings):
    request = rf.get("/", REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2"})
    assert client_address(request) == "10.0.0.9"
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, trust_proxy=True)
    assert client_address(request) == "2.2.2.2"
    nonsense = rf.get("/", REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": "not an address"})
    assert client_address(nonsense) == "10.0.0.9"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::1", "::"),
        ("", ""),
    ],
)
def test_a_network_is_what_one_subscriber_has(rf, address, network):
    assert client_network(rf.get("/", REMOTE_ADDR=address)) == network


def test_secrets_in_addresses_are_cut_out_of_the_log():
    record = logging.LogRecord("django", 30, "", 0, "Forbidden: %s", ("/privacy/confirm/s3cret-link/",), None)
    MaskSecretPaths().filter(record)
    assert record.getMessage() == "Forbidden: /privacy/confirm/…"
    plain = logging.LogRecord("django", 30, "", 0, "Not Found: %s", ("/columns/7/",), None)
    MaskSecretPaths().filter(plain)
    assert plain.getMessage() == "Not Found: /columns/7/"


def test_an_exception_in_the_log_says_where_and_what_kind_without_the_values_it_quotes():
    try:
        try:
            int("ana@example.org")
        except ValueError as cause:
            raise RuntimeError("about ana@example.org") from cause
    except RuntimeError:
        record = logging.LogRecord("console", 40, "", 0, "Job 7 failed.", (), sys.exc_info())
    text = WithoutValues("%(message)s").format(record)
    assert "ana@example.org" not in text.replace('int("ana@example.org")', "").replace(
        '"about ana@example.org"', ""
    )
    assert text.startswith("Job 7 failed.\nTraceback (most recent call last):")
    assert text.index("builtins.ValueError") < text.index("builtins.RuntimeError")
    assert "test_clients.py" in text


def test_the_console_logs_so():
    line = settings.LOGGING["formatters"]["line"]
    assert line["class"] == f"{WithoutValues.__module__}.{WithoutValues.__qualname__}"
