"""A person's word on where data may lie and what allows transfers: rules and safeguards, each recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from audit.ledger.recording import record
from catalog import events
from catalog.classification.vocabulary import CATEGORIES
from catalog.localization.regions import require_region
from catalog.models import LocalizationRule, Safeguard, System
from governance.console.models import User


@transaction.atomic
def allow_regions(*, category: str, regions: Sequence[str], by: User, note: str = "") -> LocalizationRule:
    """Data of `category` (empty: all personal data) may lie in `regions` only. It replaces an earlier rule."""
    _require_categories([category] if category else [])
    cleaned = list(dict.fromkeys(require_region(region) for region in regions if region.strip()))
    if not cleaned:
        raise ValidationError({"regions": "Name at least one region."})
    rule, _ = LocalizationRule.objects.update_or_create(
        category=category, defaults={"regions": cleaned, "note": note, "made_by": by}
    )
    record(events.LOCALIZATION_RULED, rule, regions=cleaned)
    return rule


@transaction.atomic
def remove_rule(rule: LocalizationRule) -> None:
    """The rule above it in the tree of categories counts again."""
    record(events.LOCALIZATION_RULE_REMOVED, rule)
    rule.delete()


@transaction.atomic
def put_safeguard(
    *,
    kind: str,
    reference: str,
    by: User,
    region: str = "",
    system: System | None = None,
    categories: Sequence[str] = (),
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Safeguard:
    """What makes transfers into `region`, or into `system` alone, lawful. Raises ValidationError."""
    if kind not in Safeguard.Kind.values:
        raise ValidationError({"kind": f"Choose one of: {', '.join(Safeguard.Kind.values)}."})
    if bool(region.strip()) == (system is not None):
        raise ValidationError({"region": "Name either a region or a system that receives the data."})
    if not reference.strip():
        raise ValidationError({"reference": "Name the decision, contract or rule, so that others find it."})
    start = valid_from or timezone.localdate()
    if valid_until and valid_until < start:
        raise ValidationError({"valid_until": "It would end before it begins."})
    _require_categories(categories)
    made = Safeguard.objects.create(
        kind=kind,
        region=require_region(region),
        system=system,
        categories=list(categories),
        reference=reference.strip(),
        valid_from=start,
        valid_until=valid_until,
        made_by=by,
    )
    record(events.SAFEGUARD_PUT, made, kind=str(kind), receiver=str(system) if system else made.region)
    return made


@transaction.atomic
def withdraw_safeguard(safeguard: Safeguard) -> None:
    """From now on it allows nothing. Doing so twice changes nothing."""
    locked = Safeguard.objects.select_for_update().get(pk=safeguard.pk)
    if locked.withdrawn_at is None:
        locked.withdrawn_at = timezone.now()
        locked.save(update_fields=["withdrawn_at"])
        record(events.SAFEGUARD_WITHDRAWN, locked)


def _require_categories(keys: Sequence[str]) -> None:
    unknown = [key for key in keys if key not in CATEGORIES]
    if unknown:
        raise ValidationError({"category": f"There is no category {unknown[0]!r}."})
