"""The settings form of a connector as JSON schema, for programs that register systems."""

from __future__ import annotations

from typing import Any

from django import forms

from catalog.connectors.base import Connector


def json_schema(connector: type[Connector]) -> dict[str, Any]:
    """An object with one property for each field of the form; secrets are `writeOnly`."""
    form = connector.Form()
    fields = form.fields
    return {
        "type": "object",
        "properties": {
            name: {"title": form[name].label, **_property(field, secret=name in connector.secret_fields)}
            for name, field in fields.items()
        },
        "required": [name for name, field in fields.items() if field.required and field.initial is None],
        "additionalProperties": False,
    }


def _property(field: forms.Field, *, secret: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"type": _type(field)}
    if field.help_text:
        found["description"] = str(field.help_text)
    if field.initial is not None and not callable(field.initial):
        found["default"] = field.initial
    if isinstance(field, forms.ChoiceField):
        found["enum"] = [value for value, _ in field.choices]  # type: ignore[misc, union-attr]
    if isinstance(field, forms.IntegerField):
        limits = {"minimum": field.min_value, "maximum": field.max_value}
        found |= {name: value for name, value in limits.items() if value is not None}
    if secret:
        found["writeOnly"] = True
    return found


def _type(field: forms.Field) -> str:
    if isinstance(field, forms.BooleanField):
        return "boolean"
    if isinstance(field, forms.FloatField):
        return "number"
    return "integer" if isinstance(field, forms.IntegerField) else "string"
