"""The demo estate on real servers, and a person erased from all of it with everybody else left as they were."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from hashlib import sha256
from urllib.parse import quote

import psycopg
import pyarrow.parquet as pq
import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from redis import Redis

from audit.ledger.models import Waiting
from catalog.localization.transfers import transfers
from catalog.models import EXTERNAL, Column, DataSet, Edge, System
from erasure.custodians.models import Task
from erasure.demo import database, estate, exports, extract, lake, page_views, story
from erasure.demo.flows import MAIL
from erasure.jobs import recheck
from erasure.models import Plan, SubjectRequest
from erasure.recomputing.models import Recomputation
from governance.activities.models import Organisation, ProcessingActivity
from governance.console.models import User
from governance.console.permissions import Role
from governance.embedded import state
from governance.embedded.postgres import EmbeddedPostgres
from governance.embedded.programs import choose_port
from retention.models import Hold
from tests.erasure.estate import approve, find, request_of
from tests.erasure.everywhere.databases import files_of as files_of_store
from tests.erasure.everywhere.files import versions_of
from tests.erasure.everywhere.needles import standing
from tests.people import client_of, person
from tests.services.fixtures import Database
from tests.services.folders import service_folder

ROWS = {
    "genre": 25,
    "media_type": 5,
    "artist": 275,
    "album": 347,
    "track": 3503,
    "employee": 8,
    "customer": 59,
    "invoice": 412,
    "invoice_line": 2240,
    "customer_profile": 59,
    "support_ticket": 80,
}
LEFT_OUT = "".join(
    f"{name} is left out: its server does not run. `make run` starts it.\n"
    for name in ("Chinook sessions", "Chinook events", "Chinook lake")
)
LUIS = {
    "e-mail": "luisg@embraer.com.br",
    "telephone": "+55 (12) 3923-5555",
    "fax": "+55 (12) 3923-5566",
    "street": "Av. Brigadeiro Faria Lima, 2170",
}
NAME = ("Luís", "Gonçalves")
SAMPLED = """
    SELECT concat_ws(' ', most_common_vals::text, histogram_bounds::text) FROM pg_stats WHERE schemaname = 'public'
"""
RECEIPT = b"Removed from all lists, job 4711.\n"


@pytest.fixture
def place(pg_server, pg_database, monkeypatch):
    """An empty database whose owner may make the console's role."""
    with pg_server.superuser.connect() as superuser:
        superuser.execute(f'ALTER ROLE "{pg_database.user}" CREATEROLE')
    monkeypatch.setenv("DEMO_DATABASE_URL", pg_database.dsn)
    yield pg_database
    with pg_server.superuser.connect() as superuser:
        superuser.execute(f'DROP DATABASE "{pg_database.name}" WITH (FORCE)')
        superuser.execute(f'DROP ROLE IF EXISTS "{pg_database.name}_console"')


@pytest.fixture
def servers(redis_url, s3_server, kafka_broker, monkeypatch):
    """Redis, S3 and Kafka as `manage.py up` has them, with nothing of the estate in them yet."""
    url = redis_url.rpartition("/")[0] + "/5"
    monkeypatch.setenv("DEMO_REDIS_URL", url)
    keys = f"{s3_server.access_key}:{s3_server.secret_key}"
    monkeypatch.setenv("DEMO_OBJECTS_URL", s3_server.endpoint.replace("://", f"://{keys}@"))
    monkeypatch.setenv("DEMO_BROKER", kafka_broker.bootstrap)
    with Redis.from_url(url, decode_responses=True) as redis:
        redis.flushdb()
        yield redis
        redis.flushdb()
    if lake.BUCKET in {each["Name"] for each in s3_server.client.list_buckets()["Buckets"]}:
        s3_server.remove_bucket(lake.BUCKET)


