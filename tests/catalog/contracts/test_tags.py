"""Tags in Avro, Protobuf, Parquet and dbt: read, and written without touching the rest."""

import json
from dataclasses import replace
from importlib import resources
from io import BytesIO
from typing import Any

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from grpc_tools import protoc

from catalog.contracts.document import Document, Field
from catalog.contracts.loading import load, load_file
from catalog.contracts.problems import ContractError
from catalog.contracts.tags import tagged
from catalog.contracts.writing import write_tags

AVRO: dict[str, Any] = {
    "type": "record",
    "name": "Customer",
    "namespace": "shop",
    "doc": "Who buys.",
    "fields": [
        {"name": "id", "type": "long", "sensitivity": "pseudonymous"},
        {"name": "email", "type": ["null", "string"], "privacy.category": "contact.email", "acme.owner": "crm"},
        {"name": "born", "type": {"type": "int", "logicalType": "date"}, "pii": True},
        {"name": "orders", "type": {"type": "array", "items": {
            "type": "record", "name": "Order", "fields": [
                {"name": "total", "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}},
                {"name": "parent", "type": ["null", "shop.Customer"]},
            ]}}},
    ],
}  # fmt: skip
PROTO = """\
syntax = "proto3";
package shop;
import "acme/options.proto";

// Who buys.
message Customer {
  string email = 1 [(acme.category) = "contact.email", deprecated = true];
  repeated Order orders = 2;  // all of them
  oneof born {
    string birth_date = 3 [(acme.tag) = { pii: true, owner: CRM }];
    int32 year = 4 [(acme.masking).analytics = "generalize"];
  }
  message Order { int32 total = 1; }
}
"""


def said(document: Document) -> dict[str, tuple]:
    return {
        item.name: (item.type, item.nullable, item.category, item.sensitivity) for item in document.fields
    }


def test_tags_of_an_avro_schema_are_read():
    (found,) = load(json.dumps(AVRO).encode(), name="customer.avsc", system="Lake")
    assert (found.format, found.document.data_set, found.document.description) == (
        "avro",
        "Lake / shop.Customer",
        "Who buys.",
    )
    assert said(found.document) == {
        "id": ("long", False, "", "pseudonymous"),
        "email": ("string", True, "contact.email", ""),
        "born": ("date", False, "", "direct"),
        "orders": ("array", False, "", ""),
        "orders[].total": ("decimal(10, 2)", False, "", ""),
        "orders[].parent": ("shop.Customer", True, "", ""),
    }


def test_tags_written_into_an_avro_schema_come_back_and_leave_the_rest(tmp_path):
    source, target = tmp_path / "a.avsc", tmp_path / "b.avsc"
    source.write_text(json.dumps(AVRO))
    fields = (
        Field("email", category="contact.email", masking={"analytics": "hash"}, retention_days=30),
        Field("orders[].total", category="finance.transaction"),
    )
    write_tags(source, target, Document("1.0.0", "shop.Customer", fields=fields))
    written = json.loads(target.read_text())
    assert written["fields"][1] == {
        "name": "email",
        "type": ["null", "string"],
        "acme.owner": "crm",
        "privacy.category": "contact.email",
        "privacy.masking": "analytics: hash",
        "privacy.retention_days": 30,
    }
    assert written["fields"][0] == AVRO["fields"][0]  # tags of others stay
    back = {item.name: item for item in load_file(target)[0].document.fields}
    assert back["email"].masking == {"analytics": "hash"}
    assert (back["email"].retention_days, back["orders[].total"].category) == (30, "finance.transaction")
    with pytest.raises(ContractError, match="It is there already"):
        write_tags(source, target, Document("1.0.0", "x"))


def test_a_schema_with_tags_still_reads_and_writes_avro(tmp_path):
    source, target = tmp_path / "a.avsc", tmp_path / "b.avsc"
    source.write_text(json.dumps(AVRO))
    write_tags(source, target, Document("1.0.0", "x", fields=(Field("email", category="contact.email"),)))
    schema = fastavro.parse_schema(json.loads(target.read_text()))
    buffer = BytesIO()
    rows = [{"id": 1, "email": "a@example.com", "born": 0, "orders": []}]
    fastavro.writer(buffer, schema, rows)
    buffer.seek(0)
    reader = fastavro.reader(buffer)
    assert len(list(reader)) == 1
    written: Any = reader.writer_schema
    assert written["fields"][1]["privacy.category"] == "contact.email"


def test_options_of_a_proto_file_are_read():
    (found,) = load(PROTO.encode(), name="shop.proto", system="Topics")
    assert (found.format, found.document.data_set) == ("protobuf", "Topics / shop.Customer")
    assert said(found.document) == {
        "email": ("string", True, "contact.email", ""),
        "orders": ("repeated Order", True, "", ""),
        "orders[].total": ("int32", True, "", ""),
        "birth_date": ("string", True, "", "direct"),
        "year": ("int32", True, "", ""),
    }
    assert found.document.fields[4].masking == {"analytics": "generalize"}


def test_options_written_into_a_proto_file_come_back_and_leave_the_rest(tmp_path):
    source, target = tmp_path / "a.proto", tmp_path / "b.proto"
    source.write_text(PROTO)
    document = load(PROTO.encode(), name="a.proto")[0].document
    first = replace(document.fields[0], masking={"support": "mask"}, retention_days=90)
    write_tags(source, target, replace(document, fields=(first, *document.fields[1:])))
    text = target.read_text()
    for kept in (
        "// Who buys.",
        "// all of them",
        "deprecated = true",
        "(acme.tag) = { pii: true, owner: CRM }",
    ):
        assert kept in text
    assert 'import "privacy/options.proto";' in text
    assert '(privacy.category) = "contact.email"' in text
    assert load_file(target)[0].document.fields[0] == first


def test_a_proto_file_with_tags_compiles(tmp_path):
    source, target = tmp_path / "a.proto", tmp_path / "b.proto"
    source.write_text('syntax = "proto3";\nmessage A { string email = 1; }\n')
    item = Field("email", category="contact.email", masking={"analytics": "hash"}, retention_days=30)
    write_tags(source, target, Document("1.0.0", "A", fields=(item,)))
    well_known = resources.files("grpc_tools") / "_proto"
    arguments = [
        "protoc",
        f"-I{tmp_path}",
        f"-I{well_known}",
        f"--descriptor_set_out={tmp_path / 'b.bin'}",
        "b.proto",
    ]
    assert protoc.main(arguments) == 0
    assert b"contact.email" in (tmp_path / "b.bin").read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("message A {", "This is not Protobuf"),
        ("no proto at all", "This is not Protobuf"),
        ("message A {" * 60, "nested too deeply"),
        ("", "There is no message in it"),
    ],
)
def test_what_is_no_proto_file_is_refused(text: str, words: str):
    with pytest.raises(ContractError, match=words):
        load(text.encode(), name="a.proto")


