"""What was deleted really goes out of a search index: a deleted document stays in its segment until that is merged.

A merge that only expunges passes over segments in which fewer than a tenth of the documents are deleted; for the time
of it that limit is lowered to none. Source: OpenSearch and Elasticsearch, Force merge API and Merge settings.
"""

from __future__ import annotations

from catalog.connectors.base import AccessDenied, Lingering
from catalog.connectors.search_client import SearchClient

ALLOWED = "index.merge.policy.expunge_deletes_allowed"


def expunge(client: SearchClient, index: str) -> bool:
    """Empty the translog and merge what holds deleted documents; whether this user may."""
    try:
        client.ask("POST", "_flush?wait_if_ongoing=true", index=index)
        settings = client.ask("GET", "_settings?flat_settings=true", index=index)[index]["settings"]
        client.ask("PUT", "_settings", {ALLOWED: "0"}, index=index)
        try:
            client.ask("POST", "_forcemerge?only_expunge_deletes=true&flush=true", index=index)
        finally:
            client.ask("PUT", "_settings", {ALLOWED: settings.get(ALLOWED)}, index=index)
    except AccessDenied:
        return False
    return deleted_documents(client, index) == 0


def deleted_documents(client: SearchClient, index: str) -> int:
    """How many deleted documents the segments of the index still hold, whosever they are."""
    return int(client.ask("GET", "_stats/docs", index=index)["_all"]["total"]["docs"]["deleted"])


def lingering(client: SearchClient, index: str) -> Lingering | None:
    """None where no segment holds a deleted document; whose they are no server tells."""
    many = deleted_documents(client, index)
    if not many:
        return None
    return Lingering(
        1,
        None,
        f"Segments of {index} still hold {many} deleted documents, maybe these, until they are merged: "
        "grant the user of the console the right to force a merge (manage), or have it done.",
    )