@pytest.fixture
def folder(settings, tmp_path):
    """The console's own folder, of this test alone."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, var_dir=tmp_path)
    settings.VAR_DIR = tmp_path
    return tmp_path


def demo(*options):
    """What `manage.py demo` says."""
    out = io.StringIO()
    call_command("demo", *options, stdout=out)
    return out.getvalue()


def counts(place):
    return {table: place.execute(f"SELECT count(*) FROM {table}")[0][0] for table in ROWS}


def rows_of(place, table):
    """All rows as text, in the order of their key, which stands first."""
    columns = place.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        [table],
    )
    names = [name for (name,) in columns]
    texts = ", ".join(f"{name}::text" for name in names)
    found = place.execute(f"SELECT {texts} FROM {table} ORDER BY {table}.{names[0]}")
    return [dict(zip(names, row, strict=True)) for row in found]


def console_rows():
    """How many of everything the console has; what waits for the ledger is what it recorded."""
    models = (User, Organisation, ProcessingActivity, System, DataSet, Column, Hold, Waiting)
    return {model.__name__: model.objects.count() for model in models}


PANEL = ["Chinook panel", "Chinook safe copies"]


def registered():
    """The names of the systems that the console connects to."""
    return sorted(system.name for system in System.objects.exclude(kind=EXTERNAL))


def console_login(place, folder):
    remembered = state.load(folder)["DEMO_CONSOLE_URL"]
    login = database.Login.read(remembered, name="DEMO_CONSOLE_URL")
    return Database(login.host, login.port, login.database, login.user, login.password)


def test_everything_is_set_up_once_and_nothing_is_scanned(db, place, servers, folder):
    said = demo("--if-empty")
    assert said == (
        f"The database {place.name} is filled: customers, invoices and what they bought.\n"
        f"The files in {folder}/demo are written.\n"
        "59 customers are signed in: their sessions are in Redis.\n"
        "The topic shop.page_views is filled.\n"
        "The lake is filled: bronze, silver and gold.\n"
        "The feature store is built.\n"
        "The panel has 20,000 participants.\n"
        f"7 demo accounts: see {folder}/demo-accounts.txt.\n"
    )
    assert counts(place) == ROWS
    recorded = Waiting.objects.count()
    # What only lineage speaks of until somebody has scanned it, and the mailing partner.
    named = {system.name.partition(":")[0] for system in System.objects.filter(kind=EXTERNAL)}
    assert named == {"postgres", "file", "kafka", "s3", "https"}
    assert console_rows() == {
        "User": 7,
        "Organisation": 1,
        "ProcessingActivity": 3,
        "System": 8 + len(named),
        "DataSet": 10,
        "Column": 36,
        "Hold": 0,
        # Lineage is one entry for the names it brought and one for its edges; the partner's region and safeguard; where
        # copies may be delivered to, and the panel's hierarchies.
        "Waiting": 7 + 1 + 3 + 8 + 2 + 2 + 1 + 5,
    }
    assert not Column.objects.exclude(data_set__system__kind=EXTERNAL).exists()
    assert demo() == demo("--if-empty") == ""
    assert Waiting.objects.count() == recorded


def test_types_lengths_and_keys_are_those_of_the_original(db, place, folder):
    demo()
    columns = place.execute(
        "SELECT column_name, data_type, character_maximum_length, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'invoice' ORDER BY ordinal_position"
    )
    assert columns == [
        ("invoice_id", "integer", None, "NO"),
        ("customer_id", "integer", None, "NO"),
        ("invoice_date", "timestamp without time zone", None, "NO"),
        ("billing_address", "character varying", 70, "YES"),
        ("billing_city", "character varying", 40, "YES"),
        ("billing_state", "character varying", 40, "YES"),
        ("billing_country", "character varying", 40, "YES"),
        ("billing_postal_code", "character varying", 10, "YES"),
        ("total", "numeric", None, "NO"),
    ]
    keys = place.execute(
        "SELECT contype::text, count(*) FROM pg_constraint"
        " WHERE contype IN ('p', 'f') AND connamespace = 'public'::regnamespace GROUP BY 1"
    )
    assert dict(keys) == {"p": 11, "f": 11}


def test_the_console_may_only_read_overwrite_and_delete(db, place, folder):
    demo()
    console = console_login(place, folder)
    assert console.execute("UPDATE genre SET name = 'Rock' WHERE genre_id = 1 RETURNING genre_id") == [(1,)]
    assert console.execute("DELETE FROM invoice_line WHERE invoice_line_id = 1 RETURNING quantity") == [(1,)]
    for statement in (
        "INSERT INTO genre VALUES (99, 'Polka')",
        "DROP TABLE genre",
        "TRUNCATE invoice_line",
        "CREATE TABLE mine (id integer)",
        "ALTER TABLE customer ALTER email DROP NOT NULL",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            console.execute(statement)


def test_the_cast_signs_in_with_a_password_only_the_operator_reads(db, place, folder):
    demo()
    path = folder / "demo-accounts.txt"
    assert path.stat().st_mode & 0o777 == 0o600
    (password,) = re.findall(r"^Password of each: (\S{23})$", path.read_text(), re.M)
    assert {user.username: (user.role, user.check_password(password)) for user in User.objects.all()} == {
        "ada": (Role.ADMINISTRATOR, True),
        "amir": (Role.OFFICER, True),
        "petra": (Role.OFFICER, True),
        "dana": (Role.STEWARD, True),
        "emil": (Role.ENGINEER, True),
        "carl": (Role.CUSTODIAN, True),
        "vera": (Role.AUDITOR, True),
    }
    assert demo("--print-accounts") == path.read_text()
    path.unlink()
    with pytest.raises(CommandError, match="the file with their password is gone"):
        demo("--print-accounts")


def test_no_demo_accounts_beside_other_people_unless_asked_for(db, place, folder):
    person("olga", Role.ADMINISTRATOR)
    assert demo("--if-empty") == ""
    assert "There are other people here, so no demo accounts are made" in demo()
    assert [user.username for user in User.objects.all()] == ["olga"]
    assert registered() == ["Chinook exports", "Chinook features", *PANEL, "Chinook shop"]
    with pytest.raises(CommandError, match=r"no data steward called dana, .* --with-accounts"):
        demo("--story")
    demo("--with-accounts")
    assert User.objects.count() == 8


def test_without_a_place_for_the_database_the_rest_is_set_up(db, folder, monkeypatch):
    monkeypatch.delenv("DEMO_DATABASE_URL", raising=False)
    assert "set DEMO_DATABASE_URL to an empty PostgreSQL database" in demo()
    assert registered() == ["Chinook exports", "Chinook features", *PANEL]
    with pytest.raises(CommandError, match="Chinook shop is not in the catalog"):
        demo("--story")


def test_a_database_of_somebody_else_is_left_alone(db, place, folder):
    place.execute("CREATE TABLE customer (id integer); INSERT INTO customer VALUES (1)")
    for option in ("--if-empty", "--reset"):
        with pytest.raises(CommandError, match="holds tables that are not the demo's"):
            demo(option)
    assert place.execute("SELECT * FROM customer") == [(1,)]
    assert not User.objects.exists()


def test_a_wrong_address_is_one_sentence_without_its_password(db, place, folder, monkeypatch):
    wrong = place.dsn.replace(place.password, "hush-hush")
    for url, words in (
        (wrong, "does not let"),
        ("postgres://hush@", "must look like"),
        ("x", "must look like"),
    ):
        monkeypatch.setenv("DEMO_DATABASE_URL", url)
        with pytest.raises(CommandError, match=words) as refused:
            demo()
        assert "hush" not in str(refused.value)


def test_an_owner_who_may_not_make_roles_is_told_what_to_do(db, place, folder, pg_server, monkeypatch):
    with pg_server.superuser.connect() as superuser:
        superuser.execute(f'ALTER ROLE "{place.user}" NOCREATEROLE')
    with pytest.raises(CommandError, match=r"Give .* CREATEROLE, or make a role without rights"):
        demo()
    console = pg_server.create_login(place, "console")
    monkeypatch.setenv("DEMO_CONSOLE_URL", console.dsn)
    demo()
    assert System.objects.get(name=estate.SHOP).settings["user"] == console.user


def test_reset_brings_back_rows_and_files_and_nothing_else_does(db, place, folder):
    demo()
    mailing = folder / "demo" / exports.MAILING
    before = mailing.read_bytes()
    place.execute("DELETE FROM invoice_line WHERE invoice_id = 98; UPDATE customer SET email = 'erased'")
    mailing.write_bytes(before.splitlines(keepends=True)[0])
    mailing.with_name(".mailing-2025.csv.new").write_bytes(before)  # left by a killed writer
    demo()
    assert [path.name for path in mailing.parent.iterdir()] == ["mailing-2025.csv"]
    assert counts(place)["invoice_line"] == ROWS["invoice_line"] - 2
    assert mailing.read_bytes() != before

    recorded = Waiting.objects.count()
    assert demo("--reset") == (
        f"The database {place.name} is filled: customers, invoices and what they bought.\n"
        f"The files in {folder}/demo are written.\n{LEFT_OUT}The feature store is built.\n"
        "The panel has 20,000 participants.\n"
    )
    assert counts(place) == ROWS
    assert place.execute("SELECT email FROM customer WHERE customer_id = 1") == [(LUIS["e-mail"],)]
    assert mailing.read_bytes() == before
    assert console_login(place, folder).execute("SELECT count(*) FROM invoice") == [(412,)]
    assert Waiting.objects.count() == recorded


def test_the_files_always_have_the_same_bytes():
    assert exports.purchases() == exports.purchases()
    lines = exports.mailing().split(b"\r\n")
    assert lines[0] == '\ufeff"E-Mail";"Vorname";"Nachname";"Telefon";"Strasse";"PLZ";"Ort";"Land"'.encode()
    assert lines[1].decode() == (
        '"luisg@embraer.com.br";"Luís";"Gonçalves";"+55 (12) 3923-5555";"Av. Brigadeiro Faria Lima, 2170";'
        '"12227-000";"São José dos Campos";"Brazil"'
    )
    assert len(lines) == 1 + 59 + 1


def is_set_up():
    return registered() == ["Chinook exports", "Chinook features", *PANEL, "Chinook shop"]


@pytest.mark.django_db(transaction=True)
def test_killed_anywhere_it_begins_again_and_ends_whole(place, tmp_path):
    at = connection.settings_dict
    url = f"postgres://{quote(at['USER'])}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "DATABASE_OWNER_URL": url, "CONSOLE_VAR": str(tmp_path)}
    command = [sys.executable, "manage.py", "demo", "--if-empty"]
    moments = {
        "the console's role is remembered": tmp_path / "environment.json",
        "a folder is made": tmp_path / "demo" / "partners",
        "the feature store is begun": tmp_path / "demo-features.new",
        "the password is written": tmp_path / "demo-accounts.txt",
    }
    for path in moments.values():
        process = subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment)
        deadline = time.monotonic() + 60
        while not path.exists() and process.poll() is None:
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert estate.is_empty() or is_set_up()
    ended = subprocess.run(command, cwd=django_settings.BASE_DIR, env=environment, check=True, timeout=60)
    assert ended.returncode == 0
    assert (counts(place), User.objects.count(), is_set_up()) == (ROWS, 7, True)


def test_the_story_is_told_once(db, place, servers, folder):
    demo("--story")
    told = console_rows()
    assert (told["DataSet"], told["Column"], told["Hold"]) == (24, 143, 2)
    assert not Column.objects.filter(state=Column.State.UNREVIEWED).exists()
    assert {hold.data_set.name: sorted(hold.keep_columns) for hold in Hold.objects.all()} == {
        name: sorted(columns) for name, columns in story.HELD.items()
    }
    assert not DataSet.objects.filter(activities=None).exists()
    assert {system.name: system.region for system in System.objects.all()} == {
        "Chinook shop": "EU",
        "Chinook exports": "EU",
        "Chinook sessions": "EU",
        "Chinook events": "EU",
        "Chinook lake": "EU",
        "Chinook features": "EU",
        "Chinook panel": "EU",
        "Chinook safe copies": "EU",
        "https://mail.example.com": "US",
    }
    corrected = {
        (column.data_set.system.name, column.data_set.name, column.name): column.category
        for column in Column.objects.select_related("data_set__system")
        if column.labels.filter(origin="person").exists()
        and not column.labels.filter(origin__in=["scan", "lineage"], category=column.category).exists()
    }
    assert corrected == story.CORRECTIONS

    demo("--story")
    assert console_rows() == told
    assert counts(place) == ROWS


def test_one_customer_is_erased_and_nobody_else(db, place, servers, folder, work):
    demo("--story")
    amir, petra = User.objects.get(username="amir"), User.objects.get(username="petra")
    mailing, purchases = folder / "demo" / exports.MAILING, folder / "demo" / exports.PURCHASES
    before = {table: rows_of(place, table) for table in ROWS}
    mailed, bought = mailing.read_bytes().splitlines(keepends=True), pq.read_table(purchases)
    signed_in = sessions_of(servers)
    assert any(names_him(text) for (text,) in place.execute(SAMPLED))
    assert named_in(place, folder) == {
        "customer": 1,
        "invoice": 7,
        "customer_profile": 1,
        "support_ticket": 2,
        exports.MAILING: 1,
        exports.PURCHASES: 38,
    }

    request = find(request_of(LUIS["e-mail"], amir), amir, work)
    assert {str(hit.data_set): hit.rows for hit in request.hits.all()} == {
        "Chinook shop / public.customer": 1,
        "Chinook shop / public.invoice": 7,
        "Chinook shop / public.invoice_line": 38,
        f"Chinook exports / {exports.PURCHASES}": 38,
        f"Chinook exports / {exports.MAILING}": 1,
        "Chinook shop / public.customer_profile": 1,
        "Chinook shop / public.support_ticket": 2,
        "Chinook sessions / session:*": 1,
    }
    held = {step.data_set.name: step.reason for step in request.plans.get().steps.all() if step.hold_id}
    why = f"Legal hold, Legal obligation or public task, Art. 17(3)(b): {story.HOLD_REASON}"
    assert held == dict.fromkeys(story.HELD, why)
    request = approve(request, petra, work)
    # Nobody can search at the mailing partner: carl, who answers for it, has to say that it is done there.
    assert (request.state, request.plans.get().state) == (SubjectRequest.State.WAITING, Plan.State.EXECUTING)
    task = Task.objects.get(request=request)
    assert (str(task.whom), task.system.custodian.username, task.state) == (MAIL, "carl", "asked")
    request = confirmed(task, work)
    assert list(task.evidence.values_list("sha256", flat=True)) == [sha256(RECEIPT).hexdigest()]
    assert (request.state, request.outcome, request.residue) == (
        SubjectRequest.State.COMPLETE,
        "erased, except what a legal hold keeps",
        [],
    )

    assert named_in(place, folder) == {}
    # What is not in a row may yet stand in the file: a footer's smallest value, a page nothing points to.
    assert not any(names_him(path.read_bytes().decode(errors="replace")) for path in files_of(folder))
    assert not any(names_him(text) for (text,) in place.execute(SAMPLED))
    after = {table: rows_of(place, table) for table in ROWS}
    mine = {
        table: [row for row in after[table] if row["customer_id"] == "1"] for table in ("customer", "invoice")
    }
    expected = dict.fromkeys(before["customer"][0])
    expected |= {"customer_id": "1", "first_name": "erased", "last_name": "erased", "email": "erased"}
    assert mine["customer"] == [expected]
    gone = dict.fromkeys(("billing_address", "billing_city", "billing_state", "billing_postal_code"))
    assert mine["invoice"] == [row | gone for row in before["invoice"] if row["customer_id"] == "1"]
    assert len(mine["invoice"]) == 7
    his = {"customer", "invoice", "customer_profile", "support_ticket"}
    for table, rows in after.items():
        assert [row for row in rows if row not in mine.get(table, [])] == [
            row for row in before[table] if table not in his or row["customer_id"] != "1"
        ]
    assert len(signed_in) == 59
    assert sessions_of(servers) == [each for each in signed_in if each["customer_id"] != "1"]
    servers.flushdb()  # as a stopped server does
    assert "58 customers are signed in" in demo()
    assert LUIS["e-mail"] not in {each["email"] for each in sessions_of(servers)}
    assert mailing.read_bytes() == b"".join(line for line in mailed if LUIS["e-mail"].encode() not in line)
    left = pq.read_table(purchases)
    assert left.schema == bought.schema
    assert left.to_pylist() == [row for row in bought.to_pylist() if row["customer_id"] != 1]
    assert kept_in_clear() == []


def confirmed(task, work):
    """Carl answers on his page, with a receipt; the request as it stands after the next look."""
    browser = client_of(User.objects.get(username="carl"))
    answer = {
        "state": "done",
        "note": "Deleted in the partner's tool.",
        "evidence": SimpleUploadedFile("receipt.txt", RECEIPT),
    }
    assert browser.post(f"/tasks/{task.public_id}/confirm/", answer).status_code == 302
    assert recheck() == 1
    work()
    return SubjectRequest.objects.get(pk=task.request_id)


def sessions_of(redis):
    """All sessions, in the order of their keys."""
    return [redis.hgetall(key) for key in sorted(redis.keys("session:*"))]


def test_readers_of_the_newsletter_are_every_second_customer_and_nobody_else(db, place, servers, folder):
    demo()
    expected = [row["Email"] for row in extract.rows("Customer") if int(row["CustomerId"]) % 2 == 0]
    assert len(expected) == 29
    found = {}
    for name in ("Chinook events", "Chinook lake", "Chinook features"):
        with System.objects.get(name=name).connect() as connector:
            for info in connector.discover():
                if "email" in {column.name for column in info.columns}:
                    values = (
                        value for batch in connector.read(info.name) for value in batch["email"].to_pylist()
                    )
                    found[info.name] = sorted({value.strip().lower() for value in values})
    assert found == dict.fromkeys(
        [
            "shop.page_views",
            "bronze.newsletter_signup",
            "bronze.page_view",
            "silver.reader",
            "reader_features",
            "reader_features (online)",
        ],
        sorted(expected),
    )
    assert len(page_views.views([{"Email": "a", "CustomerId": "2"}] * 29)) == page_views.EACH * 29


def test_what_goes_to_the_partner_is_listed_with_and_without_a_safeguard(db, place, servers, folder):
    demo("--story")
    assert [
        (str(each.source), str(each.target), each.category, each.state) for each in transfers(date.today())
    ] == [
        (
            "Chinook lake / gold.readers_by_country",
            "https://mail.example.com / campaigns.countries",
            "contact.address.country",
            "no safeguard",
        ),
        (
            "Chinook lake / silver.reader",
            "https://mail.example.com / newsletter.recipients",
            "contact.email",
            "safeguarded",
        ),
    ]
    masked = Edge.objects.filter(masking=True, gone_at=None).exclude(origin="view")
    assert {(str(edge.source_column), str(edge.target_column), edge.subtype) for edge in masked} == {
        (
            "Chinook lake / bronze.newsletter_signup / email",
            "Chinook lake / silver.reader / email_hash",
            "TRANSFORMATION",
        ),
        (
            "Chinook lake / silver.reader / email",
            "Chinook lake / gold.readers_by_country / readers",
            "AGGREGATION",
        ),
        (
            "Chinook lake / bronze.page_view / email",
            "Chinook features / reader_features / page_views",
            "AGGREGATION",
        ),
    }


def test_a_reader_is_erased_from_the_lake_and_the_feature_store(db, place, servers, s3_server, folder, work):
    demo("--story")
    amir, petra = User.objects.get(username="amir"), User.objects.get(username="petra")
    email = "leonekohler@surfeu.de"
    written = [email, email.capitalize(), email.upper(), lake.hash_of(email)]
    needles = {spelling.encode(): "e-mail" for spelling in written}

    def stands():
        places = [*versions_of(s3_server, lake.BUCKET, "lake"), *files_of_store(folder, "folder")]
        return standing(needles, places)

    counts_before = readers_by_country()
    assert len(stands()) >= 5
    request = find(request_of(email, amir), amir, work)
    methods = {
        str(step.data_set): step.method for step in request.plans.get().steps.filter(hit__isnull=False)
    }
    assert sorted(name for name, method in methods.items() if "lake" in name or "features" in name) == [
        "Chinook features / reader_features",
        "Chinook features / reader_features (online)",
        "Chinook lake / bronze.newsletter_signup",
        "Chinook lake / bronze.page_view",
        "Chinook lake / silver.reader",
    ]
    assert "ask" not in methods.values()
    assert methods["Chinook events / shop.page_views"] == "outlive"
    counted = Recomputation.objects.get()
    assert (str(counted), counted.state) == ("Chinook lake / gold.readers_by_country", "approved")
    request = approve(request, petra, work)
    assert request.state == SubjectRequest.State.WAITING
    assert not [step for step in request.plans.get().steps.all() if step.state == step.State.FAILED]
    assert stands() == {}
    assert readers_by_country() == counts_before | {"Germany": counts_before["Germany"] - 1}


def readers_by_country():
    with System.objects.get(name=lake.SYSTEM).connect() as connector:
        rows = [row for batch in connector.read(lake.COUNTRIES) for row in batch.to_pylist()]
    return {row["country"]: row["readers"] for row in rows}


def names_him(text):
    folded = text.casefold()
    return any(value.casefold() in folded for value in LUIS.values()) or all(
        part.casefold() in folded for part in NAME
    )


def named_in(place, folder):
    """How many rows of which table or file name him."""
    found = Counter(
        table
        for table in ROWS
        for row in rows_of(place, table)
        if names_him("\t".join(filter(None, row.values())))
    )
    for path in files_of(folder):
        if path.suffix == ".parquet":
            rows = ["\t".join(map(str, row.values())) for row in pq.read_table(path).to_pylist()]
        else:
            rows = path.read_text(encoding="utf-8").split("\n")
        found[str(path.relative_to(folder / "demo"))] += sum(map(names_him, rows))
    return dict(+found)


def files_of(folder):
    return [path for path in (folder / "demo").rglob("*") if path.is_file()]


def kept_in_clear():
    """The console's own tables that name him: whom it has erased it knows in sealed form only."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        texts = {table: cursor.execute(f'SELECT t::text FROM "{table}" t').fetchall() for table in tables}
    return [table for table, rows in texts.items() if any(names_him(row) for (row,) in rows)]