def test_metadata_of_parquet_is_read_and_written(tmp_path):
    source, target = tmp_path / "customer.parquet", tmp_path / "tagged.parquet"
    schema = pa.schema(
        [
            pa.field("email", pa.string(), metadata={"privacy.category": "contact.email", "acme": "x"}),
            pa.field("place", pa.struct([pa.field("city", pa.string(), metadata={"pii": "false"})])),
            pa.field("n", pa.int32(), nullable=False),
        ],
        metadata={"made by": "us"},
    )
    rows = [{"email": f"a{n}@example.com", "place": {"city": "Oslo"}, "n": n} for n in range(1_000)]
    pq.write_table(pa.Table.from_pylist(rows, schema), source, row_group_size=300)
    (found,) = load_file(source, system="Lake")
    assert said(found.document) == {
        "email": ("string", True, "contact.email", ""),
        "place": ("struct<city: string>", True, "", ""),
        "place.city": ("string", True, "", "none"),
        "n": ("int32", False, "", ""),
    }
    fields = (Field("email", category="contact.email", retention_days=30), Field("n", category="none"))
    write_tags(source, target, Document("1.0.0", "customer", fields=fields))
    written = pq.read_schema(target)
    assert written.field("email").metadata[b"acme"] == b"x"
    assert written.field("email").metadata[b"privacy.retention_days"] == b"30"
    assert written.metadata[b"made by"] == b"us"
    assert pq.read_table(target).to_pylist() == rows
    assert pq.ParquetFile(target).num_row_groups == pq.ParquetFile(source).num_row_groups
    back = load_file(target)[0].document.fields
    assert (back[0].retention_days, back[3].category) == (30, "none")


def test_meta_of_dbt_is_read():
    text = b"""
version: 2
models:
  - name: customers
    columns:
      - name: email
        data_type: varchar
        meta: {pii: EMAIL, masking: {analytics: hash}}
      - name: total
        config: {meta: {contains_pii: false, sensitivity: none}}
sources:
  - name: raw
    tables: [{name: orders, columns: [{name: id}]}]
"""
    customers, orders = load(text, name="schema.yml", system="Warehouse")
    assert (customers.document.data_set, orders.document.data_set) == (
        "Warehouse / customers",
        "Warehouse / raw.orders",
    )
    assert customers.document.fields[0] == Field(
        "email", "varchar", category="contact.email", masking={"analytics": "hash"}
    )
    assert customers.document.fields[1].sensitivity == "none"


