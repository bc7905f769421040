"""Three tables: what waits to be sequenced, what is sequenced, and where the chain ends.

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
