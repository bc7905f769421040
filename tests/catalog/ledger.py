"""What an entry of the ledger says, for assertions."""

import json
from typing import Any

from audit.ledger.models import Entry


def facts_of(entry: Entry) -> tuple[str, dict[str, Any]]:
    """Its action and its facts."""
    body = json.loads(bytes(entry.body))
    return body["action"], body["facts"]
