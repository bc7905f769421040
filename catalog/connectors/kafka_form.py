"""The settings of a Kafka cluster."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django import forms

from catalog.connectors.base import Malformed
from catalog.connectors.schema_registry import Schema
from catalog.connectors.schema_registry_avro import AvroCodec

SHOWN = "shown"


class KafkaForm(forms.Form):
    bootstrap_servers = forms.CharField(
        initial="localhost:9092", help_text="Host and port of one or more brokers, separated by commas."
    )
    security_protocol = forms.ChoiceField(
        initial="PLAINTEXT",
        choices=[
            ("PLAINTEXT", "None"),
            ("SSL", "TLS"),
            ("SASL_PLAINTEXT", "User and password without TLS"),
            ("SASL_SSL", "User and password over TLS"),
        ],
    )
    sasl_mechanism = forms.ChoiceField(
        label="SASL mechanism",
        initial="SCRAM-SHA-512",
        required=False,
        choices=[(name, name) for name in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")],
    )
    user = forms.CharField(required=False, help_text="One that may describe and read the topics.")
    password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    certificate_authority = forms.CharField(
        required=False, widget=forms.Textarea(), help_text="PEM text; empty to trust those of this machine."
    )
    topics = forms.CharField(
        required=False,
        help_text="Names or patterns like orders.*, separated by commas; empty for all but internal ones.",
    )
    schema_registry = forms.CharField(
        required=False, help_text="Its URL, where there is one: http://registry:8081"
    )
    schema_registry_user = forms.CharField(required=False)
    schema_registry_password = forms.CharField(required=False, widget=forms.PasswordInput(), strip=False)
    avro_schemas = forms.CharField(
        required=False,
        widget=forms.Textarea(),
        help_text="Where Avro messages carry no schema id: a JSON object with the schema of each such topic.",
    )
    message_columns = forms.ChoiceField(
        label="Key, time and headers",
        initial=SHOWN,
        choices=[(SHOWN, "Columns of their own"), ("hidden", "Left out")],
        help_text="As _key, _timestamp and _headers, beside the fields of the message.",
    )

    def clean_bootstrap_servers(self) -> str:
        servers = [each.strip() for each in self.cleaned_data["bootstrap_servers"].split(",")]
        for server in servers:
            host, _, port = server.rpartition(":")
            if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65536:
                raise forms.ValidationError("Write each broker as host:port.")
        return ",".join(servers)

    def clean_schema_registry(self) -> str:
        url = self.cleaned_data["schema_registry"]
        try:
            parts = urlsplit(url)
        except ValueError:
            raise forms.ValidationError("This is no URL.") from None
        if url and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise forms.ValidationError("Write a URL that begins with http:// or https://.")
        if parts.username is not None or parts.password is not None:
            raise forms.ValidationError("Write user and password in their own fields.")
        return url

    def clean_avro_schemas(self) -> str:
        read_avro_schemas(self.cleaned_data["avro_schemas"])
        return self.cleaned_data["avro_schemas"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("security_protocol", "").startswith("SASL") and not cleaned.get("user"):
            self.add_error("user", "This security protocol wants a user.")
        return cleaned


def read_avro_schemas(text: str) -> dict[str, str]:
    """Schema texts by topic. Raises ValidationError."""
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise forms.ValidationError("This is no JSON.") from None
    if not isinstance(found, dict):
        raise forms.ValidationError('Write an object: {"topic": {"type": "record", ...}}.')
    schemas = {topic: json.dumps(schema) for topic, schema in found.items()}
    for topic, schema in schemas.items():
        try:
            AvroCodec(Schema("AVRO", schema))
        except Malformed:
            raise forms.ValidationError(f"The schema of {topic} is no Avro schema.") from None
    return schemas