def test_on_the_embedded_server_it_makes_its_own_place_and_follows_a_new_port(db, settings, monkeypatch):
    with service_folder() as own:
        server = EmbeddedPostgres(own / "postgres", port=choose_port(0), durable=False)
        program = server.program()
        process = program.spawn(output=subprocess.DEVNULL)
        monkeypatch.setattr(database, "data_home", lambda var_dir: own / "postgres")
        try:
            server.wait_ready(process)
            settings.VAR_DIR = own / "var"
            settings.ENVIRONMENT = replace(
                settings.ENVIRONMENT,
                var_dir=own / "var",
                embedded=True,
                database_url=server.url("console", "any", "console"),
            )
            demo("--if-empty")
            assert demo() == LEFT_OUT
            system = System.objects.get(name=estate.SHOP)
            assert system.settings | {
                "statement_timeout": 60,
                "sslmode": "prefer",
                "after_erasure": "",
            } == {
                "host": "127.0.0.1",
                "port": server.port,
                "database": "chinook",
                "user": "chinook_console",
                "schemas": "public",
                "statement_timeout": 60,
                "after_erasure": "",
                "sslmode": "prefer",
            }
            console = console_login(None, own / "var")
            assert counts(console) == ROWS
            owner = database.Login.read(state.load(own / "var")["DEMO_DATABASE_URL"], name="owner")
            assert owner.user == "chinook_owner"
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                console.execute("DROP TABLE genre")

            System.objects.filter(name=estate.SHOP).update(settings=system.settings | {"port": 1})
            recorded = Waiting.objects.count()
            assert demo("--if-empty") == demo("--if-empty") == ""
            assert System.objects.get(name=estate.SHOP).settings == system.settings
            assert Waiting.objects.count() == recorded + 1
        finally:
            program.stop(process)
        System.objects.filter(name=estate.SHOP).update(settings=system.settings | {"port": 1})
        assert demo("--if-empty") == "Chinook shop does not answer at the embedded server's new address.\n"
