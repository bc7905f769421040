"""What cannot be sequenced is refused when it is written: an entry that stops the sequencer would stop it for ever.

The sequencer takes turns by the row of the head, which the application cannot lock, where anybody could hold the
advisory lock of before; and it names its tables in full, so that no schema it searches can bring code of its own.
"""

from importlib import import_module

from django.db import migrations

# The lengths keep the browsing columns below what an index takes, the depth below what a JSON reader takes.
READABLE = """
CREATE FUNCTION ledger_readable(body bytea) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    content jsonb;
BEGIN
    IF octet_length(body) > 65535 THEN
        RETURN false;
    END IF;
    content := convert_from(body, 'UTF8'::name)::jsonb;
    RETURN coalesce(
        jsonb_typeof(content -> 'facts') = 'object'
        AND jsonb_typeof(content #> '{object,name}') = 'string'
        AND (
            SELECT bool_and(coalesce(jsonb_typeof(content #> path::text[]) = 'string'
                                     AND octet_length(content #>> path::text[]) <= 500, false))
            FROM unnest(ARRAY[
                '{at}', '{action}', '{subject}', '{correlation}', '{actor,kind}', '{actor,id}', '{actor,role}',
                '{object,type}', '{object,id}'
            ]) AS path
        )
        AND content ->> 'at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$'
        AND (content ->> 'at')::timestamptz IS NOT NULL
        AND NOT jsonb_path_exists(content, '$.**{16}'),
        false
    );
END $$;

ALTER TABLE ledger_waiting ADD CONSTRAINT ledger_waiting_readable CHECK (ledger_readable(body));
"""

SEQUENCE = """
CREATE OR REPLACE FUNCTION ledger_sequence(batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    head record;
    waiting record;
    content jsonb;
    next_number bigint;
    current_chain bytea;
    current_leaf bytea;
BEGIN
    SELECT size, chain INTO head FROM public.ledger_head WHERE id = 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    next_number := head.size;
    current_chain := head.chain;
    FOR waiting IN
        WITH taken AS (
            DELETE FROM public.ledger_waiting
            WHERE id IN (SELECT id FROM public.ledger_waiting ORDER BY id LIMIT batch FOR UPDATE SKIP LOCKED)
            RETURNING id, body
        )
        SELECT body FROM taken ORDER BY id
    LOOP
        current_leaf := sha256('\\x00'::bytea || waiting.body);
        current_chain := sha256('\\x01'::bytea || current_chain || current_leaf);
        content := convert_from(waiting.body, 'UTF8'::name)::jsonb;
        INSERT INTO public.ledger_entry
            (number, leaf, chain, body, at, action, actor, object_type, object_id, subject, correlation)
        VALUES (
            next_number, current_leaf, current_chain, waiting.body,
            (content->>'at')::timestamptz, content->>'action', content->'actor'->>'id',
            content->'object'->>'type', content->'object'->>'id', content->>'subject', content->>'correlation'
        );
        next_number := next_number + 1;
    END LOOP;
    IF next_number > head.size THEN
        UPDATE public.ledger_head SET size = next_number, chain = current_chain WHERE id = 1;
    END IF;
    RETURN next_number - head.size;
END $$;
"""

BEFORE = import_module("audit.ledger.migrations.0001_append_only_chain").SEQUENCE


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_append_only_chain")]
    operations = [
        migrations.RunSQL(
            READABLE,
            "ALTER TABLE ledger_waiting DROP CONSTRAINT ledger_waiting_readable; DROP FUNCTION ledger_readable(bytea);",
        ),
        migrations.RunSQL(SEQUENCE, f"DROP FUNCTION ledger_sequence(integer); {BEFORE}"),
    ]
