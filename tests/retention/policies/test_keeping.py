import pytest
from django.core.exceptions import ValidationError

from audit.ledger.models import Waiting
from governance.console.models import User
from retention.policies import keeping
from retention.policies.models import Policy

GIVEN = {
    "name": "Raw",
    "scope": "tier",
    "value": "raw",
    "bound": "at most",
    "number": 30,
    "unit": "day",
    "action": "delete",
    "reason": "The purpose is over.",
}


def refused(field: str, by: User, **changes) -> str:
    with pytest.raises(ValidationError) as caught:
        keeping.add(by=by, **GIVEN | changes)
    return " ".join(caught.value.message_dict[field])


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("value", {"value": "rawest"}, "Choose one: rawest is no tier here."),
        (
            "value",
            {"scope": "category", "value": "contact.e-mail"},
            "Choose one: contact.e-mail is no category here.",
        ),
        ("value", {"scope": "tag", "value": ""}, "Name the tag."),
        ("data_set", {"scope": "data_set"}, "Choose the data set."),
        ("reason", {"reason": "  "}, "Say why: the purpose, or the law that sets the period."),
        ("number", {"number": 151, "unit": "year"}, "At most 150 years."),
    ],
)
def test_what_names_nothing_is_refused(db: None, dana: User, somebody_acts, field, changes, sentence) -> None:
    assert refused(field, dana, **changes) == sentence
    assert not Policy.objects.exists()
    assert not Waiting.objects.exists()


def test_a_name_is_in_force_once(db: None, dana: User, somebody_acts) -> None:
    first = keeping.add(by=dana, **GIVEN)
    assert refused("name", dana) == "A policy Raw is in force: retire it first."
    keeping.retire(first, by=dana, reason="Shorter now.")
    assert keeping.add(by=dana, **GIVEN).state == "active"
    with pytest.raises(ValidationError, match="retired already"):
        keeping.retire(first, by=dana, reason="Again.")


def test_who_made_a_policy_cannot_approve_its_runs(db: None, amir: User, petra: User, somebody_acts) -> None:
    policy = keeping.add(by=amir, **GIVEN)
    with pytest.raises(ValidationError, match="You made this policy"):
        keeping.approve_for_good(policy, by=amir)
    keeping.approve_for_good(policy, by=petra)
    assert policy.standing_by == petra
    keeping.retire(policy, by=amir, reason="Over.")
    assert policy.standing_at is None


def test_a_minimum_approves_nothing(db: None, amir: User, petra: User, somebody_acts) -> None:
    policy = keeping.add(by=amir, **GIVEN | {"bound": "at least"})
    with pytest.raises(ValidationError, match="A minimum destroys nothing"):
        keeping.approve_for_good(policy, by=petra)
