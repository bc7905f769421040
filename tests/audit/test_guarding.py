from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction
from django.utils import timezone

from audit.ledger import guarding
from audit.ledger.alarming import settle
from audit.ledger.models import Alarm, Checkpoint, Entry, Segment, Verification
from audit.ledger.recording import record
from audit.ledger.signing import signing_key
from audit.ledger.worm.base import WormProblem
from tests.audit.events import COUNTED
from tests.audit.test_exporting import check

pytestmark = pytest.mark.usefixtures("somebody_acts")


@pytest.fixture
def worm(tmp_path: Path, settings) -> Path:
    settings.LEDGER_WORM = (tmp_path / "worm").as_uri()
    settings.LEDGER_WORM_IMMUTABLE = False
    return tmp_path / "worm"


def grow(entries: int) -> None:
    with transaction.atomic():
        for number in range(entries):
            record(COUNTED, how_many=number, note="")


def tamper(statement: str, *, table: str = "ledger_entry") -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_rows")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_rows")


def test_it_is_not_proven_until_somebody_has_verified(db: None, worm: Path) -> None:
    grow(3)
    guarding.sign()
    guarding.export_now()
    assert guarding.integrity().problems == ["The ledger has not been verified yet."]
    kept = guarding.verify()
    assert (kept.intact, kept.checkpoints) == (True, 1)
    assert guarding.integrity().proven
    assert guarding.integrity(timezone.now() + timedelta(hours=49)).problems[0] == (
        "The last verification is more than two days old."
    )


def test_an_altered_entry_raises_the_alarm(db: None, worm: Path) -> None:
    grow(5)
    guarding.sign()
    tamper("UPDATE ledger_entry SET body = convert_to('{}', 'UTF8') WHERE number = 2")
    kept = guarding.verify()
    assert (kept.number, kept.problem) == (2, "the content of entry 2 was altered")
    guarding.verify()
    assert [alarm.kind for alarm in Alarm.objects.all()] == ["broken"]
    assert not guarding.integrity().proven


def test_a_chain_that_was_recomputed_parts_from_its_checkpoint(db: None, worm: Path) -> None:
    """Who owns the database changes an entry and every hash after it: the chain holds, the checkpoint does not."""
    grow(4)
    guarding.sign()
    size = Checkpoint.objects.first().size
    tamper(
        """
        DO $$ DECLARE row record; link bytea := sha256(''::bytea); BEGIN
            UPDATE ledger_entry SET body = replace(encode(body, 'escape'), '"how_many":1', '"how_many":7')::bytea;
            FOR row IN SELECT number, body FROM ledger_entry ORDER BY number LOOP
                link := sha256('\\x01'::bytea || link || sha256('\\x00'::bytea || row.body));
                UPDATE ledger_entry SET leaf = sha256('\\x00'::bytea || row.body), chain = link
                    WHERE number = row.number;
            END LOOP;
            UPDATE ledger_head SET chain = link;
        END $$
        """
    )
    kept = guarding.verify()
    assert kept.problem == f"the first {size} entries are not what the checkpoint of {size} signed"
    grow(1)
    assert guarding.sign() is None
    assert {alarm.kind for alarm in Alarm.objects.all()} == {"broken", "diverged"}


def test_an_export_that_is_late_is_said(db: None, worm: Path) -> None:
    grow(2)
    guarding.sign()
    guarding.verify()
    later = timezone.now() + timedelta(hours=3)
    assert guarding.integrity(later).problems == [
        "The export is late: entry 0 and later are not on write-once storage."
    ]
    guarding.export_now()
    late = Entry.objects.count()
    assert guarding.integrity(later).problems == []
    assert Segment.objects.first().end == late


def test_a_hole_in_the_export_raises_the_alarm(db: None, worm: Path) -> None:
    for _ in range(2):
        grow(2)
        guarding.export_now()
    first = Segment.objects.order_by("start").first()
    (worm / first.manifest).unlink()
    guarding.export_now()
    assert Alarm.objects.get().message == (
        f"The export at {worm} has no segment for the entries 0 to {first.end - 1}."
    )


def test_a_place_that_refuses_raises_the_alarm(db: None, worm: Path) -> None:
    worm.write_text("a file where the folder should be")
    grow(1)
    with pytest.raises(WormProblem):
        guarding.export_now()
    assert Alarm.objects.get().kind == "export"
    worm.unlink()
    assert len(guarding.export_now()) == 1


def test_an_alarm_stands_until_somebody_says_what_it_was(db: None) -> None:
    alarm = Alarm.objects.create(kind="gap", message="A gap.", raised_at=timezone.now())
    with pytest.raises(ValidationError, match="Say what you found"):
        settle(alarm, how=" ")
    settle(alarm, how="The folder had been moved.")
    assert alarm.settled_at
    with pytest.raises(ValidationError, match="settled already"):
        settle(alarm, how="Again.")


def test_commands(db: None, worm: Path, tmp_path: Path) -> None:
    grow(3)
    said = StringIO()
    call_command("audit", "checkpoint", stdout=said)
    assert said.getvalue() == Checkpoint.objects.first().note
    said = StringIO()
    call_command("audit", "prove", "1", "--body", str(tmp_path / "body"), stdout=said)
    assert said.getvalue().startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    assert (tmp_path / "body").read_bytes() == bytes(Entry.objects.get(number=1).body)
    said = StringIO()
    call_command("audit", "export", stdout=said)
    assert "read-only bits" in said.getvalue()
    call_command("audit", "verify", stdout=StringIO())
    assert Verification.objects.get().intact
    with pytest.raises(CommandError, match="is not write-once"):
        call_command("audit", "prove-worm")
    with pytest.raises(CommandError, match="There is no entry 99"):
        call_command("audit", "prove", "99")
    said = StringIO()
    call_command("audit", "key", stdout=said)
    assert said.getvalue().strip() == str(signing_key().verifier)


def test_a_clock_that_was_set_back_raises_the_alarm_and_the_export_waits(
    db: None, worm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(2)
    guarding.export_now()
    real = timezone.now
    grow(2)
    with monkeypatch.context() as patched:
        patched.setattr(guarding.timezone, "now", lambda: real() - timedelta(minutes=5))
        guarding.sign()
        assert not Alarm.objects.exists()  # clocks differ
        patched.setattr(guarding.timezone, "now", lambda: real() - timedelta(hours=2))
        assert guarding.export_now() == []
        (alarm,) = Alarm.objects.all()
        assert alarm.kind == "clock"
        assert "the clock was set back, or was wrong then" in alarm.message
        guarding.sign()
        assert Alarm.objects.count() == 1
    assert len(guarding.export_now()) == 1  # the time has come
    assert check(worm)["holds"]
