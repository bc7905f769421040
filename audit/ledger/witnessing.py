"""Asking witnesses to cosign a checkpoint, and keeping what they signed."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import httpx
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from audit.ledger.alarming import raise_alarm
from audit.ledger.models import Alarm, Checkpoint, Cosignature
from audit.ledger.notes import Note, NoteProblem, VerifierKey
from audit.ledger.proofs import consistency

SECONDS = 15
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Known:
    """A witness as the settings name it."""

    key: VerifierKey
    url: str


class WitnessSilent(RuntimeError):
    """No answer, or none that can be used: it is asked again later."""


def witnesses() -> list[Known]:
    """Raises ImproperlyConfigured for one that is no key and address."""
    found = []
    for text in settings.LEDGER_WITNESSES:
        key, _, url = text.partition(" ")
        try:
            found.append(Known(VerifierKey.parse(key), url.strip().rstrip("/")))
        except NoteProblem as problem:
            raise ImproperlyConfigured(f"LEDGER_WITNESSES: {problem}") from problem
        if not url.strip().startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise ImproperlyConfigured(f"LEDGER_WITNESSES: {found[-1].key.name} needs an https address.")
    return found


def ask_all(checkpoint: Checkpoint) -> list[str]:
    """Ask every witness that has not cosigned it; what could not be had from whom, in words.

    A witness that refuses, since what it is shown does not continue what it saw, raises an alarm.
    """
    silent = []
    done = set(checkpoint.cosignatures.values_list("witness", flat=True))
    for known in witnesses():
        if known.key.name in done:
            continue
        try:
            ask(known, checkpoint)
        except WitnessSilent as problem:
            silent.append(str(problem))
    return silent


def ask(known: Known, checkpoint: Checkpoint) -> None:
    """One witness's cosignature, checked and kept. Raises WitnessSilent."""
    last = Cosignature.objects.filter(witness=known.key.name).order_by("-checkpoint__size").first()
    old = last.checkpoint.size if last else 0
    answer = _post(known, checkpoint, old)
    if answer.status_code == 409 and answer.text.strip().isdigit():
        seen = int(answer.text)
        if seen > checkpoint.size:
            _refused(known, f"it has seen {seen} entries, and the checkpoint counts {checkpoint.size}")
            return
        answer = _post(known, checkpoint, seen)
    if answer.status_code == 422:
        _refused(known, answer.text.strip()[:300])
        return
    if answer.status_code != 200:
        raise WitnessSilent(f"{known.key.name} answered {answer.status_code}.")
    line = _own_line(known, checkpoint, answer.text[:MOST_BYTES])
    with transaction.atomic():
        Cosignature.objects.get_or_create(
            checkpoint=checkpoint, witness=known.key.name, defaults={"line": line, "at": timezone.now()}
        )


def _own_line(known: Known, checkpoint: Checkpoint, answered: str) -> str:
    """The witness's signature of this checkpoint and nothing else of its answer. Raises WitnessSilent.

    Another line, as in the name of the log's own key, would stay with the checkpoint in every export.
    """
    try:
        note = Note.parse(checkpoint.note + answered)
        signed = note.signed_by(known.key) is not None
        same = note.text == Note.parse(checkpoint.note).text
    except NoteProblem as problem:
        raise WitnessSilent(
            f"{known.key.name} answered with what is no signature of its: {problem}"
        ) from problem
    if not signed or not same:
        raise WitnessSilent(f"{known.key.name} answered without a signature of its own.")
    own = (known.key.name, known.key.key_id)
    return next(each.line() for each in note.signatures if (each.name, each.key_id) == own)


def _post(known: Known, checkpoint: Checkpoint, old: int) -> httpx.Response:
    proof = consistency(old, checkpoint.size) if 0 < old < checkpoint.size else []
    lines = [f"old {old}", *(base64.b64encode(each).decode() for each in proof)]
    body = "\n".join(lines) + f"\n\n{checkpoint.note}"
    try:
        return httpx.post(f"{known.url}/add-checkpoint", content=body.encode(), timeout=SECONDS)
    except httpx.HTTPError as problem:
        raise WitnessSilent(f"{known.key.name} does not answer ({type(problem).__name__}).") from problem


def _refused(known: Known, why: str) -> None:
    raise_alarm(
        Alarm.Kind.WITNESS,
        f"{known.key.name} refuses the checkpoint: {why}. Two histories may have been shown, or one was changed.",
    )
