"""Bodies that are meant to hurt: the answer is the sender's error, in the form of all errors."""

import pytest
from django.conf import settings

from governance.console.models import ApiToken
from tests.people import api_of, client_of


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (b"[" * 100_000 + b"]" * 100_000, 400, "JSON parse error - nested too deeply"),
        (
            b'{"name":"' + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}',
            413,
            f"The body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.",
        ),
    ],
)
def test_body_too_deep_or_too_large(body, status, detail, vera):
    answer = api_of(vera).generic("POST", "/api/v1/tokens/", body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize(
    ("path", "size", "signed_in", "status"),
    [
        ("/privacy/", 12_000_000, False, 422),
        ("/privacy/", 12_000_001, False, 413),
        ("/privacy/agent/", 10**15, False, 413),
        ("/reports/check/", 12_000_001, False, 413),
        ("/reports/check/", 60_000_000, True, 422),
        ("/reports/check/", 60_000_001, True, 413),
        ("/api/v1/tokens/", 60_000_001, False, 413),
    ],
)
def test_uploads_of_strangers_are_refused_before_they_fill_the_disk(sam, vera, path, size, signed_in, status):
    client = client_of(vera) if signed_in else sam
    kind = "multipart/form-data; boundary=x"
    assert (
        client.generic("POST", path, b"", content_type=kind, CONTENT_LENGTH=str(size)).status_code == status
    )


def test_scopes_named_many_times_are_one(vera):
    given = {"name": "loud", "scopes": ["ledger.view"] * 5_000, "days": 1}
    assert api_of(vera).post("/api/v1/tokens/", given, format="json").status_code == 201
    assert ApiToken.objects.get(name="loud").scopes == ["ledger.view"]


def test_strangers_may_not_keep_the_console_busy_with_its_description(sam, vera):
    assert [sam.get("/api/v1/schema/?format=json").status_code for _ in range(7)] == [200] * 6 + [429]
    assert api_of(vera).get("/api/v1/schema/?format=json").status_code == 200
