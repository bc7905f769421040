"""Search for any part of a name by index, with what every PostgreSQL has: arrays of trigrams under a GIN index.

`catalog_grams` gives every three characters in a row of a name, and with ^ the first one and two of each word, so
that `id` finds customer_id and personId. `catalog_part_grams` gives those of a search term.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models
from django.db.models import F

from catalog.grams import Grams

GRAMS = r"""
CREATE FUNCTION catalog_grams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5000 AS $$
  SELECT coalesce(array_agg(DISTINCT gram), '{}') FROM (
    SELECT substr(lower(value), place, 3) AS gram FROM generate_series(1, length(value) - 2) AS place
    UNION ALL
    SELECT '^' || left(word, size)
    FROM regexp_split_to_table(
           lower(regexp_replace(value, '([[:lower:]])([[:upper:]])', '\1 \2', 'g')), '[^[:alnum:]]+') AS word,
         generate_series(1, 2) AS size
    WHERE length(word) >= size
  ) AS found
$$;
CREATE FUNCTION catalog_part_grams(part text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN length(part) < 3 THEN ARRAY['^' || lower(part)] ELSE
    (SELECT array_agg(DISTINCT substr(lower(part), place, 3)) FROM generate_series(1, length(part) - 2) AS place)
  END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0003_lineage_contracts_localization")]

    operations = [
        migrations.RunSQL(GRAMS, "DROP FUNCTION catalog_grams(text); DROP FUNCTION catalog_part_grams(text)"),
        migrations.AddIndex("column", GinIndex(Grams(F("name")), name="column_by_part_of_name")),
        migrations.AddIndex("dataset", GinIndex(Grams(F("name")), name="data_set_by_part_of_name")),
        migrations.AddIndex(
            "column",
            models.Index(
                fields=["data_set", "position", "id"], condition=models.Q(gone_at=None), name="column_present"
            ),
        ),
    ]
