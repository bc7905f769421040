"""The cast, and how they act: staff of every role, their browsers, the jobs they start and the ledger they leave."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client
from rest_framework.test import APIClient

from audit.ledger.context import Actor, acting
from audit.ledger.models import Entry
from audit.ledger.sequencing import sequence
from governance.console import jobs
from governance.console.models import ApiToken, Job, User
from governance.console.permissions import PERMISSIONS, Role

BACKEND = "django.contrib.auth.backends.ModelBackend"


def person(username: str, role: Role, *, name: str = "") -> User:
    """A member of staff without a usable password: who signs in by form calls `set_password` first."""
    user = User(username=username, role=role, first_name=name or username.capitalize())
    user.set_unusable_password()
    user.save()
    return user


def client_of(user: User, *, csrf: bool = False) -> Client:
    """A browser in which `user` is signed in; it leaves no entry in the ledger. `csrf`: forms need their token."""
    client = Client(enforce_csrf_checks=csrf)
    session = client.session
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return client


def api_of(user: User, *scopes: str) -> APIClient:
    """A program with a token of `user`: for `scopes`, or for all that the role may."""
    allowed = [name for name, roles in PERMISSIONS.items() if user.role in roles]
    _, secret = ApiToken.issue(user, name="test", scopes=list(scopes) or allowed)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture(autouse=True)
def somebody_acts() -> Iterator[None]:
    """What a test itself changes is done by the system, so that it can be recorded."""
    with acting(Actor("system", "test")):
        yield


@pytest.fixture
def dana(db: None) -> User:
    return person("dana", Role.STEWARD)


@pytest.fixture
def amir(db: None) -> User:
    return person("amir", Role.OFFICER)


@pytest.fixture
def petra(db: None) -> User:
    return person("petra", Role.OFFICER)


@pytest.fixture
def vera(db: None) -> User:
    return person("vera", Role.AUDITOR)


@pytest.fixture
def emil(db: None) -> User:
    return person("emil", Role.ENGINEER)


@pytest.fixture
def ada(db: None) -> User:
    return person("ada", Role.ADMINISTRATOR)


@pytest.fixture
def carl(db: None) -> User:
    return person("carl", Role.CUSTODIAN)


@pytest.fixture
def sam(db: None) -> Client:
    """A stranger's browser."""
    return Client()


@pytest.fixture
def work(db: None) -> Callable[[], list[Job]]:
    """`work()` runs what is queued, and what that queues, in this process; the jobs as they ended."""

    def run_all() -> list[Job]:
        ended = []
        while waiting := Job.objects.filter(state=Job.State.QUEUED).order_by("queued_at", "pk").first():
            job = jobs.run(str(waiting.pk))
            assert job is not None
            ended.append(job)
        return ended

    return run_all


@pytest.fixture
def sequenced(db: None) -> Callable[[], list[Entry]]:
    """`sequenced()` numbers and chains what waits; all entries, the oldest first."""

    def sequence_all() -> list[Entry]:
        sequence()
        return list(Entry.objects.order_by("number"))

    return sequence_all
