"""What people do once the estate is set up, done by the cast: scan, review, assign, hold.

Stores whose servers do not run here are not in the catalog, and have no part in it.

Each part looks at what is done already and leaves decisions alone that somebody has taken, so the story can be told
again, or taken up where it was broken off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

from django.db.models import QuerySet

from catalog import assigning, reviewing, scanning
from catalog.lineage import declaring, propagation
from catalog.models import Column, DataSet, Edge, System
from erasure.demo import DemoProblem, features, lake, page_views, sessions
from erasure.demo.cast import played_by
from erasure.demo.controller import NEWSLETTER, SALES, SUPPORT
from erasure.demo.exports import MAILING, PURCHASES
from erasure.demo.flows import CAMPAIGNS, DECLARED, EXPORTS, FEATURES, MAIL, RECIPIENTS, SERVED, SHOP, Place
from erasure.recomputing import declaring as recomputing
from erasure.recomputing.models import Recomputation
from governance.activities.models import ProcessingActivity
from governance.console import jobs
from governance.console.models import Job
from retention import holds
from retention.models import Exemption

# Where a scan is wrong or silent. Many an artist is a person; a day somebody was hired and a sum they paid are facts
# about them, however operational the column.
CORRECTIONS = {
    (SHOP, "public.artist", "name"): "name.full",
    (SHOP, "public.employee", "hire_date"): "employment",
    (SHOP, "public.invoice", "total"): "finance.transaction",
    (SHOP, "public.customer_profile", "profile"): "contact",
    (SHOP, "public.customer_profile", "profile.visits[].page"): "none.operational",
    (SHOP, "public.support_ticket", "subject"): "content.free_text",
    (EXPORTS, PURCHASES, "artist"): "name.full",
    (EXPORTS, PURCHASES, "track"): "none.operational",
    (EXPORTS, PURCHASES, "genre"): "none.operational",
    (sessions.SYSTEM, sessions.PATTERN, "_key"): "id.cookie",
    (sessions.SYSTEM, sessions.PATTERN, "_key.1"): "id.cookie",
    (MAIL, CAMPAIGNS, "readers"): "none.operational",
}
SYSTEMS = (SHOP, EXPORTS, sessions.SYSTEM, page_views.SYSTEM, lake.SYSTEM, features.SYSTEM)
ASSIGNMENTS = {
    (SHOP, "public.customer"): [SALES, SUPPORT],
    (SHOP, "public.customer_overview"): [SUPPORT],
    (SHOP, "public.customer_profile"): [SALES, SUPPORT],
    (SHOP, "public.employee"): [SUPPORT],
    (SHOP, "public.invoice"): [SALES],
    (SHOP, "public.invoice_line"): [SALES],
    (SHOP, "public.track"): [SALES],
    (SHOP, "public.album"): [SALES],
    (SHOP, "public.artist"): [SALES],
    (SHOP, "public.genre"): [SALES],
    (SHOP, "public.media_type"): [SALES],
    (SHOP, "public.support_ticket"): [SUPPORT],
    (EXPORTS, PURCHASES): [NEWSLETTER],
    (EXPORTS, MAILING): [NEWSLETTER],
    (sessions.SYSTEM, sessions.PATTERN): [SALES],
    (page_views.SYSTEM, page_views.TOPIC): [NEWSLETTER],
    (lake.SYSTEM, lake.SIGNUPS): [NEWSLETTER],
    (lake.SYSTEM, lake.VIEWS): [NEWSLETTER],
    (lake.SYSTEM, lake.READERS): [NEWSLETTER],
    (lake.SYSTEM, lake.COUNTRIES): [NEWSLETTER],
    (features.SYSTEM, FEATURES.data_set): [NEWSLETTER],
    (features.SYSTEM, SERVED.data_set): [NEWSLETTER],
    (MAIL, RECIPIENTS): [NEWSLETTER],
    (MAIL, CAMPAIGNS): [NEWSLETTER],
}
# The country stays with the invoice because the rate of value added tax depends on it.
HELD = {
    "public.invoice": ["invoice_id", "customer_id", "invoice_date", "total", "billing_country"],
    "public.invoice_line": ["invoice_line_id", "invoice_id", "track_id", "unit_price", "quantity"],
}
HOLD_REASON = (
    "German tax law, § 147 (1) no. 4 and (3) AO: invoices are accounting records, kept eight years from the end of "
    "their calendar year."
)
HOLD_UNTIL = date(2033, 12, 31)  # eight years after the year of the last invoice, 2025


def tell(*, say: Callable[[str], None]) -> None:
    """Everything up to the point where a request can be made. Raises DemoProblem."""
    for name in (SHOP, EXPORTS):
        _system(name)
    systems = System.objects.filter(name__in=SYSTEMS)
    for system in systems:
        _scan(system)
    _declare()
    if _unreviewed().exists():
        _carry_labels()
    say(f"{len(systems)} systems are scanned; {_review()} columns were reviewed just now.")
    _recomputed()
    say(f"{_assign()} data sets were assigned to processing activities, {_hold()} legal holds placed.")


def _system(name: str) -> System:
    system = System.objects.filter(name=name).first()
    if system is None:
        raise DemoProblem(f"{name} is not in the catalog: the story needs the whole demo estate.")
    return system


def _data_set(system: str, name: str) -> DataSet:
    found = DataSet.objects.filter(system__name=system, name=name, gone_at=None).first()
    if found is None:
        raise DemoProblem(
            f"{system} has no {name}: `manage.py demo --reset` brings it back; then scan again."
        )
    return found


def _scan(system: System) -> None:
    if system.scanned_at:
        return
    with played_by("dana"):
        job = _finished(scanning.request(system))
    if job.state != Job.State.DONE:
        raise DemoProblem(f"{job.title}: {job.message or job.get_state_display()}")


def _declare() -> None:
    """Where the features come from, as far as what they are made of is in the catalog."""
    with played_by("emil"):
        for target, flows in DECLARED.items():
            for flow in flows:
                into, out_of = _column(target, flow.column), _column(flow.source, flow.source_column)
                if into is None or out_of is None:
                    continue
                between = Edge.objects.filter(source_column=out_of, target_column=into)
                if not between.filter(origin=Edge.Origin.DECLARED).exists():
                    declaring.declare(source=out_of, target=into, subtype=flow.subtype, masking=flow.masking)


def _recomputed() -> None:
    """How the readers are counted again once one of them is erased: declared by emil, approved by dana."""
    if not System.objects.filter(name=lake.SYSTEM).exists():
        return
    counted, readers = _data_set(lake.SYSTEM, lake.COUNTRIES), _data_set(lake.SYSTEM, lake.READERS)
    if Recomputation.objects.filter(data_set=counted).exists():
        return
    with played_by("emil") as emil:
        declared = recomputing.declare(counted, source=readers, columns=lake.COUNTED, by=emil)
    with played_by("dana") as dana:
        recomputing.approve(declared, digest=declared.digest, by=dana)


def _column(place: Place, name: str) -> Column | None:
    return Column.objects.filter(
        data_set__system__name=place.system, data_set__name=place.data_set, name=name, gone_at=None
    ).first()


def _carry_labels() -> None:
    """Along the lineage, as a worker would: what stands in a hash or at the partner is known from there."""
    for job in Job.objects.filter(kind=propagation.KIND).exclude(state__in=Job.FINISHED):
        _finished(job)


def _finished(job: Job) -> Job:
    """Do the job here, unless a worker was quicker; then wait for it."""
    while not job.finished:
        if jobs.run(str(job.pk)) is None:
            time.sleep(0.2)
            jobs.revive()
        job.refresh_from_db()
    return job


def _unreviewed() -> QuerySet[Column]:
    return Column.objects.filter(
        data_set__system__name__in=[*SYSTEMS, MAIL], state=Column.State.UNREVIEWED, gone_at=None
    )


def _review() -> int:
    """Correct what is to be corrected and confirm the rest; how many columns were decided on."""
    waiting = _unreviewed()
    decided = 0
    with played_by("dana") as dana:
        for (system, data_set, name), category in CORRECTIONS.items():
            column = waiting.filter(data_set__system__name=system, data_set__name=data_set, name=name)
            decided += len(reviewing.classify(column, category=category, by=dana))
        decided += len(reviewing.confirm(waiting.all(), by=dana))
    return decided


def _assign() -> int:
    """How many data sets were assigned."""
    activities = {activity.name: activity for activity in ProcessingActivity.objects.all()}
    assigned = 0
    with played_by("amir"):
        known = set(System.objects.values_list("name", flat=True))
        for (system, name), wanted in ASSIGNMENTS.items():
            if system not in known:
                continue
            data_set = _data_set(system, name)
            if not data_set.activities.exists():
                assigned += assigning.assign(data_set, activities=[activities[key] for key in wanted])
    return assigned


def _hold() -> int:
    """How many holds were placed."""
    placed = 0
    with played_by("petra") as petra:
        for name, keep_columns in HELD.items():
            data_set = _data_set(SHOP, name)
            if not data_set.holds.exists():
                holds.place(
                    data_set,
                    keep_columns=keep_columns,
                    exemption=Exemption.LEGAL_OBLIGATION,
                    reason=HOLD_REASON,
                    until=HOLD_UNTIL,
                    placed_by=petra,
                )
                placed += 1
    return placed
