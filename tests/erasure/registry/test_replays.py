from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.ledger.models import Entry
from catalog.connectors.postgresql import PostgresqlConnector
from catalog.models import System
from erasure.approving import SamePerson
from erasure.custodians.models import RowExemption
from erasure.models import Plan, Step, SubjectRequest
from erasure.registry import backups
from erasure.registry.models import Backup, Replay
from erasure.registry.replays import approving, jobs
from governance.console.models import User
from governance.console.permissions import Role
from retention import holds
from retention.policies import keeping
from tests.erasure import estate
from tests.people import person
from tests.services.fixtures import Database

LEFT = "SELECT (SELECT count(*) FROM customer), (SELECT count(*) FROM purchase), (SELECT count(*) FROM purchase_line)"


@pytest.fixture
def backup(shop: System, erased: SubjectRequest, emil: User) -> Backup:
    """Made before Ana was erased."""
    return backups.note(
        shop,
        name="nightly",
        made_at=timezone.now() - timedelta(days=1),
        kept_until=timezone.localdate() + timedelta(days=9),
        by=emil,
    )


def told(replay: Replay) -> list[tuple]:
    return [(each["data_set"].rpartition(".")[2], each["method"], each["rows"]) for each in replay.steps]


def test_who_was_erased_is_erased_again_in_the_copy(
    backup: Backup, restored: Database, replayed, carried_out, amir: User, sequenced
) -> None:
    replay = replayed(backup=backup)
    assert (replay.state, replay.persons, replay.rows, replay.left) == ("planned", 1, 8, 8)
    assert told(replay) == [
        ("purchase_line", "delete", 3),
        ("purchase", "delete", 2),
        ("customer", "delete", 1),
        ("newsletter", "delete", 2),
    ]
    assert restored.execute(LEFT) == [(3, 4, 5)]
    with pytest.raises(SamePerson):
        approving.approve(replay, fingerprint=replay.plan.fingerprint, by=amir)
    replay = carried_out(replay)
    assert (replay.state, replay.left, replay.problem) == ("complete", 0, "")
    assert restored.execute(LEFT) == [(2, 2, 2)]
    assert restored.execute("SELECT email FROM newsletter") == [("bo@example.org",)]
    assert not Step.objects.filter(plan=replay.plan, sealed__isnull=False).exists()
    sequenced()
    actions = list(
        Entry.objects.filter(object_type="registry.replay")
        .order_by("number")
        .values_list("action", flat=True)
    )
    assert actions == [
        "replay.looked",
        "replay.planned",
        "replay.started",
        *["replay.step_done"] * 4,
        "registry.replayed",
    ]
    assert not any(b"ana@example.org" in bytes(entry.body) for entry in Entry.objects.all())
    again = replayed(backup=backup)
    assert (again.state, again.persons, again.left) == ("complete", 0, 0)


def test_nobody_registered_is_nobody_found(shop: System, restored: Database, replayed) -> None:
    replay = replayed()
    assert (replay.state, replay.persons, replay.left, replay.plan) == ("complete", 0, 0, None)


def test_a_copy_of_unknown_age_is_asked_about(
    erased: SubjectRequest, restored: Database, replayed, carried_out, amir: User, work
) -> None:
    replay = replayed()
    asked = [(each.data_set.name, each.why, each.rows, each.persons) for each in replay.questions.all()]
    assert (replay.state, asked) == (
        "asking",
        [("public.customer", "undated", 1, 1), ("public.newsletter", "undated", 2, 1)],
    )
    customer, newsletter = replay.questions.all()
    with pytest.raises(ValidationError, match="Give the reason"):
        approving.answer(customer, said="erase", reason=" ", by=amir)
    approving.answer(customer, said="erase", reason="The dump is of last week.", by=amir)
    approving.answer(newsletter, said="leave", reason="They signed up again.", by=amir)
    work()
    replay.refresh_from_db()
    assert (replay.state, replay.rows) == ("planned", 6)
    assert replay.newer == [{"data_set": "shop / public.newsletter", "rows": 2}]
    replay.plan.made_by = person("emil", Role.ENGINEER)  # who began it
    replay.plan.save()
    with pytest.raises(SamePerson, match="You said which rows are to be erased"):
        approving.approve(replay, fingerprint=replay.plan.fingerprint, by=amir)
    assert carried_out(replay).state == "complete"
    assert restored.execute(LEFT) == [(2, 2, 2)]
    assert restored.execute("SELECT count(*) FROM newsletter") == [(3,)]


