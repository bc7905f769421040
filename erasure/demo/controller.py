"""The demo's controller and its record of processing activities (Article 30 GDPR), all of it fictive.

The company sits in Berlin, so tax law keeps its invoices; its support desk is in Canada and its mailing partner in
the United States, so both kinds of safeguards for transfers occur.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.ledger.recording import record
from governance.activities import events
from governance.activities.models import LawfulBasis, Organisation, ProcessingActivity

ORGANISATION = {
    "name": "Chinook Corporation",
    "contact": "Chinook Corporation, Lindenhof 12, 10115 Berlin, Germany\n"
    "office@chinook.example, +49 30 23125 100",
    "representative": "None: established in the Union.",
    "officer_name": "Petra Lindqvist",
    "officer_contact": "Data protection officer, at the address of the company\n"
    "privacy@chinook.example, +49 30 23125 101",
    "joint_controllers": "None.",
    "country": "DE",
}
SECURITY = (
    "Least-privilege database roles, encryption in transit and of secrets at rest, multi-person approval of erasures, "
    "an append-only log, daily backups kept for 30 days."
)
SALES = "Sales and invoicing"
SUPPORT = "Customer support"
NEWSLETTER = "Newsletter by a mailing partner"
ACTIVITIES: dict[str, dict[str, Any]] = {
    SALES: {
        "purpose": "Sell music, take payment, issue invoices and keep the accounts.",
        "lawful_basis": LawfulBasis.CONTRACT,
        "subject_categories": ["Customers", "Composers and artists"],
        "recipients": ["Payment service provider", "Tax adviser", "Tax authorities"],
        "transfers": "None.",
        "safeguards": "None needed: no transfer takes place.",
        "time_limits": "Invoices and their lines: eight years from the end of the calendar year (§ 147 AO). "
        "Customer accounts: three years after the last purchase.",
    },
    SUPPORT: {
        "purpose": "Answer customers' questions and complaints; each customer has one representative.",
        "lawful_basis": LawfulBasis.CONTRACT,
        "subject_categories": ["Customers", "Employees"],
        "recipients": ["Chinook support desk, Calgary"],
        "transfers": "Canada: the support desk in Calgary reads customer accounts.",
        "safeguards": "Adequacy decision 2002/2/EC for commercial organisations in Canada.",
        "time_limits": "Customer accounts: three years after the last purchase. "
        "Employees: until three years after they have left.",
    },
    NEWSLETTER: {
        "purpose": "Tell customers who asked for it about new music, chosen by what they have bought.",
        "lawful_basis": LawfulBasis.CONSENT,
        "subject_categories": ["Customers"],
        "recipients": ["Prairie Post Inc., Denver (processor)"],
        "transfers": "United States: the mailing partner in Denver receives an export of the customers once a year.",
        "safeguards": "EU-US Data Privacy Framework, Decision (EU) 2023/1795; beside it standard contractual clauses, "
        "Decision (EU) 2021/914.",
        "time_limits": "Exports: until the next one, at most a year. Everything at once when consent is withdrawn.",
    },
}


@transaction.atomic
def describe() -> None:
    """Add the organisation, unless there is one, and the activities that are missing."""
    if not Organisation.objects.exists():
        organisation = Organisation.objects.create(**ORGANISATION)
        record(events.ORGANISATION_CHANGED, organisation, fields=sorted(ORGANISATION))
    for name, facts in ACTIVITIES.items():
        if not ProcessingActivity.objects.filter(name=name).exists():
            activity = ProcessingActivity.objects.create(name=name, security_measures=SECURITY, **facts)
            record(events.ACTIVITY_ADDED, activity, lawful_basis=str(activity.lawful_basis))
