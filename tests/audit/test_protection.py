"""What PostgreSQL refuses: to the owner, to a superuser, and to the role the application connects as."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from psycopg.errors import CheckViolation, InsufficientPrivilege, UndefinedTable

from audit.ledger import guarding
from audit.ledger.alarming import settle
from audit.ledger.chain import verify
from audit.ledger.checks import application_must_not_own_the_ledger
from audit.ledger.context import acting
from audit.ledger.models import Alarm, Entry, Head, Refused
from audit.ledger.recording import record
from audit.ledger.roles import grant_application
from audit.ledger.sequencing import sequence
from tests.audit.events import COUNTED

REFUSED = "the ledger is append-only"


def count(number=1):
    with transaction.atomic():
        record(COUNTED, how_many=number, note="")


def console_database(pg_server):
    return replace(pg_server.superuser, name=connection.settings_dict["NAME"])


@pytest.fixture
def application(pg_server, transactional_db) -> Iterator[psycopg.Connection]:
    """The console's database as the application sees it: a role of its own, granted its rights."""
    count()
    sequence()
    count()
    superuser = console_database(pg_server)
    login = pg_server.create_login(superuser, prefix="application")
    grant_application(login.user)
    with login.connect() as connected:
        yield connected
    superuser.execute(f"DROP OWNED BY {login.user}")
    superuser.execute(f"DROP ROLE {login.user}")


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("UPDATE {} SET action = 'x'", ["ledger_entry"]),
        ("UPDATE {} SET body = ''", ["ledger_entry", "ledger_waiting"]),
        ("DELETE FROM {}", ["ledger_entry", "ledger_head"]),
        ("TRUNCATE {}", ["ledger_entry", "ledger_waiting", "ledger_head"]),
        ("TRUNCATE {} CASCADE", ["ledger_entry"]),
        (
            "INSERT INTO {} SELECT * FROM ledger_entry ON CONFLICT (number) DO UPDATE SET action = 'x'",
            ["ledger_entry"],
        ),
    ],
)
@pytest.mark.django_db
def test_owner_is_refused(statement, tables):
    count()
    sequence()
    count()
    for table in tables:
        with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table))
    assert list(Entry.objects.values_list("number", "action")) == [(0, "test.counted")]


@pytest.mark.django_db
def test_orm_is_refused():
    count()
    sequence()
    for attempt in (lambda: Entry.objects.update(action="x"), lambda: Entry.objects.get().delete()):
        with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
            attempt()
    assert Entry.objects.get().action == "test.counted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET action = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "DELETE FROM ledger_head",
    ],
)
def test_superuser_is_refused_even_as_a_replica(statement, pg_server):
    count()
    sequence()
    with console_database(pg_server).connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        with pytest.raises(InsufficientPrivilege, match=REFUSED):
            superuser.execute(statement)
    assert Entry.objects.get().action == "test.counted"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET action = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "INSERT INTO ledger_entry SELECT number + 1, leaf, chain, body, at, action, actor, object_type, object_id, "
        "subject, correlation FROM ledger_entry",
        "UPDATE ledger_waiting SET body = ''",
        "DELETE FROM ledger_waiting",
        "TRUNCATE ledger_waiting",
        "UPDATE ledger_head SET size = 0",
        "INSERT INTO ledger_head SELECT 2, size, chain FROM ledger_head",
        "DELETE FROM ledger_head",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_rows",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_entry_rows ON ledger_entry",
        "DROP TABLE ledger_entry",
        "ALTER TABLE ledger_entry RENAME TO elsewhere",
        "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "SET session_replication_role = replica",
        "DELETE FROM django_migrations",
    ],
)
def test_application_is_refused(statement, application):
    with pytest.raises(InsufficientPrivilege):
        application.execute(statement)
    assert application.execute("SELECT number, action FROM ledger_entry").fetchall() == [(0, "test.counted")]
    assert application.execute("SELECT count(*) FROM ledger_waiting").fetchone() == (1,)
    assert application.execute("SELECT size FROM ledger_head").fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_application_may_append_read_and_sequence(application):
    application.execute("INSERT INTO ledger_waiting (body) SELECT body FROM ledger_entry")
    assert application.execute("SELECT ledger_sequence(10)").fetchone() == (2,)
    assert application.execute("SELECT array_agg(number ORDER BY number) FROM ledger_entry").fetchone() == (
        [0, 1, 2],
    )
    assert Head.objects.get().size == 3


