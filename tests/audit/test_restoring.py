import re
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, transaction

from audit.ledger import guarding
from audit.ledger.models import Alarm, Checkpoint, Entry, Segment
from audit.ledger.recording import record
from audit.ledger.signing import signing_key
from audit.ledger.worm import restoring
from audit.ledger.worm.base import WormProblem
from audit.ledger.worm.restoring import CannotRestore, restore
from tests.audit.events import COUNTED
from tests.conftest import LEDGER

pytestmark = pytest.mark.usefixtures("somebody_acts")
TABLES = (*LEDGER[:5], "ledger_segment", "ledger_cosignature")


@pytest.fixture
def exported(db: None, tmp_path: Path, settings) -> Path:
    settings.LEDGER_WORM = (tmp_path / "worm").as_uri()
    settings.LEDGER_WORM_IMMUTABLE = False
    for entries in (4, 3, 5):
        with transaction.atomic():
            for number in range(entries):
                record(COUNTED, how_many=number, note="ü")
        guarding.export_now()
    return tmp_path / "worm"


def rows(model: type, *fields: str) -> list[tuple]:
    return [
        tuple(bytes(each) if isinstance(each, memoryview) else each for each in row)
        for row in model.objects.order_by("pk").values_list(*fields)
    ]


def everything() -> tuple:
    entries = [field.name for field in Entry._meta.fields]
    return (
        rows(Entry, *entries),
        rows(Checkpoint, "size", "root", "note"),
        rows(Segment, "start", "end", "manifest"),
    )


def empty_the_ledger() -> None:
    """As a new database has it."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in LEDGER[:9]:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_truncate")
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cursor.execute("INSERT INTO ledger_head (id, size, chain) VALUES (1, 0, sha256(''::bytea))")
        for table in LEDGER[:9]:
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_truncate")


def test_a_restored_ledger_is_equal_to_the_byte(exported: Path) -> None:
    before = everything()
    empty_the_ledger()
    said = StringIO()
    call_command("audit", "restore", str(exported), stdout=said)
    assert said.getvalue().endswith("The ledger is restored, and equal to the export.\n")
    assert everything() == before
    assert guarding.verify().intact
    with transaction.atomic():
        record(COUNTED, how_many=1, note="")
    assert guarding.sign().size == len(before[0]) + 1  # and it goes on from there


def test_a_restore_that_was_killed_goes_on(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    empty_the_ledger()
    monkeypatch.setattr(restoring, "AT_ONCE", 2)
    under_way = restore(exported, key=signing_key().verifier)
    assert [next(under_way), next(under_way), next(under_way)] == [2, 4, 6]
    under_way.close()
    assert list(restore(exported, key=signing_key().verifier))[-1] == len(before[0])
    assert everything() == before


def test_nothing_is_restored_over_other_entries(exported: Path) -> None:
    empty_the_ledger()
    with transaction.atomic():
        record(COUNTED, how_many=99, note="other")
    guarding.sign()
    with pytest.raises(CannotRestore, match="There are other entries in this database already"):
        list(restore(exported, key=signing_key().verifier))


def test_an_export_that_does_not_hold_is_not_restored(exported: Path) -> None:
    empty_the_ledger()
    path = next((exported / "segments").glob("*.leaves"))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(CommandError, match="The export does not hold"):
        call_command("audit", "restore", str(exported))
    assert Entry.objects.count() == 0


def as_of_then(exported: Path, then: Path) -> None:
    """The database as a backup has it that was made after the first of three exports."""
    for path in (path for path in exported.rglob("*") if path.is_file()):
        ends = [int(each) for each in re.findall(r"\d{14}", path.name)]
        if not ends or ends[-1] <= 4:
            (then / path.relative_to(exported)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, then / path.relative_to(exported))
    empty_the_ledger()
    assert list(restore(then, key=signing_key().verifier)) == [4]


def test_an_older_backup_is_filled_up_from_the_export(exported: Path, tmp_path: Path) -> None:
    before = everything()
    as_of_then(exported, tmp_path / "then")
    assert list(restore(exported, key=signing_key().verifier))[-1] == len(before[0])
    assert everything() == before
    assert guarding.verify().intact


def test_an_older_backup_that_goes_on_is_noticed_by_the_next_export(exported: Path, tmp_path: Path) -> None:
    as_of_then(exported, tmp_path / "then")
    with transaction.atomic():
        record(COUNTED, how_many=1, note="another history")
    assert guarding.export_now() == []
    (alarm,) = Alarm.objects.all()
    assert (alarm.kind, "an old backup was restored" in alarm.message) == ("diverged", True)
    with transaction.atomic():
        for _ in range(9):  # larger than what is at the place
            record(COUNTED, how_many=2, note="another history")
    with pytest.raises(WormProblem, match="is there already with other content"):
        guarding.export_now()
    assert Segment.objects.count() == 1
