"""The lake: Iceberg tables on S3, raw in bronze, cleaned in silver, counted in gold. Readers of the newsletter only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

import pyarrow as pa
from pyarrow import fs

from catalog.connectors.extras import load
from erasure.demo import DemoProblem, page_views
from erasure.demo.customers import Customer
from erasure.demo.support import FIRST_DAY, address_of

SYSTEM = "Chinook lake"
BUCKET = "lake"
CATALOG = "demo-lake.db"  # beside the folder of exports, which would show it
SIGNUPS, VIEWS = "bronze.newsletter_signup", "bronze.page_view"
READERS, COUNTRIES = "silver.reader", "gold.readers_by_country"
COUNTED = {"country": "country", "readers": "count(*)"}  # what COUNTRIES is made of READERS by
REGION = "us-east-1"  # what S3 servers call the place where there is only one


def fill(server: SplitResult, var_dir: Path, readers: list[Customer], *, again: bool = False) -> bool:
    """Make the tables that are missing or empty; with `again`, all of them anew. Whether any was made.

    A table is there whole or not at all. Raises DemoProblem where the server refuses.
    """
    sql = load("pyiceberg.catalog.sql", extra="iceberg")
    made = False
    try:
        _bucket(server)
        catalog = sql.SqlCatalog("default", **_properties(server, var_dir))
        for name, rows in TABLES.items():
            catalog.create_namespace_if_not_exists(name.partition(".")[0])
            if again and catalog.table_exists(name):
                catalog.drop_table(name)
            content = rows(readers)
            table = catalog.create_table_if_not_exists(name, schema=content.schema)
            if table.current_snapshot() is None:
                table.append(content)
                made = True
        catalog.close()
    except OSError:
        raise DemoProblem(
            f"The demo's S3 server does not give or take the files of {SYSTEM}: look at its log, "
            "or write the tables anew with `manage.py demo --reset`."
        ) from None
    return made


def settings(server: SplitResult, var_dir: Path) -> dict[str, Any]:
    """For the connector."""
    return {
        "catalog": "sql",
        "uri": f"sqlite:///{var_dir / CATALOG}",
        "warehouse": f"s3://{BUCKET}",
        "endpoint": _endpoint(server),
        "region": REGION,
        "access_key": unquote(server.username or ""),
        "secret_key": unquote(server.password or ""),
    }


def signups(readers: list[Customer]) -> pa.Table:
    """As the form on the site sent them: with capitals and blanks."""
    return pa.table(
        {
            "signed_up_at": pa.array([_signed_up(each) for each in readers], pa.timestamp("us")),
            "email": [f" {each['Email'].capitalize()}" for each in readers],
            "name": [f"{each['FirstName']} {each['LastName']}" for each in readers],
            "country": [each["Country"].upper() for each in readers],
            "ip": [address_of(int(each["CustomerId"])) for each in readers],
        }
    )


def cleaned(readers: list[Customer]) -> pa.Table:
    return pa.table(
        {
            "email": [each["Email"] for each in readers],
            "email_hash": [hash_of(each["Email"]) for each in readers],
            "first_name": [each["FirstName"] for each in readers],
            "country": [each["Country"] for each in readers],
            "signed_up_on": pa.array([day_of(each) for each in readers], pa.date32()),
        }
    )


def counted(readers: list[Customer]) -> pa.Table:
    counts = sorted(Counter(each["Country"] for each in readers).items())
    return pa.table(
        {
            "country": [country for country, _ in counts],
            "readers": pa.array([number for _, number in counts], pa.int64()),
        }
    )


def viewed(readers: list[Customer]) -> pa.Table:
    return pa.Table.from_pylist(page_views.views(readers))


def hash_of(email: str) -> str:
    return hashlib.sha256(email.lower().encode()).hexdigest()


def day_of(reader: Customer) -> date:
    """When they signed up."""
    return _signed_up(reader).date()


TABLES: dict[str, Callable[[list[Customer]], pa.Table]] = {
    SIGNUPS: signups,
    VIEWS: viewed,
    READERS: cleaned,
    COUNTRIES: counted,
}


def _signed_up(reader: Customer) -> datetime:
    number = int(reader["CustomerId"])
    return FIRST_DAY + timedelta(days=number * 3, minutes=number * 7)


def _bucket(server: SplitResult) -> None:
    files = fs.S3FileSystem(
        access_key=unquote(server.username or ""),
        secret_key=unquote(server.password or ""),
        endpoint_override=_endpoint(server),
        region=REGION,
        allow_bucket_creation=True,
        connect_timeout=10,
        request_timeout=30,
    )
    files.create_dir(BUCKET)


def _properties(server: SplitResult, var_dir: Path) -> dict[str, str]:
    kept = settings(server, var_dir)
    return {
        "uri": kept["uri"],
        "warehouse": kept["warehouse"],
        "s3.endpoint": kept["endpoint"],
        "s3.region": REGION,
        "s3.access-key-id": kept["access_key"],
        "s3.secret-access-key": kept["secret_key"],
        "s3.connect-timeout": "10",
        "s3.request-timeout": "30",
    }


def _endpoint(server: SplitResult) -> str:
    return f"{server.scheme}://{server.hostname}:{server.port}"