@pytest.mark.django_db(transaction=True)
def test_application_cannot_run_code_as_the_owner(application):
    """A temporary table in the place of the ledger's own would bring its triggers into the owner's function."""
    application.execute("CREATE TEMPORARY TABLE ledger_waiting (id bigint, body bytea)")
    application.execute("INSERT INTO pg_temp.ledger_waiting VALUES (1, '{}')")
    application.execute(
        "CREATE FUNCTION pg_temp.escalate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "ALTER TABLE public.ledger_entry DISABLE TRIGGER ALL; RETURN OLD; END $$"
    )
    application.execute(
        "CREATE TRIGGER escalate BEFORE DELETE ON pg_temp.ledger_waiting "
        "FOR EACH ROW EXECUTE FUNCTION pg_temp.escalate()"
    )
    application.execute("GRANT ALL ON pg_temp.ledger_waiting TO PUBLIC")
    assert application.execute("SELECT ledger_sequence(10)").fetchone() == (1,)
    assert application.execute("SELECT count(*) FROM pg_temp.ledger_waiting").fetchone() == (1,)
    enabled = application.execute(
        "SELECT array_agg(DISTINCT tgenabled::text) FROM pg_trigger WHERE tgrelid = 'public.ledger_entry'::regclass "
        "AND NOT tgisinternal"
    )
    assert enabled.fetchone() == (["A"],)


def without(content, *path):
    """`content` with the value at `path` gone."""
    *way, last = path
    for key in way:
        content = content[key]
    del content[last]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entry: entry.clear(),
        lambda entry: without(entry, "at"),
        lambda entry: without(entry, "facts"),
        lambda entry: without(entry, "actor", "role"),
        lambda entry: without(entry, "object", "name"),
        lambda entry: entry.update(action=7),
        lambda entry: entry.update(at="infinity"),
        lambda entry: entry.update(at="2026-02-31T00:00:00.000000Z"),
        lambda entry: entry.update(at="2026-02-01T24:00:00.000000Z"),
        lambda entry: entry.update(at="10000-01-01T00:00:00.000000Z"),
        lambda entry: entry.update(at="9999-12-31T23:00:00.000000Z"),
        lambda entry: entry.update(at="0001-01-01T00:00:00.000000Z"),
        lambda entry: entry.update(subject="x" * 501),
        lambda entry: entry["object"].update(id=secrets.token_hex(4000)),
        lambda entry: entry["facts"].update(note=reduce(lambda inner, _: [inner], range(20), "deep")),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_entry_that_would_stop_the_sequencer_or_the_pages_is_set_aside(spoil, application):
    content = json.loads(bytes(Entry.objects.get().body))
    spoil(content)
    body = json.dumps(content, separators=(",", ":")).encode()
    application.execute("INSERT INTO ledger_waiting (body) VALUES (%s)", [body])
    count()
    assert sequence() == 3
    assert Head.objects.get().size == 3
    assert verify().intact
    assert [bytes(each.body) for each in Refused.objects.all()] == [body]


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"null", b"[]", b"{", b'{"at":"\\u0000"}', b"[" * 65_000, b'"x"', b"7"]
)
@pytest.mark.django_db(transaction=True)
def test_what_is_no_json_object_is_set_aside(body, application):
    application.execute("INSERT INTO ledger_waiting (body) VALUES (%s)", [body])
    assert (sequence(), Head.objects.get().size) == (2, 2)
    assert [bytes(each.body) for each in Refused.objects.all()] == [body]


