"""Every report, made two times of one console, which is gone afterwards: a document needs no database."""

from __future__ import annotations

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from audit.ledger.context import Actor, acting
from audit.reports.base import Report, reports
from audit.reports.making import cleaned, export, make
from audit.reports.renderers import Document, renderers
from catalog.models import Column, LocalizationRule
from erasure.models import SubjectRequest
from governance.activities.models import ProcessingActivity, ProcessorActivity
from governance.console import jobs
from governance.console.models import Job
from governance.console.permissions import Role
from retention.anonymization.models import Run
from retention.anonymization.rules import Rule, RuleSet
from retention.statistics.models import Budget
from tests.contracts.made_reports import FORMULA, MARKUP
from tests.erasure import estate
from tests.people import person
from tests.services.fixtures import Database, Server


@pytest.fixture(scope="session")
def twice(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, pg_server: Server
) -> dict[str, tuple[Document, Document]]:
    """Every report, made two times of one console, which is gone afterwards: a document needs no database."""
    store = pg_server.create_database()
    with django_db_blocker.unblock(), transaction.atomic(), acting(Actor("system", "test")):
        reference = _erase_ana(store).reference
        made = {
            kind: (_handed_out(cls(), reference), _make(cls(), reference))
            for kind, cls in reports.classes.items()
        }
        transaction.set_rollback(True)
    pg_server.drop_database(store)
    return made


def _erase_ana(store: Database) -> SubjectRequest:
    """Ana is erased from the shop; an activity uses it, and somebody chose names that do harm."""
    store.execute(estate.SHOP)
    shop = estate.register(store)
    estate.label(shop, estate.LABELS)
    estate.own_all_links(shop)
    activity = ProcessingActivity.objects.create(
        name=MARKUP,
        purpose=FORMULA,
        lawful_basis="contract",
        subject_categories=["Customers"],
        recipients=["Tax adviser", "Bank, payments"],
    )
    estate.data_set(shop, "customer").activities.add(activity)
    amir, petra = person("amir", Role.OFFICER), person("petra", Role.OFFICER)
    found = estate.find(estate.request_of("ana@example.org", amir), amir, _work)
    done = estate.approve(found, petra, _work)
    assert done.state == SubjectRequest.State.COMPLETE
    Column.objects.filter(name="topic").update(name=FORMULA)
    LocalizationRule.objects.create(category="", regions=["EEA"], note=FORMULA)
    Budget.objects.create(name=FORMULA, limit=10**9)
    ProcessorActivity.objects.create(controller=FORMULA, contact=MARKUP, categories=["Hosting"])
    rules = RuleSet((Rule("email", "pseudonym", reason=FORMULA),))
    run = Run(
        source=FORMULA,
        source_spec={},
        destination="copies",
        destination_spec={},
        use="test data",
        runner="local",
    )
    run.set_rules(rules)
    run.save()
    return done


def _work() -> None:
    while waiting := Job.objects.filter(state=Job.State.QUEUED).first():
        jobs.run(str(waiting.pk))


def _handed_out(report: Report, reference: str) -> Document:
    """As `_make`, and that it was handed out stands in the ledger."""
    made = _make(report, reference)
    export(made, renderers.get("json")())
    return made


def _make(report: Report, reference: str) -> Document:
    asked = {"request": reference, "identifier": "ana@example.org"}
    parameters = cleaned(report, {name: asked.get(name, "") for name in report.Parameters.base_fields})
    return make(report, parameters=parameters)
