"""A CRM that only lineage speaks of, with carl as its custodian; Ana's erasure with a plan that asks him."""

from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from catalog.models import Column, DataSet, System
from erasure.custodians import connecting
from erasure.custodians.models import Recipient, Task
from erasure.measures import registry as measures
from erasure.measures.base import Planned
from erasure.models import Plan, Step, SubjectRequest
from governance.activities.models import ProcessingActivity
from governance.console.models import User
from tests.erasure.estate import request_of
from tests.services.custodian_webhook import CustodianSystem, custodian_system


@pytest.fixture
def crm(db: None, carl: User) -> System:
    carl.email = "carl@console.example"
    carl.save()
    system = System.objects.create(name="crm", kind="external", region="EU", custodian=carl)
    contacts = DataSet.objects.create(system=system, name="contacts", kind="table")
    Column.objects.create(
        data_set=contacts, name="email", position=1, data_type="text", kind="text", category="contact.email"
    )
    return system


@pytest.fixture
def erasing(amir: User) -> SubjectRequest:
    amir.email = "amir@console.example"
    amir.save()
    request = request_of("ana@example.org", amir)
    SubjectRequest.objects.filter(pk=request.pk).update(state="executing")
    request.refresh_from_db()
    return request


@pytest.fixture
def plan(erasing: SubjectRequest) -> Plan:
    return Plan.objects.create(request=erasing, number=1, state=Plan.State.EXECUTING, fingerprint="f" * 64)


@pytest.fixture
def mailer(db: None) -> Recipient:
    """A processor that receives the data of an activity."""
    activity = ProcessingActivity.objects.create(
        name="Newsletter",
        purpose="Letters",
        lawful_basis="consent",
        subject_categories=["Readers"],
        recipients=["Mailer GmbH", "Printer Ltd", "None"],
    )
    recipient = Recipient.objects.create(
        name="Mailer GmbH", kind="processor", contact_email="privacy@mailer.example", region="DE"
    )
    recipient.activities.add(activity)
    return recipient


@pytest.fixture
def receiver(settings) -> Iterator[CustodianSystem]:
    settings.WEBHOOK_NETWORKS = [ip_network("127.0.0.0/8")]
    with custodian_system() as server:
        server.people = {"ana@example.org", "bo@example.org"}
        yield server


@pytest.fixture
def hooked(crm: System, receiver: CustodianSystem) -> CustodianSystem:
    """The CRM's own system takes tasks."""
    _, receiver.secret = connecting.set_webhook(crm, receiver.url)
    return receiver


def drafted(plan: Plan, measure: str, rows: tuple[Step, ...] = ()) -> list[Step]:
    """The steps that a measure wants in the plan, saved as the engine does."""
    assert plan.request is not None
    (steps,) = measures.get(measure)().drafts([Planned(plan.request, rows)])
    for step in steps:
        step.plan, step.method = plan, measure
        step.position = plan.steps.count() + 1
        step.save()
    return steps


def carried_out(step: Step):
    """The step as the engine carries it out; its outcome."""
    outcome = measures.get(step.method)().execute(step)
    step.state = Step.State.WAITING if outcome.left else Step.State.DONE
    step.waits_for, step.facts = outcome.waits_for, step.facts | outcome.facts
    step.save()
    return outcome


def checked(step: Step):
    return measures.get(step.method)().check(Step.objects.select_related("plan__request").get(pk=step.pk))


@pytest.fixture
def task(crm: System, plan: Plan, django_capture_on_commit_callbacks) -> Task:
    """The one that carl has to do."""
    (step,) = drafted(plan, "ask_custodian")
    with django_capture_on_commit_callbacks(execute=True):
        carried_out(step)
    return Task.objects.get()
