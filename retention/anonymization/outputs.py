"""What earlier jobs delivered: only that may ever be replaced."""

from __future__ import annotations

from collections.abc import Callable

from retention.anonymization.models import Run


def made_by_us(location: str, holds: Callable[[str], bool]) -> bool:
    """Whether a job delivered to `location` and what is there now has, by `holds`, the digest it had then."""
    last = (
        Run.objects.filter(location=location, outcome=Run.Outcome.DELIVERED).order_by("-finished_at").first()
    )
    return last is not None and holds(last.digest)


def run_that_made(location: str) -> str:
    """The id of the last run that delivered to `location`, or nothing."""
    last = (
        Run.objects.filter(location=location, outcome=Run.Outcome.DELIVERED).order_by("-finished_at").first()
    )
    return str(last.pk) if last else ""
