"""What is no entry is set aside by the sequencer, and raises an alarm, instead of being refused when it is written.

Asking each entry at its insert cost every change more than the insert itself; asked by the batch it costs a tenth.
"""

from importlib import import_module

from django.db import migrations, models

# Null where the body is no entry. Nobody but the sequencer calls it, in the search path that the sequencer has set:
# whoever called it first in a session could otherwise choose what its types are, and the owner would run their code.
# Years have four digits, and no zone carries them beyond Python's calendar.
CONTENT = """
CREATE FUNCTION ledger_content(body bytea) RETURNS pg_catalog.jsonb
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    content pg_catalog.jsonb;
    actor pg_catalog.jsonb;
    object pg_catalog.jsonb;
    moment pg_catalog.timestamptz;
BEGIN
    IF octet_length(body) > 65535 THEN
        RETURN NULL;
    END IF;
    content := convert_from(body, 'UTF8'::name)::jsonb;
    moment := content ->> 'at';
    actor := content -> 'actor';
    object := content -> 'object';
    IF jsonb_typeof(content -> 'facts') = 'object'
        AND jsonb_typeof(object -> 'name') = 'string'
        AND jsonb_typeof(content -> 'at') = 'string'
        AND content ->> 'at' = to_char(timezone('UTC', moment), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        AND moment >= '1970-01-01 00:00:00+00' AND moment < '9000-01-01 00:00:00+00'
        AND jsonb_typeof(content -> 'action') = 'string' AND octet_length(content ->> 'action') <= 500
        AND jsonb_typeof(content -> 'subject') = 'string' AND octet_length(content ->> 'subject') <= 500
        AND jsonb_typeof(content -> 'correlation') = 'string' AND octet_length(content ->> 'correlation') <= 500
        AND jsonb_typeof(actor -> 'kind') = 'string' AND octet_length(actor ->> 'kind') <= 500
        AND jsonb_typeof(actor -> 'id') = 'string' AND octet_length(actor ->> 'id') <= 500
        AND jsonb_typeof(actor -> 'role') = 'string' AND octet_length(actor ->> 'role') <= 500
        AND jsonb_typeof(object -> 'type') = 'string' AND octet_length(object ->> 'type') <= 500
        AND jsonb_typeof(object -> 'id') = 'string' AND octet_length(object ->> 'id') <= 500
        AND NOT jsonb_path_exists(content, '$.**{16}')
    THEN
        RETURN content;
    END IF;
    RETURN NULL;
EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION ledger_content(bytea) FROM PUBLIC;
"""

# As deep as an entry may be, and not in Latin. Where the caller's session is so that even this is none, because it has
# changed what times or texts mean or has little room left to work in, nothing is set aside as none.
ENTRY = (
    '{"action":"a","actor":{"id":"","kind":"system","role":""},"at":"2026-01-02T03:04:05.678901Z","correlation":"",'
    f'"facts":{{"deep":{"[" * 14}{"]" * 14}}},"id":"","object":{{"id":"","name":"漢","type":""}},"subject":"","v":1}}'
)

