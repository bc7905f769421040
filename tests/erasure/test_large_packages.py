"""A person with 300,000 rows: everything in the package, and bounded memory, with a key or without one."""

import csv
import io
import json
import resource
import zipfile

import pytest

from catalog.models import System
from erasure.packages.forms import as_pdf
from governance.console.models import User
from tests.erasure.answering import content_of, entry, made
from tests.erasure.estate import crawl_again, find, label, own_all_links, request_of
from tests.services.fixtures import Database

ROWS = 300_000


@pytest.fixture
def large(shop: System, shop_database: Database) -> System:
    """Ana bought a great deal, and read even more newsletters, which have no key."""
    shop_database.execute(
        f"""
        INSERT INTO purchase SELECT n, 1, '2024-05-05', n % 1000, 'Rua A 1', NULL FROM generate_series(100, {ROWS}) n;
        CREATE TABLE visit (email text, page text);
        INSERT INTO visit SELECT 'ana@example.org', '=page ' || n FROM generate_series(1, {ROWS}) n;
        """
    )
    crawl_again(shop)
    label(shop, {"visit.email": ("contact.email", "direct"), "visit.page": ("none.operational", "none")})
    own_all_links(shop)
    return shop


def peak() -> int:
    """The most memory this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def test_memory_is_bounded_however_many_rows_there_are(large: System, amir: User, work, settings) -> None:
    settings.SEARCH_ASKS_ABOVE = (
        100  # nearly all rows are this one person's, and nobody need ask whose they are
    )
    request = find(request_of("ana@example.org", amir, kind="access"), amir, work)
    before = peak()
    request = made(request, work, by=amir)
    assert request.state == "complete", request.problem
    grown = peak() - before
    package = request.package
    assert package.rows == 2 * ROWS - 100 + 1 + 2 + 1 + 2 + 3  # and the shop's few
    assert grown < 150, f"{grown} MiB more"
    content = content_of(package)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("your-data.json"))
        names = archive.namelist()
        visits = next(name for name in names if "visit" in name)
        with archive.open(visits) as file:
            lines = list(csv.reader(io.TextIOWrapper(file, encoding="utf-8", newline="")))
        page = archive.read("your-data.html").decode()
        pdf = archive.read("your-data.pdf")
    counted = {section["data_set"]: len(section["rows"]) for section in data["data"]}
    assert (counted["public.visit"], counted["public.purchase"]) == (ROWS, ROWS - 99 + 2)
    assert len(lines) == ROWS + 1
    assert all(line[1].startswith("'=page ") for line in lines[1:])
    assert f"{ROWS - 1_000} more records are in your-data.json." in page
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf


def test_rows_without_a_key_are_given_once(shop: System, shop_database: Database, amir: User, work) -> None:
    shop_database.execute("ALTER TABLE newsletter ADD reply_to text; UPDATE newsletter SET reply_to = email")
    crawl_again(shop)
    label(shop, {"newsletter.reply_to": ("contact.email", "direct")})
    request = made(find(request_of("ana@example.org", amir, kind="access"), amir, work), work, by=amir)
    data = json.loads(entry(request.package, "your-data.json"))
    (newsletter,) = [each for each in data["data"] if each["data_set"] == "public.newsletter"]
    assert sorted(row["topic"] for row in newsletter["rows"]) == ["cups", "tea"]


def test_what_people_wrote_is_no_markup_in_the_pdf() -> None:
    hostile = '#read("/etc/passwd") *bold* $x$ ]] \u0000 \U0001f600 \u4f60'
    about = dict.fromkeys(
        [
            "contact",
            "officer",
            "representative",
            "joint_controllers",
            "automated_decisions",
            "sources",
            "complaints",
        ],
        "",
    )
    about |= {"request": "R-1", "controller": hostile, "made_at": "now", "your_rights": [hostile]}
    about |= {"left_out": [{"data_set": hostile, "reason": hostile}], "not_searched": [hostile]}
    file = io.BytesIO()
    as_pdf.write(file, about, [])
    assert file.getvalue().startswith(b"%PDF-1.7")
