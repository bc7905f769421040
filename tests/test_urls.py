"""The map of the house: every door of it, tried by a stranger and by every role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.urls.converters import (
    IntConverter,
    PathConverter,
    SlugConverter,
    StringConverter,
    UUIDConverter,
)
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from governance.console.api_permissions import HasPermission
from governance.console.permissions import PERMISSIONS, PUBLIC, Role
from tests.people import api_of, client_of, person

# Identifiers of things that do not exist; the routes of the API have no converters.
NOWHERE = {
    IntConverter: 999_999_999,
    UUIDConverter: UUID(int=0),
    StringConverter: "nothing",
    SlugConverter: "nothing",
    PathConverter: "nothing/at/all",
}
UNTYPED = "999999999"
METHODS = ("get", "post", "put", "patch", "delete")
# Opened to the world on purpose; everything else is closed.
PUBLIC_PAGES = {
    "console:sign_in",
    "console:choose_password",
    "console:health",
    "custodians:callback",
    "custodians:notice",
    "protocols:drp_agent",
    "protocols:drp_business",
    "protocols:drp_exercise",
    "protocols:drp_exercise_slash",
    "protocols:drp_status",
    "protocols:opendsr_certificate",
    "protocols:opendsr_discovery",
    "protocols:opendsr_request",
    "protocols:opendsr_requests",
    "protocols:opendsr_results",
    "protocols:opendsr_status",
    "protocols:opengdpr_request",
    "protocols:opengdpr_requests",
    "public:agent",
    "public:agent_received",
    "public:appeal",
    "public:code",
    "public:confirm",
    "public:message",
    "public:opt_out",
    "public:opted_out",
    "public:package",
    "public:package_again",
    "public:package_file",
    "public:received",
    "public:request",
    "public:signal",
    "public:status",
    "public:withdraw",
}
PUBLIC_API = {"api-schema"}


@dataclass(frozen=True)
class Door:
    name: str
    view: Callable[..., Any]
    url: str

    def __str__(self) -> str:
        return self.name

    @property
    def api(self) -> Any:
        """The class of an API view; None for a page."""
        return getattr(self.view, "cls", None)

    def permissions(self) -> dict[str, str | None]:
        """What each method needs; None where nobody said so."""
        if not self.api:
            by_method = getattr(self.view, "permission_by_method", {})
            default = getattr(self.view, "permission", None)
            return {method: by_method.get(method.upper()) or default for method in ("get", "post")}
        actions = getattr(self.view, "actions", None) or {
            method: method.upper() for method in METHODS if hasattr(self.api, method)
        }
        table = getattr(self.api, "permissions", {})
        return {
            method: table.get(action) or table.get(method.upper())
            for method, action in actions.items()
            if method in METHODS
        }


def doors(patterns: list[Any], *, namespace: str = "", above: dict[str, Any] | None = None) -> Iterator[Door]:
    for pattern in patterns:
        route = pattern.pattern
        given = dict(above or {}) | dict.fromkeys(route.regex.groupindex, UNTYPED)
        given |= {name: NOWHERE[type(converter)] for name, converter in route.converters.items()}
        if isinstance(pattern, URLResolver):
            below = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from doors(pattern.url_patterns, namespace=below, above=given)
        else:
            name = f"{namespace}{pattern.name}"
            yield Door(name, pattern.callback, reverse(name, kwargs=given))


ALL = list(doors(get_resolver().url_patterns))
PAGES = [door for door in ALL if not door.api]
API = [door for door in ALL if door.api]
CLOSED_PAGES = [door for door in PAGES if door.name not in PUBLIC_PAGES]
CLOSED_API = [door for door in API if door.name not in PUBLIC_API]


@pytest.fixture
def staff(db: None) -> dict[str, Any]:
    return {role.value: person(f"{role.value}s", role) for role in Role}


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """More requests a minute than anybody makes."""
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": None, "user": None})


def may(role: str, permission: str | None) -> bool:
    return permission is not None and role in PERMISSIONS[permission]


def test_map_is_complete():
    names = [door.name for door in ALL]
    assert sorted(names) == sorted(set(names))
    assert len(PAGES) > 40
    assert len(API) > 30
    assert {name.partition(":")[0] for name in names if ":" in name} == {
        "activities",
        "anonymization",
        "answers",
        "catalog",
        "console",
        "custodians",
        "erasure",
        "expiry",
        "ledger",
        "policies",
        "protocols",
        "public",
        "recomputing",
        "registry",
        "reports",
        "retention",
        "risk",
        "statistics",
        "training",
        "vault",
    }


@pytest.mark.parametrize("door", ALL, ids=str)
def test_every_door_says_who_may_open_it(door):
    permissions = door.permissions()
    assert permissions
    unmarked = [method for method, permission in permissions.items() if permission is None]
    assert unmarked == []
    assert {permission for permission in permissions.values() if permission not in PERMISSIONS} <= {PUBLIC}


def test_open_doors_are_those_opened_on_purpose():
    opened = {door.name for door in ALL if PUBLIC in door.permissions().values()}
    assert opened == PUBLIC_PAGES | PUBLIC_API


@pytest.mark.parametrize("door", API, ids=str)
def test_api_asks_the_one_permission_class(door):
    assert door.api.permission_classes == [HasPermission]


@pytest.mark.parametrize("door", CLOSED_PAGES, ids=str)
def test_stranger_is_sent_to_the_sign_in(door, sam):
    for method in ("get", "post"):
        answer = getattr(sam, method)(door.url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/?next=")
    part = sam.get(door.url, headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"], part.content) == (401, "/sign-in/", b"")


@pytest.mark.parametrize("door", CLOSED_PAGES, ids=str)
def test_page_opens_to_the_right_roles_alone(door, staff):
    for method, permission in door.permissions().items():
        for role, user in staff.items():
            status = getattr(client_of(user), method)(door.url).status_code
            assert (status == 403) is not may(role, permission), (method, role, status)
            assert status < 500, (method, role, status)


@pytest.mark.parametrize("door", PAGES, ids=str)
def test_form_without_its_token_is_refused(door, ada, sam):
    for browser in (client_of(ada, csrf=True), Client(enforce_csrf_checks=True)):
        assert browser.post(door.url).status_code == 403


@pytest.mark.parametrize("door", CLOSED_API, ids=str)
def test_api_is_closed_to_strangers(door, db):
    for method in door.permissions():
        answer = getattr(APIClient(), method)(door.url)
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("header", ["Bearer", "Bearer pgc_nobody", "Bearer a b", "Bearer \xff"])
def test_api_is_closed_to_unknown_tokens(header, db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    assert client.get("/api/v1/me/").status_code == 401


@pytest.mark.parametrize("door", CLOSED_API, ids=str)
def test_api_opens_to_the_right_roles_and_scopes_alone(door, staff):
    for method, permission in door.permissions().items():
        for role, user in staff.items():
            status = getattr(api_of(user), method)(door.url, format="json").status_code
            assert (status == 403) is not may(role, permission), (method, role, status)
            assert status != 401
            assert status < 500, (method, role, status)
        others = [name for name in PERMISSIONS if name != permission]
        allowed = next(user for role, user in staff.items() if may(role, permission))
        assert getattr(api_of(allowed, *others), method)(door.url, format="json").status_code == 403, method


@pytest.mark.parametrize("door", CLOSED_API, ids=str)
def test_session_changes_nothing_over_the_api_without_its_token(door, ada):
    for method in set(door.permissions()) - {"get"}:
        assert getattr(client_of(ada, csrf=True), method)(door.url).status_code == 403


def test_view_without_a_mark_is_closed(ada, settings):
    settings.ROOT_URLCONF = "tests.unmarked_urls"
    assert client_of(ada).get("/unmarked/").status_code == 403
    assert api_of(ada).get("/unmarked-api/").status_code == 403