def test_a_customer_who_came_again_keeps_the_new_rows(
    erased: SubjectRequest, shop: System, restored: Database, replayed, carried_out, dana: User
) -> None:
    restored.execute(
        "ALTER TABLE customer ADD made timestamptz NOT NULL DEFAULT now() - interval '1 year';"
        "ALTER TABLE customer DROP CONSTRAINT customer_email_key;"
        "INSERT INTO customer VALUES (9, 'Ana Lima', 'ana@example.org', NULL, NULL, now() + interval '1 hour');"
        "INSERT INTO purchase VALUES (90, 9, current_date, 1, NULL, NULL); DELETE FROM newsletter;"
    )
    known = estate.data_set(shop, "customer")
    known.columns.create(name="made", position=9, data_type="timestamptz", kind="timestamp", nullable=False)
    keeping.set_terms(known, by=dana, age_column="made")
    estate.label(shop, {"customer.made": ("none.operational", "none")})
    replay = replayed()
    assert (replay.state, replay.rows) == ("planned", 6)
    assert replay.newer == [{"data_set": "shop / public.customer", "rows": 1}]
    assert carried_out(replay).state == "complete"
    assert restored.execute("SELECT id FROM customer ORDER BY id") == [(2,), (3,), (9,)]
    assert restored.execute("SELECT id FROM purchase ORDER BY id") == [(20,), (30,), (90,)]


def test_new_orders_of_an_old_customer_are_asked_about(
    backup: Backup, shop: System, restored: Database, replayed, dana: User, amir: User, work
) -> None:
    keeping.set_terms(estate.data_set(shop, "purchase"), by=dana, age_column="placed")
    restored.execute("INSERT INTO purchase VALUES (12, 1, current_date + 2, 1, NULL, NULL)")
    replay = replayed(backup=backup)
    question = replay.questions.get()
    assert (replay.state, question.why, question.rows) == ("asking", "newer", 1)
    approving.answer(question, said="leave", reason="The copy was live on Monday.", by=amir)
    work()
    replay.refresh_from_db()
    assert (replay.state, replay.plan, replay.left) == ("complete", None, 0)
    assert restored.execute(LEFT) == [(3, 5, 5)]


def test_holds_and_exceptions_are_respected(
    backup: Backup,
    shop: System,
    restored: Database,
    erased: SubjectRequest,
    replayed,
    carried_out,
    amir: User,
) -> None:
    RowExemption.objects.create(
        request=erased,
        data_set=estate.data_set(shop, "newsletter"),
        exemption="e",
        keep_columns=["email", "topic"],
        reason="A claim.",
    )
    holds.place(
        estate.data_set(shop, "purchase"),
        keep_columns=["customer_id"],
        exemption="b",
        reason="Tax.",
        placed_by=amir,
    )
    replay = carried_out(replayed(backup=backup))
    assert (replay.state, replay.left) == ("complete", 0)
    assert restored.execute("SELECT id, ship_to FROM purchase WHERE customer_id = 1 ORDER BY id") == [
        (10, None),
        (11, None),
    ]
    assert restored.execute("SELECT name, phone FROM customer WHERE id = 1") == [("erased", None)]
    assert restored.execute("SELECT count(*) FROM newsletter WHERE email ILIKE 'ana%'") == [(2,)]


def test_what_changed_since_the_approval_is_not_touched(
    backup: Backup, restored: Database, replayed, carried_out
) -> None:
    replay = replayed(backup=backup)
    restored.execute("DELETE FROM newsletter")
    replay = carried_out(replay)
    assert (replay.state, replay.plan.state) == ("overtaken", "stale")
    assert "public.newsletter had 2 of these rows and has 0 now." in replay.problem
    assert restored.execute(LEFT) == [(3, 4, 5)]


def test_tables_that_nobody_knows_leave_it_open(
    backup: Backup, restored: Database, replayed, carried_out
) -> None:
    restored.execute("CREATE TABLE forgotten (email text); ALTER TABLE newsletter ADD cookie text")
    replay = carried_out(replayed(backup=backup))
    assert (replay.state, replay.left) == ("residual found", 0)
    assert [each["data_set"] for each in replay.unsearched] == [
        "shop / public.forgotten",
        "shop / public.newsletter",
    ]


def test_a_secret_is_not_sent_to_another_address(shop: System, erased: SubjectRequest, amir: User) -> None:
    with pytest.raises(ValidationError) as refused:
        jobs.start(shop, settings={"host": "elsewhere.example"}, by=amir)
    assert list(refused.value.message_dict) == ["password"]
    assert Replay.objects.count() == 0


def test_a_worker_killed_in_the_middle_is_gone_on_from(
    backup: Backup, restored: Database, replayed, petra: User, work, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay = replayed(backup=backup)
    original, calls = PostgresqlConnector.delete, []

    def killed(self, name, matches):  # type: ignore[no-untyped-def]
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, name, matches)

    approving.approve(replay, fingerprint=replay.plan.fingerprint, by=petra)
    with monkeypatch.context() as patched:
        patched.setattr(PostgresqlConnector, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            work()
    assert Plan.objects.get(pk=replay.plan_id).state == "executing"
    replay.refresh_from_db()
    replay.job.__class__.objects.filter(pk=replay.job_id).update(state="failed")
    jobs.resume(replay)
    work()
    replay.refresh_from_db()
    assert (replay.state, replay.left) == ("complete", 0)
    assert restored.execute(LEFT) == [(2, 2, 2)]
