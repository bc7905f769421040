from django.db import models


class SubjectKey(models.Model):
    """One data subject's own key, from which their reference in the ledger is made.

    `lookup` is the keyed hash of one of their identifiers. Once the key is destroyed, nobody can say any more to
    whom a reference in the ledger belongs.
    """

    lookup = models.BinaryField(unique=True, max_length=32)
    sealed = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "keyring_subject_key"
