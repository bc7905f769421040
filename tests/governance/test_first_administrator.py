import io

import pytest
from django.core.management import call_command

from audit.ledger.models import Entry
from audit.ledger.sequencing import sequence
from governance.console.models import User
from governance.console.permissions import Role


@pytest.mark.django_db
def test_createsuperuser_makes_an_administrator_and_the_ledger_says_so(monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a long enough passphrase")
    call_command(
        "createsuperuser", "--noinput", username="ada", email="ada@example.org", stdout=io.StringIO()
    )

    user = User.objects.get()
    assert (user.username, user.role, user.may("people.manage")) == ("ada", Role.ADMINISTRATOR, True)
    assert user.check_password("a long enough passphrase")
    sequence()
    entry = Entry.objects.get()
    assert (entry.action, entry.object_id, entry.content["facts"]) == (
        "user.added",
        str(user.pk),
        {"role": "administrator"},
    )
    assert "ada@example.org" not in bytes(entry.body).decode()