@pytest.mark.parametrize(
    "tags",
    [
        {"privacy.category": "contact.mail"},
        {"privacy.masking": "analytics: rot13"},
        {"privacy.retention_days": "long"},
    ],
)
def test_a_tag_of_ours_that_means_nothing_is_refused(tags: dict):
    schema = {"type": "record", "name": "A", "fields": [{"name": "x", "type": "string", **tags}]}
    with pytest.raises(ContractError, match=f"means nothing as {next(iter(tags))}"):
        load(json.dumps(schema).encode(), name="a.avsc")


def test_a_field_that_is_not_there_is_named(tmp_path):
    (tmp_path / "a.avsc").write_text(json.dumps(AVRO))
    (tmp_path / "a.proto").write_text(PROTO)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "a.parquet")
    for kind in ("avsc", "proto", "parquet"):
        target = tmp_path / f"b.{kind}"
        with pytest.raises(ContractError, match="fax"):
            write_tags(tmp_path / f"a.{kind}", target, Document("1", "shop.Customer", fields=(Field("fax"),)))
        assert not target.exists()


def bomb_of_avro(levels: int, uses: int) -> bytes:
    inner: Any = {"type": "record", "name": "R0", "fields": [{"name": "x", "type": "int"}]}
    for level in range(1, levels):
        again = [{"name": f"b{use}", "type": f"R{level - 1}"} for use in range(uses)]
        inner = {"type": "record", "name": f"R{level}", "fields": [{"name": "a", "type": inner}, *again]}
    return json.dumps(inner).encode()


def bomb_of_protobuf(levels: int, uses: int) -> bytes:
    fields = ["".join(f"M{level + 1} f{use} = {use + 1};" for use in range(uses)) for level in range(levels)]
    messages = "".join(f"message M{level} {{ {inside} }}\n" for level, inside in enumerate(fields))
    return f"{messages}message M{levels} {{ int32 x = 1; }}".encode()


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (bomb_of_avro(11, 4), "a.avsc", "It unfolds to more than 10,000 fields."),
        (bomb_of_protobuf(30, 2), "a.proto", "It unfolds to more than 10,000 fields."),
        (bomb_of_protobuf(60, 1), "a.proto", "lies deeper than 40 types."),
        (b'{"type": "record", "name": "a", "fields": [{"name": "x", "type": 5}]}', "a.avsc", "5 is no type of Avro."),
    ],
)  # fmt: skip
def test_a_small_schema_cannot_become_a_large_one(content: bytes, name: str, said: str):
    with pytest.raises(ContractError, match=said):
        load(content, name=name)


WITH_PARAMETERS = {
    "analytics": {
        "technique": "generalize_band",
        "parameters": {"width": 10, "written": 'a "label", \\ and more'},
    },
    "support": "mask",
}


def _written_and_read(source, target, name: str):
    fields = (Field(name, masking=WITH_PARAMETERS),)
    write_tags(source, target, Document("1.0.0", "shop.Customer", fields=fields))
    return {item.name: item for item in load_file(target)[0].document.fields}[name].masking


def test_a_technique_with_parameters_comes_back_out_of_avro(tmp_path):
    (tmp_path / "a.avsc").write_text(json.dumps(AVRO))
    assert _written_and_read(tmp_path / "a.avsc", tmp_path / "b.avsc", "email") == WITH_PARAMETERS


def test_a_technique_with_parameters_comes_back_out_of_protobuf(tmp_path):
    (tmp_path / "a.proto").write_text(PROTO)
    assert _written_and_read(tmp_path / "a.proto", tmp_path / "b.proto", "email") == WITH_PARAMETERS


def test_a_technique_with_parameters_comes_back_out_of_parquet(tmp_path):
    pq.write_table(pa.table({"email": ["a@example.org"]}), tmp_path / "a.parquet")
    assert _written_and_read(tmp_path / "a.parquet", tmp_path / "b.parquet", "email") == WITH_PARAMETERS


@pytest.mark.parametrize(
    "how", [{"technique": "Rot 13"}, {"parameters": {}}, {"technique": "mask", "x": 1}, 3]
)
def test_what_is_no_technique_with_parameters_is_refused(how):
    with pytest.raises(ContractError, match=r"means nothing as privacy\.masking"):
        tagged(Field("email"), {"privacy.masking": {"analytics": how}})
