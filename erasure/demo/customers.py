"""Whom the shop still knows: stores that forget with every start are filled again with them alone."""

from __future__ import annotations

from psycopg import errors

from erasure.demo import extract
from erasure.demo.database import Shop

Customer = dict[str, str]  # a row of the extract, by its column names there


def remaining(shop: Shop | None) -> list[Customer]:
    """The customers whose e-mail address the shop has as at first; all of them where there is no shop."""
    customers = extract.rows("Customer")
    if shop is None:
        return customers
    try:
        with shop.owner.connect() as connection:
            known = set(connection.execute("SELECT customer_id, email FROM customer").fetchall())
    except errors.UndefinedTable:
        return []
    return [each for each in customers if (int(each["CustomerId"]), each["Email"]) in known]


def readers(customers: list[Customer]) -> list[Customer]:
    """Those who read the newsletter: every second one.

    Only they are in the stores which the console cannot change yet, so that everybody else can be erased everywhere.
    """
    return [each for each in customers if int(each["CustomerId"]) % 2 == 0]
