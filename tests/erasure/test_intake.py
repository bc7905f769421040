"""A request comes in: once, whole, sealed, or not at all."""

import pytest
from django.core.exceptions import ValidationError

from audit.ledger.context import Actor
from erasure.models import Identifier, SubjectRequest
from erasure.requests import identity, intake
from erasure.requests.intake import EMAIL, AlreadyOpen, receive
from governance.keyring.lookups import lookup_of
from tests.erasure.estate import entries, request_of
from tests.erasure.letters import secret as secret_in
from tests.erasure.together import at_once

VISITORS = (Actor("visitor", "one"), Actor("visitor", "two"))


def ask(*identifiers: tuple[str, str], kind: str = "erasure", regime: str = "EU-GDPR") -> SubjectRequest:
    return receive(
        kind=kind, identifiers=identifiers or [(EMAIL, "ana@example.org")], channel="form", regime=regime
    )


@pytest.mark.django_db(transaction=True)
def test_the_same_request_twice_at_once_is_one() -> None:
    first, second = at_once(*((visitor, ask) for visitor in VISITORS))
    received, repeated = (first, second) if isinstance(second, AlreadyOpen) else (second, first)
    assert isinstance(repeated, AlreadyOpen)
    assert repeated.request == received
    assert str(repeated) == f"{received} is the same request and still open: go on there."
    assert SubjectRequest.objects.get() == received
    assert Identifier.objects.count() == 1
    assert (len(entries("request.received")), entries("request.repeated")) == (1, [{"channel": "form"}])


def test_a_request_is_numbered_sealed_and_its_clock_runs(db: None) -> None:
    asked = ask((EMAIL, " Ana@Example.org "), ("id.customer", "C-17"))
    assert asked.reference == f"R-{asked.received_at.year}-{asked.pk:05d}"
    assert (asked.state, asked.ended, asked.overdue) == ("received", False, False)
    assert asked.due_on == intake.deadline("EU-GDPR", asked.received_at)
    email, number = asked.identifiers.order_by("pk")
    assert (email.value, email.verified, bytes(email.lookup)) == (
        "Ana@Example.org",
        False,
        lookup_of(EMAIL, "ana@example.org"),
    )
    assert b"xample" not in bytes(email.sealed)
    assert (number.category, number.value) == ("id.customer", "C-17")
    assert entries("request.received") == [
        {"kind": "erasure", "channel": "form", "regime": "EU-GDPR", "due": asked.due_on.isoformat()}
    ]


def test_the_person_is_the_same_however_they_write_their_address(db: None) -> None:
    asked = ask()
    with pytest.raises(AlreadyOpen) as known:
        ask((EMAIL, "  ANA@EXAMPLE.ORG"))
    assert known.value.request == asked
    assert ask((EMAIL, "ANA@example.org"), kind="access").subject == asked.subject
    assert ask((EMAIL, "bo@example.org")).subject != asked.subject


def test_after_a_request_has_ended_there_may_be_another(db: None) -> None:
    first = ask()
    SubjectRequest.objects.update(state="complete")
    assert ask() != first


@pytest.mark.parametrize(
    ("identifiers", "errors"),
    [
        ([], {"email": ["An e-mail address is needed, to verify the identity and to answer."]}),
        (
            [("id.customer", "7")],
            {"email": ["An e-mail address is needed, to verify the identity and to answer."]},
        ),
        ([(EMAIL, "ana")], {"email": ["This is not an e-mail address."]}),
        ([(EMAIL, f"ana@{'ä' * 60}.example")], {"email": ["This is not an e-mail address."]}),
        ([(EMAIL, "ana@example.org\u202e")], {"email": ["This is not an e-mail address."]}),
        ([(EMAIL, "ana@example.org\nBcc: all@example.org")], {"email": ["This is not an e-mail address."]}),
        ([(EMAIL, "")], {"identifiers": ["A E-mail address has 1 to 320 characters."]}),
        (
            [(EMAIL, f"{'a' * 309}@example.org")],
            {"identifiers": ["A E-mail address has 1 to 320 characters."]},
        ),
        (
            [(EMAIL, "ana@example.org"), ("id.customer", "7" * 321)],
            {"identifiers": ["A Customer number has 1 to 320 characters."]},
        ),
        (
            [(EMAIL, "ana@example.org"), ("id.customer", "C\x0017")],
            {"identifiers": ["A Customer number has 1 to 320 characters."]},
        ),
        (
            [(EMAIL, "ana@example.org"), ("name.full", "Ana Lima")],
            {"identifiers": ["name.full does not identify exactly one person."]},
        ),
        (
            [(EMAIL, "ana@example.org"), ("shoe.size", "44")],
            {"identifiers": ["shoe.size does not identify exactly one person."]},
        ),
        ([(EMAIL, f"p{n}@example.org") for n in range(11)], {"identifiers": ["At most 10 identifiers."]}),
    ],
    ids=lambda value: None,
)
def test_what_identifies_nobody_is_refused(db: None, identifiers: list, errors: dict) -> None:
    with pytest.raises(ValidationError) as refusal:
        receive(kind="erasure", identifiers=identifiers, channel="form")
    assert refusal.value.message_dict == errors
    assert not SubjectRequest.objects.exists()
    assert entries("request.received") == []


def test_320_characters_are_enough(db: None) -> None:
    number = "7" * 320
    assert (
        ask((EMAIL, "ana@example.org"), ("id.customer", number)).identifiers.get(category="id.customer").value
        == number
    )


def test_an_unknown_law_is_refused_by_name(db: None) -> None:
    with pytest.raises(ValidationError) as refusal:
        ask(regime="LEX-ROMANA")
    ((field, (message,)),) = refusal.value.message_dict.items()
    assert field == "regime"
    assert message.startswith("Unknown regime; known are EU-GDPR, UK-GDPR, CCPA, ")


def test_the_same_identifier_twice_is_one(db: None) -> None:
    asked = ask(
        (EMAIL, "ana@example.org"), (EMAIL, "ANA@example.org"), ("id.customer", "7"), ("id.customer", "7")
    )
    assert [i.category for i in asked.identifiers.order_by("pk")] == [EMAIL, "id.customer"]


def test_an_identifier_is_added_as_verified_as_the_person_is(amir) -> None:
    asked = ask()
    assert intake.add_identifier(asked, "id.customer", " 17 ").verified is False
    identity.confirm_by_officer(asked, how="By telephone.")
    assert intake.add_identifier(asked, "id.account", "42").verified is True
    assert {i.category: i.value for i in asked.identifiers.all()} == {
        EMAIL: "ana@example.org",
        "id.customer": "17",
        "id.account": "42",
    }
    assert entries("request.identifier_added") == [{"category": "id.customer"}, {"category": "id.account"}]


def test_a_number_the_person_only_claimed_counts_once_an_officer_has_established_it(
    db: None,
) -> None:
    asked = ask((EMAIL, "ana@example.org"), ("id.customer", "17"))
    identity.send_link(asked)
    secret = secret_in("confirm")
    identity.confirm(secret)
    claimed = asked.identifiers.get(category="id.customer")
    assert claimed.verified is False
    asked.refresh_from_db()
    assert intake.add_identifier(asked, "id.customer", "17") == claimed
    claimed.refresh_from_db()
    assert claimed.verified is True


def test_nothing_is_added_to_what_has_ended(amir) -> None:
    asked = request_of("ana@example.org", amir)
    SubjectRequest.objects.update(state="complete")
    asked.refresh_from_db()
    with pytest.raises(ValidationError, match="has ended"):
        intake.add_identifier(asked, "id.customer", "17")
    assert asked.identifiers.count() == 1
