"""The controls that the console itself carries out, and what of them stands in two frameworks.

Identifiers alone are named of the frameworks, with titles in our own words: NIST Privacy Framework 1.0 (2020), core
subcategories; ISO/IEC 27701:2025, annex A. Whether a control is enough for an organisation is for its auditor to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.reports import control_figures as figures
from audit.reports.control_figures import Evidence

NIST, ISO = "NIST Privacy Framework 1.0", "ISO/IEC 27701:2025"


@dataclass(frozen=True, slots=True)
class Control:
    """What is done, where it belongs, how it is told from the live system, and the events that it leaves."""

    title: str
    nist: Sequence[str]
    iso: Sequence[str]
    read: Callable[[], Evidence]
    actions: Sequence[str]


CONTROLS = (
    Control(
        "Inventory of systems and their regions",
        ("ID.IM-P1", "ID.IM-P2", "ID.IM-P7"),
        ("A.1.2.9", "A.1.5.3"),
        figures.inventory,
        ("system.added", "system.changed", "system.removed", "system.crawled"),
    ),
    Control(
        "Classification of data, decided by people",
        ("ID.IM-P6",),
        ("A.3.5",),
        figures.classification,
        ("columns.reviewed", "system.scanned"),
    ),
    Control(
        "Record of processing activities",
        ("ID.IM-P3", "ID.IM-P5"),
        ("A.1.2.2", "A.1.2.3", "A.1.2.9", "A.2.2.7"),
        figures.record_of_processing,
        ("activity.added", "activity.changed", "activity.removed", "processing.added", "processing.changed"),
    ),
    Control(
        "Provenance and lineage",
        ("ID.IM-P8", "CM.AW-P6"),
        ("A.1.5.5",),
        figures.lineage,
        ("lineage.received", "lineage.declared", "lineage.read"),
    ),
    Control(
        "Transfers with a safeguard",
        ("ID.IM-P7", "GV.PO-P5"),
        ("A.1.5.2", "A.1.5.3", "A.1.5.4"),
        figures.transfers,
        ("safeguard.put", "safeguard.withdrawn", "localization.ruled"),
    ),
    Control(
        "Requests answered in time",
        ("CT.PO-P3", "CT.DM-P1", "CT.DM-P3", "CT.DM-P4", "GV.MT-P7"),
        ("A.1.3.2", "A.1.3.7", "A.1.3.9", "A.1.3.10"),
        figures.requests,
        ("request.received", "request.completed", "request.rejected", "request.extended"),
    ),
    Control(
        "Erasure verified by a second search",
        ("CT.DM-P4", "CT.DM-P5"),
        ("A.1.3.7", "A.1.4.6", "A.1.4.9"),
        figures.erasures,
        ("plan.started", "step.done", "erasure.verified", "erasure.verified_again"),
    ),
    Control(
        "Destruction approved by a second person",
        ("PR.AC-P4", "GV.PO-P3"),
        ("A.3.4", "A.3.9"),
        figures.second_person,
        ("plan.made", "plan.approved", "plan.rejected", "shred.approved"),
    ),
    Control(
        "Recipients and custodians told",
        ("CM.AW-P4", "CM.AW-P5"),
        ("A.1.3.8", "A.1.5.5"),
        figures.told,
        (),
    ),
    Control(
        "Retention carried out",
        ("CT.DM-P5", "CT.PO-P2"),
        ("A.1.4.8", "A.1.4.9"),
        figures.retention,
        ("policy.added", "policy.retired", "expiry.planned", "expiry.step_done", "expiry.ended"),
    ),
    Control(
        "De-identification validated before delivery",
        ("CT.DP-P1", "CT.DP-P2"),
        ("A.1.4.5", "A.1.4.6"),
        figures.anonymization,
        ("anonymization.requested", "anonymization.completed", "anonymization.refused"),
    ),
    Control(
        "Access by role, with passwords and tokens that end",
        ("PR.AC-P1", "PR.AC-P4"),
        ("A.3.8", "A.3.9", "A.3.23"),
        figures.access,
        ("user.added", "user.changed", "user.signed_in", "user.locked_out", "token.issued", "token.revoked"),
    ),
    Control(
        "Secrets sealed at rest",
        ("PR.DS-P1",),
        ("A.3.26",),
        figures.secrets,
        ("key.created", "key.rotated", "vault.rekeyed"),
    ),
    Control(
        "Append-only log, verified",
        ("CT.DM-P8", "PR.DS-P6"),
        ("A.3.25", "A.3.14"),
        figures.ledger,
        ("ledger.verified",),
    ),
    Control(
        "Log exported to write-once storage",
        ("CT.DM-P8", "PR.PO-P3"),
        ("A.3.14", "A.3.24"),
        figures.worm,
        (),
    ),
    Control(
        "Backups noted, and replayed after a restore",
        ("PR.PO-P3", "CT.DM-P5"),
        ("A.3.24", "A.1.4.9"),
        figures.backups,
        ("backup.noted", "backup.destroyed", "registry.replayed"),
    ),
)
TITLES = {
    NIST: {
        "ID.IM-P1": "Inventory of systems",
        "ID.IM-P2": "Owners and operators",
        "ID.IM-P3": "Categories of individuals",
        "ID.IM-P5": "Purposes",
        "ID.IM-P6": "Data elements",
        "ID.IM-P7": "Processing environment",
        "ID.IM-P8": "Map of processing",
        "GV.PO-P3": "Roles and responsibilities",
        "GV.PO-P5": "Legal requirements",
        "GV.MT-P7": "Complaints and questions",
        "CT.PO-P2": "Processes for review, sharing and deletion",
        "CT.PO-P3": "Preferences and requests",
        "CT.DM-P1": "Access for review",
        "CT.DM-P3": "Access for alteration",
        "CT.DM-P4": "Access for deletion",
        "CT.DM-P5": "Destruction by policy",
        "CT.DM-P8": "Audit records",
        "CT.DP-P1": "Limited linkability",
        "CT.DP-P2": "Limited identification",
        "CM.AW-P4": "Records of disclosure",
        "CM.AW-P5": "Corrections and deletions passed on",
        "CM.AW-P6": "Provenance and lineage",
        "PR.PO-P3": "Backups",
        "PR.AC-P1": "Identities and credentials",
        "PR.AC-P4": "Permissions, separation of duties",
        "PR.DS-P1": "Data at rest",
        "PR.DS-P6": "Integrity checks",
    },
    ISO: {
        "A.1.2.2": "Purpose",
        "A.1.2.3": "Lawful basis",
        "A.1.2.9": "Records of processing",
        "A.1.3.2": "Obligations to persons",
        "A.1.3.7": "Access, correction, erasure",
        "A.1.3.8": "Informing third parties",
        "A.1.3.9": "Copy of the data",
        "A.1.3.10": "Handling requests",
        "A.1.4.5": "Minimization",
        "A.1.4.6": "De-identification and deletion",
        "A.1.4.8": "Retention",
        "A.1.4.9": "Disposal",
        "A.1.5.2": "Basis of transfers",
        "A.1.5.3": "Countries of transfers",
        "A.1.5.4": "Records of transfers",
        "A.1.5.5": "Records of disclosure",
        "A.2.2.7": "Records of a processor",
        "A.3.4": "Roles and responsibilities",
        "A.3.5": "Classification",
        "A.3.8": "Identities",
        "A.3.9": "Access rights",
        "A.3.14": "Protection of records",
        "A.3.23": "Authentication",
        "A.3.24": "Backup",
        "A.3.25": "Logging",
        "A.3.26": "Cryptography",
    },
}
