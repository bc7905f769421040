import re

import pytest

from catalog.classification.names import judge_name
from catalog.classification.tokens import plain_words


def best(column: str, table: str = "") -> str:
    found = judge_name(column, table=table)
    return found[0].category if found else ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("FirstName", "first name"),
        ("customer-e-mail", "customer e email"),
        ("Postal Code", "postal code"),
        ("agentmailingzipcode", "agent mailing postal code"),
        ("principaladdress1", "principal address 1"),
        ("customerid", "customer id"),
        ("dateNaissance", "birth date"),
        ("microphone", "microphone"),
        ("percentage", "percentage"),
    ],
)
def test_names_become_plain_words(name, words):
    assert " ".join(plain_words(name)) == words


@pytest.mark.parametrize(
    ("column", "category"),
    [
        ("fname", "name.given"),
        ("lname", "name.family"),
        ("dob", "demographic.birth_date"),
        ("tel", "contact.phone"),
        ("zip", "contact.address.postal_code"),
        ("addr", "contact.address.street"),
        ("ssn", "id.national"),
        ("ip_addr", "online.ip"),
        ("cc_number", "finance.card"),
        ("passwd", "credential.password"),
        ("userAgent", "online.user_agent"),
        # German
        ("vorname", "name.given"),
        ("Nachname", "name.family"),
        ("strasse", "contact.address.street"),
        ("Straße", "contact.address.street"),
        ("plz", "contact.address.postal_code"),
        ("ort", "contact.address.city"),
        ("geburtsdatum", "demographic.birth_date"),
        ("telefonnummer", "contact.phone"),
        ("kunden_nr", "id.customer"),
        # French
        ("prenom", "name.given"),
        ("nom_de_famille", "name.family"),
        ("adresse", "contact.address.street"),
        ("date_naissance", "demographic.birth_date"),
        ("courriel", "contact.email"),
        # Spanish
        ("apellidos", "name.family"),
        ("correo", "contact.email"),
        ("telefono", "contact.phone"),
        ("fecha_nacimiento", "demographic.birth_date"),
        # Italian
        ("cognome", "name.family"),
        ("indirizzo", "contact.address.street"),
        ("codice_fiscale", "id.national"),
        # Dutch
        ("achternaam", "name.family"),
        ("geboortedatum", "demographic.birth_date"),
        ("woonplaats", "contact.address.city"),
        # Portuguese
        ("sobrenome", "name.family"),
        ("endereco", "contact.address.street"),
        ("data_nascimento", "demographic.birth_date"),
    ],
)
def test_abbreviations_and_languages(column, category):
    assert best(column) == category


@pytest.mark.parametrize(
    ("table", "column", "category"),
    [
        ("customer", "name", "name.full"),
        ("public.customers", "Name", "name.full"),
        ("genre", "name", "none.operational"),
        ("track", "name", "none.operational"),
        ("products", "product_name", "none.operational"),
        ("employee", "title", "employment.occupation"),
        ("album", "title", "none.operational"),
        ("customer", "id", "id.customer"),
        ("album", "id", "none.operational"),
        ("invoice", "customer_id", "id.customer"),
        ("customer", "support_rep_id", "id.employee"),
        ("employee", "reports_to", "id.employee"),
        ("invoice_line", "track_id", "none.operational"),
        ("invoice", "billing_postal_code", "contact.address.postal_code"),
        ("users", "email_verified", ""),
        ("users", "created_by", ""),
        ("event", "email_template_id", "none.operational"),
    ],
)
def test_the_table_decides_what_ambiguous_names_mean(table, column, category):
    if category:
        assert best(column, table) == category
    else:
        assert not {item.category for item in judge_name(column, table=table)} & {
            "contact.email",
            "contact.address.city",
        }


@pytest.mark.parametrize(
    "column", ["title", "company", "total", "unit_price", "track_id", "quantity", "milliseconds"]
)
def test_these_are_no_direct_identifiers(column):
    found = {item.category.partition(".")[0] for item in judge_name(column, table="invoice_line")}
    assert found <= {"none", "employment", "finance"}


@pytest.mark.parametrize(
    "column", ["", " ", "___", "🎉", "x" * 100_000, "robert'); drop table--", "\x00\xff", "名前"]
)
def test_odd_names_do_no_harm(column):
    assert all(0 < item.weight <= 1 for item in judge_name(column))


def test_the_detail_is_a_sentence():
    (evidence,) = judge_name("Email", table="Customer")
    assert re.fullmatch(r"The name Email in Customer means “e-mail address”\.", evidence.detail)
