"""One spelling for the names of data sets, so that what scans know and what events say meet. Pure.

Source: OpenLineage's naming specification (https://openlineage.io/docs/spec/naming), and what producers send.
"""

from __future__ import annotations

import re
from functools import lru_cache

Name = tuple[str, str]  # namespace, name
_SCHEMES = {"postgresql": "postgres", "s3a": "s3", "s3n": "s3", "gcs": "gs"}
_PORTS = {"postgres": 5432, "mysql": 3306}
_OBJECTS = frozenset({"s3", "gs", "abfss", "wasbs"})  # keys in them have no leading slash
_NAMESPACE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/]*)(/.*)?\Z", re.DOTALL)


@lru_cache(maxsize=8_192)  # an event names the same data set once for each column
def canonical(namespace: str, name: str) -> Name:
    """`postgresql://Db/` + `shop.public.t` → `postgres://db:5432` + `shop.public.t`; other names as they are."""
    found = _NAMESPACE.match(namespace)
    if not found:
        return namespace, name
    scheme, authority, path = found[1].lower(), found[2].lower(), (found[3] or "").rstrip("/")
    scheme = _SCHEMES.get(scheme, scheme)
    if scheme in _PORTS and authority and ":" not in authority.rpartition("]")[2]:
        authority = f"{authority}:{_PORTS[scheme]}"
    if scheme in _OBJECTS:
        name = name.lstrip("/") or "/"
    spelled = f"{scheme}://{authority}{path}"
    return (spelled, name) if len(spelled) <= 400 else (namespace, name)
