"""Officers at their browsers, a request of Ana's, and reading what the pages say."""

import pytest
from django.test import Client

from erasure.models import SubjectRequest
from erasure.offering import next_thing, other_things
from erasure.stages import stages
from governance.console.models import User
from tests.erasure.estate import find, request_of
from tests.people import client_of


@pytest.fixture
def officer(amir: User) -> Client:
    return client_of(amir)


@pytest.fixture
def second(petra: User) -> Client:
    return client_of(petra)


@pytest.fixture
def asked(amir: User) -> SubjectRequest:
    """Ana's erasure, verified by amir."""
    return request_of("ana@example.org", amir)


@pytest.fixture
def planned(shop, asked: SubjectRequest, amir: User, work) -> SubjectRequest:
    """The same, found and planned in the shop."""
    return find(asked, amir, work)


def text_of(response) -> str:
    return response.content.decode()


def offered(request: SubjectRequest, user: User) -> tuple[str, list[str]]:
    """The one next thing, and what else."""
    request = SubjectRequest.objects.get(pk=request.pk)
    first = next_thing(request, user)
    return first.label if first else "", [offer.label for offer in other_things(request, user)]


def told(request: SubjectRequest) -> list[tuple[str, str]]:
    return [(stage["title"], stage["state"]) for stage in stages(SubjectRequest.objects.get(pk=request.pk))]


def refused(response, sentence: str) -> None:
    assert response.status_code == 409
    assert sentence in text_of(response)
    assert "Nothing was done." in text_of(response)
