"""Who may do what: one table, read by every door (pages, API, navigation, tests)."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import models


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", "Administrator"
    OFFICER = "officer", "Privacy officer"
    STEWARD = "steward", "Data steward"
    ENGINEER = "engineer", "Data engineer"
    CUSTODIAN = "custodian", "Custodian"
    AUDITOR = "auditor", "Auditor"


A, O, S, E, C, U = (  # noqa: E741
    Role.ADMINISTRATOR,
    Role.OFFICER,
    Role.STEWARD,
    Role.ENGINEER,
    Role.CUSTODIAN,
    Role.AUDITOR,
)
EVERYONE = frozenset(Role)

PERMISSIONS: dict[str, frozenset[Role]] = {
    "overview.view": EVERYONE,
    "account.manage": EVERYONE,  # one's own password and tokens
    "people.manage": frozenset({A}),
    "systems.view": EVERYONE,
    "systems.manage": frozenset({A, E}),
    "catalog.view": EVERYONE,
    "catalog.scan": frozenset({S, E}),
    "catalog.review": frozenset({S, O}),
    "values.view": frozenset({S, O}),  # masked
    "values.plain": frozenset({O}),
    "transfers.manage": frozenset({O}),
    "links.manage": frozenset({S, E}),
    "lineage.send": frozenset({E}),  # what producers' tokens are for
    "contracts.manage": frozenset({S}),
    "jobs.view": EVERYONE,
    "jobs.cancel": frozenset({A, O, S, E}),
    "activities.view": frozenset({A, O, S, E, U}),
    "activities.manage": frozenset({O}),
    "anonymization.view": frozenset({A, O, S, E, U}),
    "anonymization.run": frozenset({O, S, E}),
    "risk.measure": frozenset({O, S, E}),
    "vault.manage": frozenset({A, O}),  # keys: make, rotate, re-key
    "vault.tokenize": frozenset({E}),
    "vault.detokenize": frozenset({O}),  # with a stated reason
    "vault.shred": frozenset({O}),
    "statistics.query": frozenset({O, S, E}),  # spends budget
    "statistics.true_values": frozenset({O}),
    "budgets.manage": frozenset({O}),
    "retention.view": frozenset({A, O, S, E, C, U}),
    "retention.manage": frozenset({O, S}),  # policies
    "retention.run": frozenset({O}),  # plan and approve expiry
    "registry.check": frozenset({O, E}),  # who of many was erased: keys of persons go in, yes or no comes out
    "backups.manage": frozenset({O, E, C}),
    "training.view": frozenset({A, O, S, E, U}),
    "training.manage": frozenset({E}),
    "tasks.view": frozenset({O, C, U}),  # custodians: of the systems that are theirs
    "tasks.confirm": frozenset({C}),  # a custodian's steps in the systems that are theirs
    "holds.view": frozenset({A, O, S, C, U}),
    "holds.manage": frozenset({O}),
    "requests.view": frozenset({O, U}),
    "requests.handle": frozenset({O}),
    "requests.configure": frozenset({O}),  # letters, recipients
    "protocols.view": frozenset({A, O, U}),  # authorized agents, controllers
    "protocols.manage": frozenset({A, O}),
    "plans.approve": frozenset({O}),
    "packages.read": frozenset({O}),
    "ledger.view": frozenset({A, O, U}),
    "ledger.guard": frozenset({A, O, U}),  # sign, export, say what an alarm was
    "ledger.keys": frozenset({A, O}),  # propose another key for it, approve what somebody else proposed
    "reports.view": frozenset({A, O, S, U}),
    "reports.schedule": frozenset({O, U}),  # files that leave by themselves
}

View = TypeVar("View", bound=Callable[..., Any])
PUBLIC = "public"


def allow(permission: str, **by_method: str) -> Callable[[View], View]:
    """Open a view to whoever has `permission`; `POST="…"` names another one for a method.

    A view without this mark is closed to everybody: see `PermissionMiddleware`.
    """
    for name in (permission, *by_method.values()):
        if name not in PERMISSIONS:
            raise KeyError(f"There is no permission {name!r} in the table.")

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.permission_by_method = by_method  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Open a view to the world: sign-in, the pages of data subjects."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    view.permission_by_method = {}  # type: ignore[attr-defined]
    return view


def roles_allowed(permission: str) -> frozenset[Role]:
    return PERMISSIONS[permission]
