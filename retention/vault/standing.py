"""How the keys and domains stand: where they are wrapped, how old they are, what is under older versions."""

from __future__ import annotations

from django.db.models import Count, F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from retention.vault.models import Key, KeyVersion, PersonKey, Token, TokenDomain

State = KeyVersion.State
MOST_OFFERED = 500


def named_keys() -> QuerySet[Key]:
    """Each key with `number`, `kms`, `reference` and `since` of its active version, how many versions it has, and how
    many entries of the vault are under it (`entries`), and under its older versions (`stale`)."""
    active = KeyVersion.objects.filter(key=OuterRef("pk"), state=State.ACTIVE)
    return Key.objects.annotate(
        **{field: Subquery(active.values(field)[:1]) for field in ("number", "kms", "reference")},
        since=Subquery(active.values("created_at")[:1]),
        version_count=Count("versions"),
        entries=_under(PersonKey) + _under(Token),
        stale=_under(PersonKey, version__state=State.RETIRED) + _under(Token, version__state=State.RETIRED),
    ).order_by("name")


def versions_of(key: Key) -> QuerySet[KeyVersion]:
    """Its versions, the newest first, each with the number of `entries` under it."""
    return (
        key.versions.annotate(of_persons=_of_version(PersonKey), of_tokens=_of_version(Token))
        .annotate(entries=F("of_persons") + F("of_tokens"))
        .order_by("-number")
    )


def domains() -> QuerySet[TokenDomain]:
    """Each token domain with its number of tokens, and of those that a person is known of."""
    counted = TokenDomain.objects.annotate(token_count=Count("tokens"), with_person=Count("tokens__person"))
    return counted.order_by("name")


def offered() -> QuerySet[TokenDomain, str]:
    """Names of domains to choose from."""
    return TokenDomain.objects.values_list("name", flat=True)[:MOST_OFFERED]


def _under(model: type[Model], **filters: str) -> Coalesce:
    counted = (
        model._default_manager.filter(version__key=OuterRef("pk"), **filters)
        .order_by()
        .values("version__key")
        .annotate(count=Count("pk"))
    )
    return Coalesce(Subquery(counted.values("count")), 0)


def _of_version(model: type[Model]) -> Coalesce:
    counted = (
        model._default_manager.filter(version=OuterRef("pk"))
        .order_by()
        .values("version")
        .annotate(count=Count("pk"))
    )
    return Coalesce(Subquery(counted.values("count")), 0)