@pytest.mark.django_db(transaction=True)
def test_what_is_longer_than_an_entry_is_refused(application):
    with pytest.raises(CheckViolation):
        application.execute("INSERT INTO ledger_waiting (body) VALUES (%s)", [b"x" * 65_536])
    assert sequence() == 1


@pytest.mark.django_db(transaction=True)
def test_more_than_a_batch_is_taken_although_some_of_it_is_set_aside(application):
    application.execute("INSERT INTO ledger_waiting (body) VALUES ('{}')")
    for _ in range(5):
        count()
    assert sequence(batch=2) == 7
    assert (Head.objects.get().size, Refused.objects.count()) == (7, 1)


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone = 'UTC+5'",
        "TimeZone = '<Z>5'",
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = 'sql_standard'",
        "bytea_output = 'escape'",
        "standard_conforming_strings = off",
        "array_nulls = off",
        "search_path = pg_temp, public",
        "default_transaction_isolation = 'serializable'",
        "client_encoding = 'LATIN1'",
    ],
)
@pytest.mark.django_db(transaction=True)
def test_no_session_changes_what_an_entry_is(setting, application):
    count()
    application.execute(f"SET {setting}")
    application.execute("SELECT public.ledger_sequence(10)")
    assert (Head.objects.get().size, Refused.objects.count()) == (3, 0)
    assert verify().intact


@pytest.mark.django_db(transaction=True)
def test_the_sequencers_own_function_is_not_for_others(application):
    """Called first with other types in front, it would run their code as the owner from then on."""
    application.execute(
        "CREATE FUNCTION pg_temp.escalate(pg_catalog.jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
        "ALTER TABLE public.ledger_entry DISABLE TRIGGER ALL; RETURN true; END $$"
    )
    application.execute("CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.escalate(VALUE))")
    application.execute("CREATE DOMAIN pg_temp.bigint AS pg_catalog.int8")
    with pytest.raises(InsufficientPrivilege):
        application.execute("SELECT public.ledger_content('{}')")
    application.execute("SET search_path = pg_temp, public")
    assert application.execute("SELECT public.ledger_sequence(10)").fetchone() == (1,)
    enabled = application.execute(
        "SELECT array_agg(DISTINCT tgenabled::text) FROM pg_trigger WHERE tgrelid = 'public.ledger_entry'::regclass "
        "AND NOT tgisinternal"
    )
    assert enabled.fetchone() == (["A"],)


@pytest.mark.django_db(transaction=True)
def test_what_was_set_aside_raises_an_alarm_until_somebody_has_looked(application, amir):
    guarding.sign()
    assert not Alarm.objects.exists()
    application.execute("INSERT INTO ledger_waiting (body) VALUES ('{}'), ('[]')")
    sequence()
    with acting(amir.as_actor()):
        guarding.sign()
        guarding.sign()
        (alarm,) = Alarm.objects.all()
        assert alarm.kind == "refused"
        assert "is in 2 cases no entry" in alarm.message
        settle(alarm, how="A script of ours; it is gone.")
        guarding.sign()
        assert Alarm.objects.count() == 1
        application.execute("INSERT INTO ledger_waiting (body) VALUES ('7')")
        sequence()
        guarding.sign()
    assert "is in 1 cases no entry" in Alarm.objects.get(settled_at=None).message


@pytest.mark.django_db(transaction=True)
def test_application_cannot_tidy_up_what_was_set_aside(application):
    application.execute("INSERT INTO ledger_waiting (body) VALUES ('{}')")
    sequence()
    for statement in (
        "DELETE FROM ledger_refused",
        "TRUNCATE ledger_refused",
        "UPDATE ledger_refused SET body = ''",
        "INSERT INTO ledger_refused (body, at) VALUES ('', now())",
    ):
        with pytest.raises(InsufficientPrivilege):
            application.execute(statement)
    assert Refused.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_application_cannot_hold_the_sequencer_up(application):
    application.execute("SELECT pg_advisory_lock(hashtext('ledger_sequence'))")
    with pytest.raises(InsufficientPrivilege):
        application.execute("SELECT size FROM ledger_head FOR UPDATE")
    assert sequence() == 1


