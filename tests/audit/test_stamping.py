"""Time stamps on checkpoints, by an authority that OpenSSL is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.ledger import guarding, stamping
from audit.ledger.checkpoints import checkpoint
from audit.ledger.models import Alarm, Checkpoint, Stamp
from audit.ledger.notes import Note
from audit.ledger.worm.exporting import export
from audit.ledger.worm.folder import FolderPlace
from tests.audit.test_exporting import check, grow
from tests.services.stamp_authority import POLICY, Authority, stamp_authority

pytestmark = pytest.mark.usefixtures("somebody_acts")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with stamp_authority(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture
def tsa(server: Authority, settings) -> Authority:
    settings.LEDGER_TSA, settings.LEDGER_TSA_ROOTS = server.url, str(server.roots)
    settings.LEDGER_TSA_POLICY = POLICY
    server.statuses, server.swapped = [], b""
    return server


def test_a_stamped_checkpoint_is_checked_without_the_console(
    db: None, tsa: Authority, tmp_path: Path
) -> None:
    grow(3)
    checkpoint()
    before = timezone.now() - timedelta(seconds=2)
    made = stamping.stamp_latest()
    assert made is not None
    assert before <= made.at <= timezone.now() + timedelta(seconds=2)
    asked = tsa.asked
    assert stamping.stamp_latest() == made
    assert tsa.asked == asked  # once is enough
    export(FolderPlace(tmp_path / "worm", immutable=False))
    report = check(tmp_path / "worm", "--roots", str(tsa.roots))
    assert (report["holds"], report["stamps"]) == (True, [made.at.isoformat()])
    unchecked = check(tmp_path / "worm")
    assert unchecked["stamps"] == []
    assert unchecked["remarks"] == [
        "1 time stamps were not checked: give the authority's roots with --roots."
    ]


def test_a_stamp_of_something_else_is_found(db: None, tsa: Authority, tmp_path: Path) -> None:
    grow(2)
    checkpoint()
    first = stamping.stamp_latest()
    assert first is not None
    export(FolderPlace(tmp_path / "worm", immutable=False))
    path = next((tmp_path / "worm" / "stamps").iterdir())
    path.chmod(0o600)
    path.write_bytes(tsa.stamp(_query("another text\n")))
    report = check(tmp_path / "worm", "--roots", str(tsa.roots))
    assert (
        report["problem"] == f"stamps/{path.name}: the time stamp does not hold (Mismatch between messages)."
    )


def test_what_is_no_stamp_of_this_checkpoint_is_not_kept(db: None, tsa: Authority) -> None:
    grow(2)
    made = checkpoint()
    tsa.swapped = tsa.stamp(_query(Note.parse(made.note).text))  # of the right text, but of another question
    assert stamping.stamp_latest() is None
    assert Alarm.objects.get().message == "The stamp does not hold: Nonce mismatch."
    tsa.swapped = b"no answer at all"
    assert stamping.stamp_latest() is None
    assert not Stamp.objects.exists()


def test_a_stamp_under_another_policy_or_root_is_not_kept(
    db: None, tsa: Authority, settings, tmp_path: Path
) -> None:
    grow(2)
    checkpoint()
    settings.LEDGER_TSA_POLICY = "1.2.3.4.2"
    with pytest.raises(stamping.AuthorityWrong, match="Policy ID mismatch"):
        _stamp()
    settings.LEDGER_TSA_POLICY = ""
    with stamp_authority(tmp_path) as stranger:
        settings.LEDGER_TSA_ROOTS = str(stranger.roots)
    with pytest.raises(stamping.AuthorityWrong, match="does not hold"):
        _stamp()


def test_silence_is_an_alarm_only_when_it_lasts(db: None, tsa: Authority, monkeypatch) -> None:
    grow(2)
    made = checkpoint()
    tsa.statuses = [503, 503]
    assert stamping.stamp_latest() is None
    assert not Alarm.objects.exists()
    tomorrow = made.at + timedelta(days=1, minutes=1)
    monkeypatch.setattr(stamping.timezone, "now", lambda: tomorrow)
    assert stamping.stamp_latest() is None
    assert "503" in Alarm.objects.get(kind="stamp").message
    assert "No checkpoint has been time-stamped for more than a day." in guarding.integrity().problems


def test_a_clock_that_was_set_back_is_noticed(db: None, tsa: Authority, monkeypatch) -> None:
    grow(1)
    checkpoint()
    yesterday = timezone.now() - timedelta(days=1)
    monkeypatch.setattr(stamping.timezone, "now", lambda: yesterday)
    with pytest.raises(stamping.AuthorityWrong, match="one of our clocks is wrong"):
        _stamp()


def test_the_command_and_settings_that_lack_something(db: None, tsa: Authority, settings, capsys) -> None:
    grow(1)
    call_command("audit", "stamp")
    size = Checkpoint.objects.get().size
    assert capsys.readouterr().out.startswith(f"{size} entries, stamped {timezone.now():%Y-%m-%d}")
    settings.LEDGER_TSA_ROOTS = "/nowhere.pem"
    with pytest.raises(ImproperlyConfigured, match=r"LEDGER_TSA_ROOTS: /nowhere\.pem has no certificates"):
        call_command("audit", "stamp")
    settings.LEDGER_TSA = ""
    with pytest.raises(CommandError, match="names no time stamp authority"):
        call_command("audit", "stamp")


def _stamp() -> Stamp:
    by = stamping.authority()
    assert by is not None
    latest = Checkpoint.objects.first()
    assert latest is not None
    return stamping.stamp(latest, by)


def _query(text: str) -> bytes:
    client = stamping._client()
    return (
        client.TimestampRequestBuilder()
        .data(text.encode())
        .hash_algorithm(stamping._sha256())
        .build()
        .as_bytes()
    )
