"""What goes in and out of the vault over REST. Values go in to be tokenized and come out only to be detokenized."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalog.classification.vocabulary import CATEGORIES
from retention.vault import patterns
from retention.vault.asking import REASON_LENGTH
from retention.vault.forms import unique_categories
from retention.vault.models import Key, KeyVersion, ShredRequest, TokenDomain, named
from retention.vault.shred_requests import fingerprint, holdings
from retention.vault.versions import LONGEST_DOMAIN

MOST_VALUES = 10_000
MOST_TOKENS = 1_000


class KeySerializer(serializers.ModelSerializer):
    version = serializers.IntegerField(source="number", read_only=True)
    in_use_since = serializers.DateTimeField(source="since", read_only=True)
    kms = serializers.CharField(read_only=True)
    wrapped_by = serializers.CharField(source="reference", read_only=True)
    versions = serializers.IntegerField(source="version_count", read_only=True)
    entries = serializers.IntegerField(read_only=True)
    under_older_versions = serializers.IntegerField(source="stale", read_only=True)

    class Meta:
        model = Key
        fields = [
            "name",
            "note",
            "version",
            "in_use_since",
            "kms",
            "wrapped_by",
            "versions",
            "entries",
            "under_older_versions",
            "created_at",
        ]


class NewKeySerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80, validators=[named])
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class KeyVersionSerializer(serializers.ModelSerializer):
    key = serializers.CharField(source="key.name")
    wrapped_by = serializers.CharField(source="reference")

    class Meta:
        model = KeyVersion
        fields = ["key", "number", "state", "kms", "wrapped_by", "created_at"]


class DomainSerializer(serializers.ModelSerializer):
    tokens = serializers.IntegerField(source="token_count", read_only=True)
    of_known_persons = serializers.IntegerField(source="with_person", read_only=True)

    class Meta:
        model = TokenDomain
        fields = ["name", "note", "tokens", "of_known_persons", "created_at"]


class TokenizeSerializer(serializers.Serializer):
    domain = serializers.CharField(max_length=80, validators=[named])
    values = serializers.ListField(
        child=serializers.CharField(max_length=4096, allow_blank=True, trim_whitespace=False),
        min_length=1,
        max_length=MOST_VALUES,
    )
    pattern = serializers.CharField(
        max_length=patterns.MOST,
        default=patterns.DEFAULT,
        trim_whitespace=False,
        help_text="# is a digit, ? a small letter, * either; all else stands for itself.",
    )
    persons = serializers.ListField(
        child=serializers.CharField(max_length=320, allow_blank=True, allow_null=True),
        required=False,
        help_text="Whose the values are, one identifier or null for each.",
    )
    category = serializers.ChoiceField(
        choices=[(key, category.title) for key, category in CATEGORIES.items()],
        required=False,
        allow_blank=True,
        default="",
        help_text="The kind of identifier in `persons`, as the catalog calls it.",
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if "persons" in given and len(given["persons"]) != len(given["values"]):
            raise serializers.ValidationError({"persons": "There must be one, or null, for each value."})
        return given


class IssuedSerializer(serializers.Serializer):
    domain = serializers.CharField()
    tokens = serializers.ListField(child=serializers.CharField(), help_text="In the order of the values.")


class DetokenizeSerializer(serializers.Serializer):
    domain = serializers.CharField(
        max_length=LONGEST_DOMAIN,
        help_text="Without what follows its slash, tokens of every pattern of the domain are found.",
    )
    tokens = serializers.ListField(
        child=serializers.CharField(max_length=4096), min_length=1, max_length=MOST_TOKENS
    )
    reason = serializers.CharField(max_length=REASON_LENGTH, help_text="Kept in the ledger for ever.")


class ResolvedValueSerializer(serializers.Serializer):
    token = serializers.CharField()
    value = serializers.CharField(allow_null=True)
    problem = serializers.CharField()


class ResolvedSerializer(serializers.Serializer):
    domain = serializers.CharField()
    answers = ResolvedValueSerializer(many=True, help_text="In the order of the tokens.")


class ShredSerializer(serializers.ModelSerializer):
    class Meta:
        model = ShredRequest
        fields = [
            "id",
            "reference",
            "state",
            "category",
            "subject",
            "reason",
            "asked_at",
            "decided_at",
            "decision_reason",
            "finished_at",
            "tokens",
            "keys",
        ]


class ShredDetailSerializer(ShredSerializer):
    holdings = serializers.SerializerMethodField(help_text="What the vault has of the person now.")
    fingerprint = serializers.SerializerMethodField(help_text="Of whom and what: send it to approve this.")

    class Meta(ShredSerializer.Meta):
        fields = [*ShredSerializer.Meta.fields, "holdings", "fingerprint"]

    def get_holdings(self, request: ShredRequest) -> dict[str, dict[str, int]]:
        found = holdings(request)
        return {"tokens": dict(found.by_domain), "keys": dict(found.by_key)}

    def get_fingerprint(self, request: ShredRequest) -> str:
        return fingerprint(request, holdings(request))


class ProposeSerializer(serializers.Serializer):
    category = serializers.ChoiceField(choices=unique_categories())
    value = serializers.CharField(max_length=320, help_text="The identifier: hashed and not kept.")
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class ShredApproveSerializer(serializers.Serializer):
    fingerprint = serializers.CharField(max_length=64)


class ShredReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")