@pytest.mark.django_db(transaction=True)
def test_application_cannot_put_functions_where_the_owner_looks(pg_server):
    superuser = console_database(pg_server)
    login = pg_server.create_login(superuser, prefix="application")
    superuser.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    grant_application(login.user)
    with login.connect() as application, pytest.raises(InsufficientPrivilege):
        application.execute("CREATE FUNCTION public.convert_from(bytea, text) RETURNS text RETURN 'mine'")
    superuser.execute(f"DROP OWNED BY {login.user}")
    superuser.execute(f"DROP ROLE {login.user}")


@pytest.mark.django_db(transaction=True)
def test_sequencer_calls_no_function_of_the_schema_it_works_in(pg_server):
    superuser = console_database(pg_server)
    count()
    superuser.execute(
        "CREATE FUNCTION public.convert_from(bytea, text) RETURNS text LANGUAGE plpgsql "
        "AS $$ BEGIN RAISE EXCEPTION 'code of somebody else as the owner'; END $$"
    )
    try:
        assert sequence() == 1
    finally:
        superuser.execute("DROP FUNCTION public.convert_from(bytea, text)")


@pytest.mark.django_db(transaction=True)
def test_stranger_to_the_database_may_nothing(pg_server):
    count()
    superuser = console_database(pg_server)
    login = pg_server.create_login(superuser, prefix="stranger")
    with login.connect() as stranger:
        for statement in (
            "SELECT ledger_sequence(1)",
            "SELECT * FROM ledger_entry",
            "SELECT * FROM ledger_waiting",
        ):
            with pytest.raises((InsufficientPrivilege, UndefinedTable)):
                stranger.execute(statement)
    superuser.execute(f"DROP ROLE {login.user}")


@pytest.mark.django_db(transaction=True)
def test_grant_command_gives_the_same_rights(pg_server, capsys):
    superuser = console_database(pg_server)
    login = pg_server.create_login(superuser, prefix="application")
    connection.force_debug_cursor = True
    try:
        call_command("grant", login.user)
    finally:
        connection.force_debug_cursor = False
    assert capsys.readouterr().out == f"Granted the application's rights to {login.user}.\n"
    rights = login.execute(
        "SELECT table_name::text, string_agg(privilege_type, ' ' ORDER BY privilege_type) "
        "FROM information_schema.role_table_grants WHERE grantee = current_user AND table_name LIKE 'ledger%' "
        "GROUP BY 1 ORDER BY 1"
    )
    superuser.execute(f"DROP OWNED BY {login.user}")
    superuser.execute(f"DROP ROLE {login.user}")
    assert rights == [
        ("ledger_alarm", "INSERT SELECT UPDATE"),
        ("ledger_checkpoint", "INSERT SELECT"),
        ("ledger_cosignature", "INSERT SELECT"),
        ("ledger_entry", "SELECT"),
        ("ledger_head", "SELECT"),
        ("ledger_key_change", "INSERT SELECT"),
        ("ledger_key_proposal", "INSERT SELECT UPDATE"),
        ("ledger_person_key", "DELETE INSERT SELECT UPDATE"),
        ("ledger_refused", "SELECT"),
        ("ledger_segment", "INSERT SELECT"),
        ("ledger_stamp", "INSERT SELECT"),
        ("ledger_tile", "INSERT SELECT"),
        ("ledger_verification", "INSERT SELECT"),
        ("ledger_waiting", "INSERT SELECT"),
    ]


@pytest.mark.django_db
def test_check_says_when_the_application_owns_the_ledger():
    (error,) = application_must_not_own_the_ledger(databases=["default"])
    assert error.id == "ledger.E001"
    assert application_must_not_own_the_ledger(databases=None) == []