# Answers how many have been taken out of the waiting table. Only who holds the head's row deletes what waits, so that
# what waits need not be locked. In hundreds, because a statement for each entry would open the table's indexes again.
SEQUENCE = """
CREATE OR REPLACE FUNCTION ledger_sequence(batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET timezone = 'UTC' SET timezone_abbreviations = 'Default' SET standard_conforming_strings = on
AS $$
DECLARE
    head record;
    waiting record;
    content jsonb;
    numbered bigint;
    taken integer := 0;
    current_chain bytea;
    current_leaf bytea;
    leaves bytea[] := '{}';
    chains bytea[] := '{}';
    bodies bytea[] := '{}';
    contents jsonb[] := '{}';
BEGIN
    SELECT size, chain INTO head FROM public.ledger_head WHERE id = 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF public.ledger_content('ENTRY'::text::bytea) IS NULL THEN
        RAISE EXCEPTION 'the sequencer cannot work in this session';
    END IF;
    numbered := head.size;
    current_chain := head.chain;
    FOR waiting IN
        WITH taken AS (
            DELETE FROM public.ledger_waiting
            WHERE ctid = ANY (ARRAY(SELECT ctid FROM public.ledger_waiting ORDER BY id LIMIT batch))
            RETURNING id, body
        )
        SELECT body, row_number() OVER (ORDER BY id) = count(*) OVER () AS last FROM taken ORDER BY id
    LOOP
        taken := taken + 1;
        content := public.ledger_content(waiting.body);
        IF content IS NULL THEN
            INSERT INTO public.ledger_refused (body, at) VALUES (waiting.body, clock_timestamp());
        ELSE
            current_leaf := sha256('\\x00'::bytea || waiting.body);
            current_chain := sha256('\\x01'::bytea || current_chain || current_leaf);
            leaves := array_append(leaves, current_leaf);
            chains := array_append(chains, current_chain);
            bodies := array_append(bodies, waiting.body);
            contents := array_append(contents, content);
        END IF;
        IF waiting.last OR cardinality(leaves) = 500 THEN
            INSERT INTO public.ledger_entry
                (number, leaf, chain, body, at, action, actor, object_type, object_id, subject, correlation)
            SELECT
                numbered + told.place - 1, told.leaf, told.chain, told.body,
                (told.content->>'at')::timestamptz, told.content->>'action', told.content->'actor'->>'id',
                told.content->'object'->>'type', told.content->'object'->>'id', told.content->>'subject',
                told.content->>'correlation'
            FROM unnest(leaves, chains, bodies, contents)
                WITH ORDINALITY AS told (leaf, chain, body, content, place);
            numbered := numbered + cardinality(leaves);
            leaves := '{}';
            chains := '{}';
            bodies := '{}';
            contents := '{}';
        END IF;
    END LOOP;
    IF numbered > head.size THEN
        UPDATE public.ledger_head SET size = numbered, chain = current_chain WHERE id = 1;
    END IF;
    RETURN taken;
END $$;
""".replace("ENTRY", ENTRY)

UNCHECKED = """
ALTER TABLE ledger_waiting DROP CONSTRAINT ledger_waiting_readable;
DROP FUNCTION ledger_readable(bytea);
ALTER TABLE ledger_waiting ADD CONSTRAINT ledger_waiting_small CHECK (octet_length(body) <= 65535);
"""

PROTECT = """
CREATE TRIGGER ledger_refused_rows BEFORE UPDATE OR DELETE ON ledger_refused
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_refused_truncate BEFORE TRUNCATE ON ledger_refused
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
ALTER TABLE ledger_refused ENABLE ALWAYS TRIGGER ledger_refused_rows;
ALTER TABLE ledger_refused ENABLE ALWAYS TRIGGER ledger_refused_truncate;
"""

BEFORE = import_module("audit.ledger.migrations.0002_refuse_what_cannot_be_sequenced").SEQUENCE
READABLE = import_module("audit.ledger.migrations.0007_readable_asked_in_one_expression").READABLE
CHECKED = f"""
ALTER TABLE ledger_waiting DROP CONSTRAINT ledger_waiting_small;
{READABLE}
ALTER TABLE ledger_waiting ADD CONSTRAINT ledger_waiting_readable CHECK (ledger_readable(body));
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0009_an_alarm_for_the_clock")]
    operations = [
        migrations.CreateModel(
            name="Refused",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
            options={"db_table": "ledger_refused", "ordering": ["at", "pk"]},
        ),
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("diverged", "The log and a published checkpoint part ways"),
                    ("broken", "An entry does not hold"),
                    ("export", "The export failed or is late"),
                    ("gap", "Segments are missing in the export"),
                    ("witness", "A witness refused"),
                    ("stamp", "A checkpoint could not be time-stamped"),
                    ("clock", "The clock was set back"),
                    ("refused", "Something waited that is no entry"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField("alarm", "up_to", models.BigIntegerField(null=True)),
        migrations.RunSQL(PROTECT, migrations.RunSQL.noop),
        migrations.RunSQL(CONTENT, "DROP FUNCTION ledger_content(bytea);"),
        migrations.RunSQL(SEQUENCE, BEFORE),
        migrations.RunSQL(UNCHECKED, CHECKED),
    ]
