"""Contracts to test with."""

from dataclasses import replace
from typing import Any

from catalog.contracts.document import Document, Field
from catalog.contracts.loading import Loaded

CUSTOMER = b"""\
apiVersion: privacy-console/v1
kind: DataContract
version: 1.0.0
dataset:
  system: Shop
  name: public.customer
owner: crm team
purposes: [billing]
lawful_basis: Art. 6(1)(b)
allowed_uses: [support]
forbidden_uses: [advertising]
retention_days: 3650
fields:
  - name: customer_id
    type: integer
    nullable: false
    unique: true
    category: id.customer
  - name: first_name
    type: character varying(40)
    nullable: false
    category: name.given
  - name: last_name
    type: character varying(40)
    nullable: false
    category: name.family
  - name: address
    type: character varying(90)
    category: contact.address.street
  - name: city
    type: character varying(40)
    category: contact.address.city
  - name: country
    type: character varying(40)
    category: contact.address.country
  - name: phone
    type: character varying(30)
    category: contact.phone
    retention_days: 365
  - name: email
    type: character varying(80)
    nullable: false
    category: contact.email
    masking: {support: mask, analytics: hash}
  - name: support_rep_id
    type: integer
    category: id.employee
"""
ALLOWED = Document(
    "1.0.0",
    "public.customer",
    purposes=("billing",),
    retention_days=30,
    fields=(
        Field("id", "integer", nullable=False, category="id.customer"),
        Field("email", "string", category="contact.email", masking={"analytics": "hash"}),
        Field("note", "text", category="none"),
    ),
)


def loaded(document: Document = ALLOWED, **changes: Any) -> Loaded:
    return Loaded(replace(document, **changes), "yaml")
