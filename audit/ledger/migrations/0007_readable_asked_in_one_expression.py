"""The same rule for what may wait, without a query inside: it is asked of every entry, and took half of its insert."""

from importlib import import_module

from django.db import migrations

READABLE = """
CREATE OR REPLACE FUNCTION ledger_readable(body bytea) RETURNS boolean
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    content jsonb;
    actor jsonb;
    object jsonb;
BEGIN
    IF octet_length(body) > 65535 THEN
        RETURN false;
    END IF;
    content := convert_from(body, 'UTF8'::name)::jsonb;
    actor := content -> 'actor';
    object := content -> 'object';
    RETURN coalesce(
        jsonb_typeof(content -> 'facts') = 'object'
        AND jsonb_typeof(object -> 'name') = 'string'
        AND jsonb_typeof(content -> 'at') = 'string'
        AND content ->> 'at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z$'
        AND (content ->> 'at')::timestamptz IS NOT NULL
        AND jsonb_typeof(content -> 'action') = 'string' AND octet_length(content ->> 'action') <= 500
        AND jsonb_typeof(content -> 'subject') = 'string' AND octet_length(content ->> 'subject') <= 500
        AND jsonb_typeof(content -> 'correlation') = 'string' AND octet_length(content ->> 'correlation') <= 500
        AND jsonb_typeof(actor -> 'kind') = 'string' AND octet_length(actor ->> 'kind') <= 500
        AND jsonb_typeof(actor -> 'id') = 'string' AND octet_length(actor ->> 'id') <= 500
        AND jsonb_typeof(actor -> 'role') = 'string' AND octet_length(actor ->> 'role') <= 500
        AND jsonb_typeof(object -> 'type') = 'string' AND octet_length(object ->> 'type') <= 500
        AND jsonb_typeof(object -> 'id') = 'string' AND octet_length(object ->> 'id') <= 500
        AND NOT jsonb_path_exists(content, '$.**{16}'),
        false
    );
END $$;
"""

BEFORE = (
    import_module("audit.ledger.migrations.0002_refuse_what_cannot_be_sequenced")
    .READABLE.partition("ALTER TABLE")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0006_keys_of_persons")]
    operations = [migrations.RunSQL(READABLE, BEFORE)]
