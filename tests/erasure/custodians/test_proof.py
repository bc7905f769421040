"""What the proof of an erasure says of others: their answers with the digests of the evidence, and no note."""

from hashlib import sha256

import pytest

from audit.reports.proof_others import others_sections, untold
from erasure.custodians import answering
from erasure.custodians.models import Recipient, RowExemption, Task
from erasure.requests.attaching import check
from tests.erasure.custodians.conftest import carried_out, drafted
from tests.erasure.custodians.test_recipients import erased, told
from tests.erasure.test_attaching import PDF

__all__ = ["erased", "told"]
pytestmark = pytest.mark.django_db


def test_custodians_answer_with_the_digest_of_the_evidence(task, carl):
    answering.confirm(
        task, state="done", note="Deleted.", files=[check("proof.pdf", PDF)], way="page", by=carl
    )
    _, custodians, recipients = others_sections(task.request)
    (row,) = custodians.rows
    assert (row[0], row[1], row[3], row[5], row[7]) == (
        "crm",
        ["contacts"],
        "Done",
        "Carl",
        [sha256(PDF).hexdigest()],
    )
    assert "Deleted." not in str(row)
    assert recipients.rows == []


def test_recipients_who_were_told_are_not_missing(told, erasing):
    _, _, recipients = others_sections(erasing)
    assert [row[0] for row in recipients.rows] == ["Mailer GmbH"]
    assert untold(erasing, ["Mailer GmbH", "Printer Ltd"]) == ["Printer Ltd"]


def test_recipient_nobody_could_reach_is_missing_until_it_is_declared_impossible(erased, plan, erasing, amir):
    Recipient.objects.update(contact_email="")
    (step,) = drafted(plan, "notify", (erased,))
    carried_out(step)
    assert untold(erasing, ["Mailer GmbH"]) == ["Mailer GmbH"]
    answering.declare_impossible(Task.objects.get(), reason="No address.", by=amir)
    assert untold(erasing, ["Mailer GmbH"]) == []


def test_exceptions_stand_there_with_their_reason(erased, erasing, amir):
    RowExemption.objects.create(
        request=erasing,
        data_set=erased.data_set,
        exemption="b",
        keep_columns=["email"],
        reason="Tax law.",
        made_by=amir,
    )
    exceptions, _, _ = others_sections(erasing)
    assert [row[:5] for row in exceptions.rows] == [
        (
            "shop / public.newsletter",
            "Legal obligation or public task, Art. 17(3)(b)",
            "Tax law.",
            ["email"],
            "Amir",
        )
    ]
