"""A small shop in the shape of the Chinook sample: customers with a representative, invoices, tracks and albums."""

from tests.services.fixtures import Database

SCHEMA = """
CREATE TABLE employee (
    employee_id integer PRIMARY KEY, last_name varchar(40) NOT NULL, first_name varchar(40) NOT NULL,
    title varchar(60), reports_to integer REFERENCES employee, birth_date date, phone varchar(30), email varchar(80)
);
CREATE TABLE customer (
    customer_id integer PRIMARY KEY, first_name varchar(40) NOT NULL, last_name varchar(40) NOT NULL,
    address varchar(90), city varchar(40), country varchar(40), phone varchar(30), email varchar(80) NOT NULL,
    support_rep_id integer REFERENCES employee
);
CREATE TABLE invoice (
    invoice_id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customer, invoice_date timestamp,
    billing_address varchar(90), total numeric(10, 2)
);
CREATE TABLE artist (artist_id integer PRIMARY KEY, name varchar(120));
CREATE TABLE album (album_id integer PRIMARY KEY, title varchar(160), artist_id integer REFERENCES artist);
CREATE TABLE track (
    track_id integer PRIMARY KEY, name varchar(200), album_id integer REFERENCES album, milliseconds integer
);
CREATE TABLE invoice_line (
    invoice_line_id integer PRIMARY KEY, invoice_id integer NOT NULL REFERENCES invoice,
    track_id integer REFERENCES track, quantity integer
);
"""
GIVEN = (
    "Anna",
    "Bjorn",
    "Carla",
    "David",
    "Elena",
    "Frank",
    "Greta",
    "Hugo",
    "Irene",
    "Jakob",
    "Karin",
    "Lukas",
)
FAMILY = (
    *("Hansen", "Silva", "Tremblay", "Kowalski", "Rossi", "Novak"),
    *("Almeida", "Schneider", "Murphy", "Fernandez", "Larsson", "Dubois"),
)
CITIES = ("Oslo", "Lisbon", "Montreal", "Warsaw", "Rome", "Prague")


def fill(database: Database) -> None:
    """Twelve customers with two invoices each, four employees, and what they bought."""
    database.execute(SCHEMA)
    with database.connect() as connection:
        cursor = connection.cursor()
        cursor.executemany(
            "INSERT INTO employee VALUES (%s, %s, %s, 'Agent', %s, %s, %s, %s)",
            [
                (n, FAMILY[-n], GIVEN[-n], 1 if n > 1 else None, f"19{60 + n}-03-1{n}", f"+49 30 90182{n}0{n}",
                 f"{GIVEN[-n].lower()}@chinookcorp.com")
                for n in range(1, 5)
            ],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO customer VALUES (%s, %s, %s, %s, %s, 'Norway', %s, %s, %s)",
            [
                (n + 1, GIVEN[n], FAMILY[n], f"Ullevålsveien {n + 3}", CITIES[n % 6], f"+47 22 44 22 {n + 10}",
                 f"{GIVEN[n].lower()}.{FAMILY[n].lower()}@yahoo.no", 3 + n % 2)
                for n in range(12)
            ],
        )  # fmt: skip
        cursor.executemany(
            "INSERT INTO invoice VALUES (%s, %s, '2024-05-01 00:00', %s, 1.98)",
            [(n + 1, n % 12 + 1, f"Ullevålsveien {n % 12 + 3}") for n in range(24)],
        )
        cursor.execute("INSERT INTO artist VALUES (1, 'AC/DC'), (2, 'Accept'), (3, 'Aerosmith')")
        cursor.execute("INSERT INTO album VALUES (1, 'Let There Be Rock', 1), (2, 'Balls to the Wall', 2)")
        cursor.execute("INSERT INTO track VALUES (1, 'Go Down', 1, 331180), (2, 'Overdose', 2, 369319)")
        cursor.executemany(
            "INSERT INTO invoice_line VALUES (%s, %s, %s, 1)",
            [(n + 1, n % 24 + 1, n % 2 + 1) for n in range(48)],
        )


def settings_of(database: Database, /, **changes: object) -> dict[str, object]:
    """What the PostgreSQL connector needs to reach `database`."""
    return {
        "host": database.host,
        "port": database.port,
        "database": database.name,
        "user": database.user,
        "password": database.password,
        "sslmode": "disable",
        **changes,
    }
