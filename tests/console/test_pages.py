"""Pages and their parts, the sidebar, and how values look."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import get_template, render_to_string
from django.test import Client, RequestFactory
from django_htmx.middleware import HtmxDetails

from catalog.models import Column
from erasure.models import Plan, Step, SubjectRequest
from governance.console.models import Job, User
from governance.console.navigation import NOUNS, Noun, entries
from governance.console.pages import TypedWordForm, page
from governance.console.permissions import PERMISSIONS, Role
from governance.console.templatetags.ui import TONE_OF, control, display, masked, relative_time, state_badge
from tests.people import client_of

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
FOLDER = Path(settings.BASE_DIR) / "templates"
# Documents people download and open without us: no policy of ours applies to them.
DOCUMENTS = {"erasure/package.html"}
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.html"))


def get(path: str = "/", *, user: User, **headers: str) -> HttpRequest:
    request = RequestFactory().get(path, **headers)
    request.user = user
    request.htmx = HtmxDetails(request)
    return request


LIST = {"listing": {"title": "People", "path": "/people/"}}


def test_a_page_is_whole_for_a_browser(dana: User) -> None:
    response = page(get(user=dana), "ui/list_page.html", {"title": "People", **LIST}, partial="list")
    assert "<title>People · Privacy governance console</title>" in response.content.decode()
    assert response["Vary"] == "HX-Request"


def test_a_page_is_its_part_for_htmx_and_keeps_its_status(dana: User) -> None:
    request = get(user=dana, HTTP_HX_REQUEST="true")
    response = page(request, "ui/list_page.html", LIST, partial="list", status=422)
    assert response.status_code == 422
    assert response.content.decode().strip().startswith('<div id="list">')


def test_a_boosted_link_gets_the_whole_page(dana: User) -> None:
    request = get(user=dana, HTTP_HX_REQUEST="true", HTTP_HX_BOOSTED="true")
    assert "<html" in page(request, "ui/list_page.html", LIST, partial="list").content.decode()


@pytest.mark.parametrize(
    ("typed", "valid"), [("ERASE", True), (" ERASE ", True), ("erase", False), ("", False)]
)
def test_only_the_exact_word_confirms(typed: str, valid: bool) -> None:
    form = TypedWordForm({"typed": typed}, word="ERASE")
    assert form.is_valid() is valid
    expected = {} if valid else {"typed": ["Type exactly ERASE to go on. Nothing has been changed."]}
    assert form.errors == expected


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in DOCUMENTS])
def test_no_template_needs_what_the_content_security_policy_forbids(name: str) -> None:
    get_template(name)
    text = (FOLDER / name).read_text()
    assert re.findall(r'\sstyle="|\son\w+="|<style|<script(?! src=)|hx-on|hx-ext|hx-vals=.js', text) == []


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name.startswith("ui/")])
def test_each_partial_says_what_it_takes(name: str) -> None:
    assert re.search(r"\{# .+Takes: .+ #\}", (FOLDER / name).read_text())


@pytest.mark.parametrize("code", [400, 403, 404, 429, 500])
def test_error_pages_need_no_context(code: int) -> None:
    text = render_to_string(f"{code}.html")
    assert f"Error {code}" in text
    assert "Privacy governance console" in text


def test_no_role_has_more_than_nine_nouns_of_the_permission_table_in_the_sidebar() -> None:
    assert {noun.permission for noun in NOUNS} <= set(PERMISSIONS)
    assert len({noun.key for noun in NOUNS}) == len(NOUNS) == 11
    shown = {role: sum(role in PERMISSIONS[noun.permission] for noun in NOUNS) for role in Role}
    assert max(shown.values()) == 9


def test_a_signed_in_page_has_its_frame(dana: User) -> None:
    text = client_of(dana).get("/").content.decode()
    assert '<a class="skip-link" href="#main">' in text
    assert re.findall(r'<a href="/" data-go="o" aria-current="page">', text) != []
    assert '<form method="post" action="/sign-out/">' in text
    assert 'data-go="e"' not in text  # people are the administrator's


def test_the_way_in_names_its_fields_and_the_error(db: None) -> None:
    response = Client().post("/sign-in/", {"username": "dana", "password": "wrong"})
    text = response.content.decode()
    assert response.status_code == 422
    assert '<label class="form-label" for="id_username">' in text
    assert '<div class="alert alert-danger" role="alert">' in text
    assert 'class="sidebar"' not in text


@pytest.fixture
def three_nouns(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {
        "console:overview": "/",
        "systems": "/systems/",
        "scans": "/systems/scans/",
        "people": "/people/",
    }
    nouns = (
        Noun("Overview", "console:overview", "overview.view", "x", "o"),
        Noun("Systems", "systems", "systems.view", "x", "s"),
        Noun("Scans", "scans", "systems.view", "x", "c"),
        Noun("People", "people", "people.manage", "x", "e"),
        Noun("Missing", "missing", "overview.view", "x", "m"),
    )
    monkeypatch.setattr("governance.console.navigation.NOUNS", nouns)
    monkeypatch.setattr("governance.console.navigation._url", lambda name: served.get(name, ""))


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (Role.ADMINISTRATOR, ["Overview", "Systems", "Scans", "People"]),
        (Role.STEWARD, ["Overview", "Systems", "Scans"]),
    ],
)
def test_the_sidebar_shows_what_the_role_may_open_and_the_installation_serves(
    three_nouns: None, role: Role, labels: list[str]
) -> None:
    user = User(username="x", role=role)
    assert [entry.noun.label for entry in entries(get("/", user=user))] == labels


@pytest.mark.parametrize(
    ("path", "current"),
    [("/", ["Overview"]), ("/systems/7/", ["Systems"]), ("/systems/scans/", ["Scans"]), ("/elsewhere/", [])],
)
def test_the_current_noun_is_the_deepest_above_the_path(
    three_nouns: None, path: str, current: list[str]
) -> None:
    user = User(username="x", role=Role.STEWARD)
    assert [entry.noun.label for entry in entries(get(path, user=user)) if entry.current] == current


@pytest.mark.parametrize(
    "state",
    [s for states in (Job.State, SubjectRequest.State, Plan.State, Step.State, Column.State) for s in states],
    ids=str,
)
def test_every_state_has_a_tone(state: str) -> None:
    assert str(state.value).replace("_", " ") in TONE_OF


def test_a_badge_has_a_word_beside_its_colour() -> None:
    assert state_badge("residual_found") == {"label": "Residual found", "tone": "bad", "count": None}
    assert state_badge(SubjectRequest.State.PLANNED)["label"] == "Awaiting approval"
    assert state_badge(SubjectRequest.State.PLANNED, count=3)["count"] == 3
    assert state_badge("never heard of")["tone"] == "neutral"


@pytest.mark.parametrize(
    ("distance", "text"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-5), "5\xa0minutes ago"),
        (timedelta(days=-2), "2\xa0days ago"),
        (timedelta(hours=3), "in 3\xa0hours"),
    ],
)
def test_moments_are_told_relative_with_the_exact_one_beside(distance: timedelta, text: str) -> None:
    told = relative_time(NOW + distance, now=NOW)
    assert (told["text"], told["machine"]) == (text, (NOW + distance).isoformat())
    assert told["exact"].endswith(" UTC")


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "today"), (1, "tomorrow"), (-1, "yesterday"), (27, "in 27 days"), (2000, "31 Aug 2031")],
)
def test_days_are_told_in_days(days: int, text: str) -> None:
    assert relative_time(date(2026, 3, 10) + timedelta(days=days), now=NOW)["text"] == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234567, "1,234,567"), (True, "Yes"), (False, "No"), (["a", "b"], "a, b"), ("x", "x")],
)
def test_values_are_shown_for_people(value: object, shown: str) -> None:
    assert display(value) == shown


def test_nothing_is_shown_as_a_dash() -> None:
    assert display(None) == display("") == '<span class="text-secondary" aria-label="none">–</span>'


@pytest.mark.parametrize(
    ("value", "shown"), [("astrid@example.com", "a•••@e•••"), ("+4712345", "+•••"), ("", "")]
)
def test_masked_values_cannot_be_read(value: str, shown: str) -> None:
    assert masked(value) == shown


class SettingsForm(forms.Form):
    host = forms.CharField(help_text="Its name in the network.")
    password = forms.CharField(widget=forms.PasswordInput, required=False)


def test_a_control_is_tied_to_its_help_and_its_error() -> None:
    field = SettingsForm({})["host"]
    html = render_to_string("ui/field.html", {"field": field})
    assert 'aria-describedby="id_host_help id_host_error"' in control(field)
    assert 'aria-invalid="true"' in control(field)
    assert 'id="id_host_help"' in html
    assert 'id="id_host_error"' in html


def test_a_stored_secret_is_offered_for_replacement_and_never_shown() -> None:
    form = SettingsForm({"host": "db", "password": "hunter2"})
    html = render_to_string("ui/form.html", {"form": form, "secrets_set": ["password"]})
    assert 'placeholder="set – replace?"' in html
    assert "hunter2" not in html
