"""The ledger's tables, the function that chains, and the triggers that keep it append-only."""

from django.db import migrations, models

PROTECT = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER ledger_entry_rows BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_entry_truncate BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_waiting_update BEFORE UPDATE ON ledger_waiting
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_waiting_truncate BEFORE TRUNCATE ON ledger_waiting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_rows BEFORE DELETE ON ledger_head
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
CREATE TRIGGER ledger_head_truncate BEFORE TRUNCATE ON ledger_head
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();

-- ALWAYS: `SET session_replication_role = replica` does not switch them off.
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_rows;
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_truncate;
ALTER TABLE ledger_waiting ENABLE ALWAYS TRIGGER ledger_waiting_update;
ALTER TABLE ledger_waiting ENABLE ALWAYS TRIGGER ledger_waiting_truncate;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_rows;
ALTER TABLE ledger_head ENABLE ALWAYS TRIGGER ledger_head_truncate;

INSERT INTO ledger_head (id, size, chain) VALUES (1, 0, sha256('\\x'::bytea));
"""

# SECURITY DEFINER: the application may call it, and needs no right of its own on the tables it changes. Temporary
# tables come last in the search path: otherwise the application could put its own, with triggers that would run as
# the owner, in the place of these.
SEQUENCE = """
CREATE FUNCTION ledger_sequence(batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head record;
    waiting record;
    content jsonb;
    next_number bigint;
    current_chain bytea;
    current_leaf bytea;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('ledger_sequence')) THEN
        RETURN 0;
    END IF;
    SELECT size, chain INTO head FROM ledger_head WHERE id = 1 FOR UPDATE;
    next_number := head.size;
    current_chain := head.chain;
    FOR waiting IN
        WITH taken AS (
            DELETE FROM ledger_waiting
            WHERE id IN (SELECT id FROM ledger_waiting ORDER BY id LIMIT batch FOR UPDATE SKIP LOCKED)
            RETURNING id, body
        )
        SELECT body FROM taken ORDER BY id
    LOOP
        current_leaf := sha256('\\x00'::bytea || waiting.body);
        current_chain := sha256('\\x01'::bytea || current_chain || current_leaf);
        content := convert_from(waiting.body, 'UTF8')::jsonb;
        INSERT INTO ledger_entry
            (number, leaf, chain, body, at, action, actor, object_type, object_id, subject, correlation)
        VALUES (
            next_number, current_leaf, current_chain, waiting.body,
            (content->>'at')::timestamptz, content->>'action', content->'actor'->>'id',
            content->'object'->>'type', content->'object'->>'id', content->>'subject', content->>'correlation'
        );
        next_number := next_number + 1;
    END LOOP;
    IF next_number > head.size THEN
        UPDATE ledger_head SET size = next_number, chain = current_chain WHERE id = 1;
    END IF;
    RETURN next_number - head.size;
END $$;
REVOKE ALL ON FUNCTION ledger_sequence(integer) FROM PUBLIC;
"""

UNDO = """
DROP FUNCTION ledger_sequence(integer);
DROP FUNCTION ledger_refuse() CASCADE;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies: list = []
    operations = [
        migrations.CreateModel(
            name="Waiting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("body", models.BinaryField()),
            ],
            options={"db_table": "ledger_waiting"},
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("leaf", models.BinaryField()),
                ("chain", models.BinaryField()),
                ("body", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("action", models.TextField()),
                ("actor", models.TextField()),
                ("object_type", models.TextField()),
                ("object_id", models.TextField()),
                ("subject", models.TextField()),
                ("correlation", models.TextField()),
            ],
            options={
                "db_table": "ledger_entry",
                "ordering": ["-number"],
                "indexes": [
                    models.Index(fields=["action", "-number"], name="ledger_by_action"),
                    models.Index(fields=["actor", "-number"], name="ledger_by_actor"),
                    models.Index(fields=["object_type", "object_id", "-number"], name="ledger_by_object"),
                    models.Index(fields=["subject", "-number"], name="ledger_by_subject"),
                    models.Index(fields=["at"], name="ledger_by_time"),
                    models.Index(fields=["correlation"], name="ledger_by_correlation"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Head",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("size", models.BigIntegerField()),
                ("chain", models.BinaryField()),
            ],
            options={"db_table": "ledger_head"},
        ),
        migrations.RunSQL(PROTECT, UNDO),
        migrations.RunSQL(SEQUENCE, migrations.RunSQL.noop),
    ]
