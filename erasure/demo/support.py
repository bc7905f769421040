"""What the shop's customers wrote to the support desk, and what it keeps of them as JSON. Always the same rows.

Names, telephone numbers and addresses stand inside the text, as they do in real letters.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta

from erasure.demo import extract

SEED = 2025
FIRST_DAY = datetime(2025, 1, 2, 8, 0)
DAYS = 330
PAGES = ("/", "/albums", "/artists", "/cart", "/account/invoices", "/newsletter")
TICKETS = (
    (
        "Download does not start",
        "Hello, my name is {name} and the album I bought last week does not download. I signed up with {email}. "
        "Please call me on {phone} in the afternoon.",
    ),
    (
        "Change of address",
        "Dear support team, I have moved: my new address is {street}, {city}, {country}. Please send invoices there "
        "from now on and confirm to {email}. Kind regards, {name}",
    ),
    (
        "Charged twice",
        "I was charged twice for the same track. Could somebody look at the account of {email}? "
        "You can also reach me on {phone}. Thank you, {first}",
    ),
    (
        "Cannot sign in",
        "The link to choose a new password never arrives at {email}. I checked the junk folder. {name}, {city}",
    ),
    (
        "Invoice for my employer",
        "Please write the invoice to {name}, {street}, {city}, {country}. My contact is {email}, {phone}.",
    ),
    (
        "Missing track",
        "Track four is missing from the album that I got yesterday. Please write to {email}. {first} {last}",
    ),
)


def tickets() -> Iterator[tuple[int, int, datetime, str, str]]:
    """Rows of `support_ticket`: one or two of each customer."""
    dice = random.Random(SEED)  # noqa: S311 - sample data
    number = 0
    for customer in extract.rows("Customer"):
        for subject, template in dice.sample(TICKETS, dice.choice((1, 1, 2))):
            number += 1
            opened = FIRST_DAY + timedelta(days=dice.randrange(DAYS), minutes=dice.randrange(600))
            yield number, int(customer["CustomerId"]), opened, subject, template.format(**_words(customer))


def profiles() -> Iterator[tuple[int, str]]:
    """Rows of `customer_profile`: how to reach each customer and where they last were, as JSON."""
    dice = random.Random(SEED)  # noqa: S311 - sample data
    for customer in extract.rows("Customer"):
        key = int(customer["CustomerId"])
        address = {"street": customer["Address"], "city": customer["City"], "country": customer["Country"]}
        contact = {"email": customer["Email"], "phone": customer["Phone"] or None, "address": address}
        visits = [
            {"at": moment.isoformat(), "ip": address_of(key), "page": dice.choice(PAGES)}
            for moment in sorted(FIRST_DAY + timedelta(hours=dice.randrange(DAYS * 24)) for _ in range(3))
        ]
        yield key, json.dumps({"contact": contact, "visits": visits}, ensure_ascii=False)


def address_of(customer: int) -> str:
    """The IP address they always come from: of a network that is there for documentation (RFC 5737)."""
    return f"203.0.113.{customer}"


def _words(customer: dict[str, str]) -> dict[str, str]:
    first, last = customer["FirstName"], customer["LastName"]
    return {
        "first": first,
        "last": last,
        "name": f"{first} {last}",
        "email": customer["Email"],
        "phone": customer["Phone"] or customer["Email"],
        "street": customer["Address"],
        "city": customer["City"],
        "country": customer["Country"],
    }
