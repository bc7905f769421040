"""Browse and search a catalog of 1,000,000 columns in 50,000 data sets, as pages and over the API.

    python -m benchmarks.catalog [--data-sets 50000] [--runs 7]

Times are medians of whole answers of the pages, without network; each list has 20 columns of a data set.
"""

import argparse
from statistics import median

from benchmarks.ground import console, seconds, table

COLUMNS_EACH = 20
LIMIT_SECONDS = 1.0
BUILD = """
INSERT INTO catalog_system (name, kind, region, settings, nightly, added_at, problem)
SELECT 'warehouse ' || n, 'postgresql', 'DE', '{}', false, now(), '' FROM generate_series(1, 50) n;

INSERT INTO catalog_data_set (system_id, name, kind, primary_key, problem, first_seen_at)
SELECT 1 + n % 50,
       (ARRAY['sales', 'hr', 'web', 'support', 'ops'])[1 + n % 5] || '.'
       || (ARRAY['customer', 'order', 'invoice', 'employee', 'ticket', 'session', 'device', 'campaign'])[1 + n % 8]
       || '_' || (ARRAY['daily', 'history', 'archive', 'staging', 'v2'])[1 + n / 8 % 5] || '_' || n,
       'table', '{}', '', now()
FROM generate_series(1, %(data_sets)s) n;

INSERT INTO catalog_column (data_set_id, name, position, data_type, kind, nullable, "unique", generated, category,
                            sensitivity, confidence, contains, state, questioned, first_seen_at)
SELECT data_set.id,
       (ARRAY['id', 'email_address', 'given_name', 'family_name', 'phone_number', 'street', 'postal_code', 'city',
              'country_code', 'birth_date', 'created_at', 'updated_at', 'amount', 'currency', 'status', 'ip_address',
              'userAgent', 'note', 'iban', 'external_ref'])[place]
       || CASE WHEN data_set.id %% 100 = 0 THEN '_old' ELSE '' END,
       place, 'text', 'text', true, false, false,
       (ARRAY['id.customer', 'contact.email', 'name.given', 'name.family', 'contact.phone', 'contact.address.street',
              'contact.address.postal_code', 'contact.address.city', 'contact.address.country',
              'demographic.birth_date', '', '', '', '', '', 'online.ip', 'online.user_agent', 'content.free_text',
              'finance.iban', ''])[place],
       '', 0.5 + place / 50.0, '{}', CASE WHEN data_set.id %% 3 = 0 THEN 'confirmed' ELSE 'unreviewed' END, false, now()
FROM catalog_data_set data_set, generate_series(1, 20) place;
"""
PAGES = {
    "browse, first page": "/columns/",
    "browse, page 10,000": "/columns/?page=10000",
    "a word in 1 data set": "/columns/?q=archive_777",
    "a column's name (50,000 hits)": "/columns/?q=iban",
    "two words": "/columns/?q=invoice+email",
    "a part inside a name": "/columns/?q=gent_o",
    "two letters": "/columns/?q=ip",
    "nothing found": "/columns/?q=xylophone",
    "a category": "/columns/?category=finance.iban",
    "a category and a word": "/columns/?category=contact&q=ticket",
    "review, by confidence": "/columns/?state=unreviewed&sort=-confidence",
    "data sets, a word": "/data-sets/?q=campaign_v2",
    "API: a word": "/api/v1/columns/?q=invoice+email",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-sets", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with console():
        print(measure(options.data_sets, options.runs))


def measure(data_sets: int, runs: int) -> str:
    from django.conf import settings  # noqa: PLC0415  Django is set up now
    from django.db import connection  # noqa: PLC0415

    from governance.console.permissions import Role  # noqa: PLC0415
    from tests.people import client_of, person  # noqa: PLC0415

    settings.WHITENOISE_USE_FINDERS = False
    settings.ALLOWED_HOSTS = ["*"]
    with connection.cursor() as cursor:
        built = seconds(
            lambda: cursor.execute(BUILD.replace("%%", "%").replace("%(data_sets)s", str(int(data_sets))))
        )
        cursor.execute("ANALYZE")
        cursor.execute("VACUUM catalog_column")
    client = client_of(person("dana", Role.STEWARD))
    rows, slowest = [], 0.0
    for name, url in PAGES.items():
        client.get(url)
        answer = client.get(url)
        assert answer.status_code == 200, (url, answer.status_code)
        times = [seconds(lambda url=url: client.get(url)) for _ in range(runs)]
        slowest = max(slowest, median(times))
        rows.append([name, f"{median(times) * 1000:.0f}", f"{max(times) * 1000:.0f}"])
    verdict = "within" if slowest <= LIMIT_SECONDS else "BEYOND"
    header = [f"{data_sets * COLUMNS_EACH:,} columns", "ms (median)", "ms (worst)"]
    return (
        f"{table(header, rows)}\n\nBuilt in {built:.0f} s. "
        f"The slowest page takes {slowest:.2f} s, {verdict} {LIMIT_SECONDS:.0f} s."
    )


if __name__ == "__main__":
    main()
