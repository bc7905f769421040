"""Four tables: what waits to be sequenced, what is sequenced, where the chain ends, and what was no entry.

`body` holds the canonical bytes and is the truth; the other columns of an entry are read from it once, to browse
by. PostgreSQL refuses UPDATE, DELETE and TRUNCATE on entries (triggers that fire `ALWAYS`), and the application's
role has not even the right to try.
"""

import orjson
from django.db import models


class Waiting(models.Model):
    """An entry written with its transaction and not yet numbered."""

    body = models.BinaryField()

    class Meta:
        db_table = "ledger_waiting"


class Refused(models.Model):
    """What waited and is no entry: nothing of the console writes such, so it is kept for whoever looks into it."""

    body = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_refused"
        ordering = ["at", "pk"]


class Entry(models.Model):
    """`leaf` = SHA-256(0x00 ‖ body) as in RFC 6962; `chain` = SHA-256(0x01 ‖ chain before ‖ leaf)."""

    number = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField()
    chain = models.BinaryField()
    body = models.BinaryField()
    at = models.DateTimeField()
    action = models.TextField()
    actor = models.TextField()
    object_type = models.TextField()
    object_id = models.TextField()
    subject = models.TextField()
    correlation = models.TextField()

    class Meta:
        db_table = "ledger_entry"
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["action", "-number"], name="ledger_by_action"),
            models.Index(fields=["actor", "-number"], name="ledger_by_actor"),
            models.Index(fields=["object_type", "object_id", "-number"], name="ledger_by_object"),
            models.Index(fields=["subject", "-number"], name="ledger_by_subject"),
            models.Index(fields=["at"], name="ledger_by_time"),
            models.Index(fields=["correlation"], name="ledger_by_correlation"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.action}"

    @property
    def content(self) -> dict:
        return orjson.loads(bytes(self.body))


class Head(models.Model):
    """The one row that says how many entries there are and the chain value of the last."""

    size = models.BigIntegerField()
    chain = models.BinaryField()

    class Meta:
        db_table = "ledger_head"


class Tile(models.Model):
    """256 hashes of the tree, and the root over them; derived from the entries. See `audit.ledger.tiles`."""

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        db_table = "ledger_tile"
        ordering = ["level", "index"]
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="ledger_tile_once")]


class Checkpoint(models.Model):
    """A signed statement of the log's size and root (C2SP tlog-checkpoint). Never changed."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField()
    note = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_checkpoint"
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"checkpoint {self.size}"

    def cosigned(self) -> str:
        """The note with the cosignatures that witnesses have given so far."""
        return self.note + "".join(each.line for each in self.cosignatures.all())


class Stamp(models.Model):
    """What a time stamp authority (RFC 3161) signed: that the text of this checkpoint existed at a time."""

    checkpoint = models.OneToOneField(Checkpoint, on_delete=models.PROTECT, related_name="stamp")
    authority = models.CharField(max_length=300)
    response = models.BinaryField()  # TimeStampResp in DER, with the authority's certificates
    at = models.DateTimeField()  # as the authority says

    class Meta:
        db_table = "ledger_stamp"
        ordering = ["-at"]


class KeyChange(models.Model):
    """From this size on the log's checkpoints are signed with another key. `note` says so, signed by both."""

    size = models.BigIntegerField()
    old = models.TextField()  # verifier keys
    new = models.TextField()
    note = models.TextField()
    revoked = models.BooleanField()  # the old key is lost or known to others, and signs nothing any more
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    until = models.DateTimeField()  # so long the old key signs as well

    class Meta:
        db_table = "ledger_key_change"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["new"], name="ledger_key_once")]


class KeyProposal(models.Model):
    """A change of keys that one person proposed and another decides on. Nothing changes before that."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Awaiting approval"
        REJECTED = "rejected", "Rejected"
        DONE = "done", "Carried out"

    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    old = models.TextField()  # verifier key of the log when it was proposed
    revoke = models.BooleanField()
    reason = models.CharField(max_length=300)
    asked_by = models.CharField(max_length=60)  # as the ledger has them
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=60, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    change = models.OneToOneField(KeyChange, on_delete=models.PROTECT, null=True, related_name="proposal")

    class Meta:
        db_table = "ledger_key_proposal"
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state="proposed"), name="key_proposed_once"
            )
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"KEY-{self.pk}"

    def ledger_name(self) -> str:
        return self.reference


class PersonKey(models.Model):
    """The key of what is sealed about one person in the log; empty once it was destroyed. Not part of the log."""

    subject = models.CharField(max_length=60)  # the keyed reference
    wrapped = models.BinaryField()
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_person_key"
        constraints = [
            models.UniqueConstraint(
                fields=["subject"], condition=models.Q(destroyed_at=None), name="person_key_once"
            )
        ]


class Segment(models.Model):
    """Entries that stand on write-once storage, as it was read back after it was written."""

    start = models.BigIntegerField(unique=True)
    end = models.BigIntegerField()
    place = models.CharField(max_length=300)
    manifest = models.CharField(max_length=120)  # its name there
    manifest_sha256 = models.CharField(max_length=64)
    version = models.CharField(max_length=120, blank=True)
    protection = models.CharField(max_length=120)
    retain_until = models.DateTimeField()
    written_at = models.DateTimeField()

    class Meta:
        db_table = "ledger_segment"
        ordering = ["-start"]

    def __str__(self) -> str:
        return f"entries {self.start} to {self.end - 1}"


class Cosignature(models.Model):
    """What a witness signed: that this checkpoint continues the one it saw before."""

    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_cosignature"
        ordering = ["witness"]
        constraints = [models.UniqueConstraint(fields=["checkpoint", "witness"], name="cosigned_once")]


class Verification(models.Model):
    """One reading of the whole ledger: what held, and the first thing that did not."""

    at = models.DateTimeField()
    size = models.BigIntegerField()
    checkpoints = models.IntegerField(default=0)  # how many of them were compared with the entries
    problem = models.TextField(blank=True)
    number = models.BigIntegerField(null=True)  # the first entry that is wrong

    class Meta:
        db_table = "ledger_verification"
        ordering = ["-at"]

    @property
    def intact(self) -> bool:
        return not self.problem


class Alarm(models.Model):
    """Something about the ledger that a person has to look at; it stands until they say that they have."""

    class Kind(models.TextChoices):
        DIVERGED = "diverged", "The log and a published checkpoint part ways"
        BROKEN = "broken", "An entry does not hold"
        EXPORT = "export", "The export failed or is late"
        GAP = "gap", "Segments are missing in the export"
        WITNESS = "witness", "A witness refused"
        STAMP = "stamp", "A checkpoint could not be time-stamped"
        CLOCK = "clock", "The clock was set back"
        REFUSED = "refused", "Something waited that is no entry"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    message = models.TextField()
    raised_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_how = models.CharField(max_length=300, blank=True)
    up_to = models.BigIntegerField(null=True)  # of those that were refused, the last that it is about

    class Meta:
        db_table = "ledger_alarm"
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(settled_at=None), name="alarm_of_a_kind_once"
            )
        ]
