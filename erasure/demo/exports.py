"""The demo's folder: what analysts keep of the customers, and what a mailing partner was sent.

The same rows always give the same bytes. A file is there whole or not at all.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from erasure.demo import extract

PURCHASES = "analytics/purchases.parquet"
MAILING = "partners/mailing-2025.csv"
PURCHASE_SCHEMA = pa.schema(
    [
        pa.field("customer_id", pa.int32(), nullable=False),
        pa.field("email", pa.string(), nullable=False),
        pa.field("first_name", pa.string(), nullable=False),
        pa.field("last_name", pa.string(), nullable=False),
        pa.field("country", pa.string()),
        pa.field("invoice_id", pa.int32(), nullable=False),
        pa.field("invoice_date", pa.timestamp("us"), nullable=False),
        pa.field("track", pa.string(), nullable=False),
        pa.field("artist", pa.string()),
        pa.field("genre", pa.string()),
        pa.field("unit_price", pa.decimal128(10, 2), nullable=False),
        pa.field("quantity", pa.int32(), nullable=False),
    ]
)
# As the partner's own system calls them.
MAILING_HEADER = {
    "E-Mail": "Email",
    "Vorname": "FirstName",
    "Nachname": "LastName",
    "Telefon": "Phone",
    "Strasse": "Address",
    "PLZ": "PostalCode",
    "Ort": "City",
    "Land": "Country",
}


def write(folder: Path, *, again: bool = False) -> bool:
    """Write the files that are missing below `folder`; with `again`, all of them anew. Whether any was written.

    A file that is there stays as it is: what was erased in it stays erased.
    """
    written = False
    for name, content in ((PURCHASES, purchases), (MAILING, mailing)):
        path = folder / name
        _draft_of(path).unlink(missing_ok=True)  # a killed writer's, which no erasure would look into
        if again or not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, content())
            written = True
    return written


def purchases() -> bytes:
    """Every line of every invoice with its customer and track, as Parquet."""
    customers, invoices = extract.by_key("Customer"), extract.by_key("Invoice")
    tracks, albums = extract.by_key("Track"), extract.by_key("Album")
    artists, genres = extract.by_key("Artist"), extract.by_key("Genre")
    lines = []
    for line in extract.rows("InvoiceLine"):
        invoice, track = invoices[line["InvoiceId"]], tracks[line["TrackId"]]
        customer = customers[invoice["CustomerId"]]
        lines.append(
            {
                "customer_id": int(customer["CustomerId"]),
                "email": customer["Email"],
                "first_name": customer["FirstName"],
                "last_name": customer["LastName"],
                "country": customer["Country"],
                "invoice_id": int(invoice["InvoiceId"]),
                "invoice_date": datetime.fromisoformat(invoice["InvoiceDate"]),
                "track": track["Name"],
                "artist": artists[albums[track["AlbumId"]]["ArtistId"]]["Name"],
                "genre": genres[track["GenreId"]]["Name"],
                "unit_price": Decimal(line["UnitPrice"]),
                "quantity": int(line["Quantity"]),
            }
        )
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(lines, PURCHASE_SCHEMA), sink, row_group_size=500)
    return sink.getvalue()


def mailing() -> bytes:
    """All customers as the partner keeps them: semicolons, quotes, CRLF, and the mark that spreadsheets write."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(MAILING_HEADER)
    for customer in extract.rows("Customer"):
        writer.writerow(customer[column] for column in MAILING_HEADER.values())
    return sink.getvalue().encode("utf-8-sig")


def replace_file(path: Path, content: bytes) -> None:
    """Write `path`, whole or not at all."""
    draft = _draft_of(path)
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")
