"""`manage.py scan`: progress in words and an exit status."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Column, DataSet, System

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(transactional_db: None, request: pytest.FixtureRequest) -> System:
    """The shop, committed: the command works on a connection of its own."""
    return request.getfixturevalue("shop")


def test_it_scans_and_says_how_far_it_is(committed: System):
    said = StringIO()
    call_command("scan", "Shop", stdout=said)
    assert said.getvalue().splitlines()[-1] == "7/7 Scanned 35 columns of 7 data sets."
    assert Column.objects.get(data_set__name="public.customer", name="email").category == "contact.email"


def test_it_reads_the_structure_only_when_told(committed: System):
    said = StringIO()
    call_command("scan", "Shop", "--structure-only", stdout=said)
    assert "Found 7 data sets, 35 columns, 7 links, 0 changes." in said.getvalue()
    assert not DataSet.objects.exclude(scanned_at=None).exists()


def test_a_name_it_does_not_know_is_status_2(committed: System):
    with pytest.raises(CommandError, match="There is no system 'Shap'; known: Shop") as refused:
        call_command("scan", "Shap", stdout=StringIO())
    assert refused.value.returncode == 2


def test_a_store_that_does_not_answer_is_status_1(committed: System):
    System.objects.update(settings={**committed.settings, "port": 1})
    with pytest.raises(CommandError, match=r"No PostgreSQL answers at 127.0.0.1:1") as refused:
        call_command("scan", "Shop", stdout=StringIO())
    assert refused.value.returncode == 1
