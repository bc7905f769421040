"""An example of a service that speaks the custodian protocol, over one SQLite database. It needs Python alone.

    CUSTODIAN_SECRET=… python examples/custodian_service.py --database crm.sqlite --port 8900

It shows all that a service has to do: check signatures, describe its data sets, give samples, pages and rows by
their keys, rehearse changes and make them whole or not at all. The protocol is in docs/custodian-protocol.md.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import random
import re
import sqlite3
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

WINDOW_SECONDS = 300  # how old a signature may be
LARGEST_BODY = 256 * 1024 * 1024
PAGE_BYTES = 8 * 1024 * 1024
KINDS = {"INTEGER": "integer", "REAL": "float", "TEXT": "text"}
COVERED = '("@method" "@target-uri" "content-digest")'
INPUT = re.compile(
    r'console=(?P<parameters>\("@method" "@target-uri" "content-digest"\);created=(?P<created>\d+);'
    r'nonce="(?P<nonce>[^"]+)";alg="hmac-sha256";keyid="[^"]*")'
)


class Problem(Exception):
    """A refusal: `kind` is one of the protocol's problem types."""

    def __init__(self, kind, status=400, **about):
        super().__init__(kind)
        self.kind, self.status, self.about = kind, status, about


class Store:
    """The tables of one SQLite database."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.database.create_function(
            "fold", 1, lambda value: None if value is None else str(value).strip().lower()
        )
        self.database.execute("PRAGMA secure_delete = ON")
        self.done = {}  # operation → count: asked again, it is not done again

    def names(self):
        query = (
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        return [name for (name,) in self.database.execute(query)]

    def describe(self, data_set):
        if data_set not in self.names():
            raise Problem("data-set-missing", 404, data_set=data_set)
        found = self.database.execute(
            "SELECT name, type, [notnull], pk FROM pragma_table_info(?)", [data_set]
        )
        rows = found.fetchall()
        return {
            "name": data_set,
            "kind": "table",
            "columns": [
                {"name": name, "type": kind, "kind": KINDS.get(kind, "unknown"), "nullable": not required}
                for name, kind, required, _ in rows
            ],
            "primary_key": [name for name, _, _, key in sorted(rows, key=lambda row: row[3]) if key],
        }

    def columns(self, data_set, names=None):
        known = [column["name"] for column in self.describe(data_set)["columns"]]
        for name in names or []:
            if name not in known:
                raise Problem("column-missing", 404, data_set=data_set, column=name)
        return known if names is None else names

    def sample(self, data_set, rows, seed):
        columns = self.columns(data_set)
        rowids = [rowid for (rowid,) in self.database.execute(f"SELECT rowid FROM {quoted(data_set)}")]
        chosen = random.Random(seed).sample(rowids, min(rows, len(rowids)))
        texts = ", ".join(f"substr(CAST({quoted(name)} AS TEXT), 1, 4096)" for name in columns)
        query = f"SELECT {texts} FROM {quoted(data_set)} WHERE rowid = ?"
        return {
            "columns": columns,
            "rows": [self.database.execute(query, [rowid]).fetchone() for rowid in chosen],
        }

    def page(self, data_set, columns, limit, cursor, matches=None):
        """Rows after `cursor` (a row number), as many as fit into a page."""
        names = ", ".join(map(quoted, self.columns(data_set, columns)))
        where = self.where(data_set, matches)
        query = f"SELECT rowid, {names} FROM {quoted(data_set)} WHERE rowid > ? AND {where} ORDER BY rowid LIMIT ?"
        rows, size, last = [], 0, None
        for rowid, *values in self.database.execute(query, [int(cursor or -1), limit]):
            size += len(json.dumps(values))
            if rows and size > PAGE_BYTES:
                break
            rows.append(values)
            last = rowid
        return {"rows": rows, "next": str(last) if rows else None}

    def count(self, data_set, matches):
        where = self.where(data_set, matches)
        return self.database.execute(f"SELECT count(*) FROM {quoted(data_set)} WHERE {where}").fetchone()[0]

    def change(self, operation):
        """Delete, or overwrite where there are replacements: how many rows it was."""
        data_set, replacements = operation["data_set"], operation.get("replacements") or {}
        self.columns(data_set, list(replacements))
        where = self.where(data_set, operation["matches"])
        if not replacements:
            return self.database.execute(f"DELETE FROM {quoted(data_set)} WHERE {where}").rowcount
        assigned = ", ".join(
            f"{quoted(name)} = " + ("? || '-' || lower(hex(randomblob(8)))" if each["unique"] else "?")
            for name, each in replacements.items()
        )
        made = "{0} NOT LIKE ? || '-%' OR {0} IS NULL"
        differs = " OR ".join(
            (made if each["unique"] else "{0} IS NOT ?").format(quoted(name))
            for name, each in replacements.items()
        )
        values = [each["value"] for each in replacements.values()]
        count = self.count(data_set, operation["matches"])
        where = self.where(data_set, operation["matches"])
        query = f"UPDATE {quoted(data_set)} SET {assigned} WHERE {where} AND ({differs})"
        self.database.execute(query, [*values, *values])
        return count

    def where(self, data_set, matches):
        """The condition for rows that satisfy any match; its keys stand in temporary tables."""
        self.describe(data_set)
        if matches is None:
            return "1"
        conditions = ["0"]
        for number, match in enumerate(matches):
            columns = self.columns(data_set, match["columns"])
            places = ", ".join(f"k{place}" for place in range(len(columns)))
            marks = ", ".join("?" * len(columns))
            self.database.execute(f"DROP TABLE IF EXISTS temp.keys{number}")
            self.database.execute(f"CREATE TEMP TABLE keys{number} ({places})")
            self.database.executemany(f"INSERT INTO temp.keys{number} VALUES ({marks})", match["keys"])
            fold = "fold({})" if match.get("fold") else "{}"
            keys = ", ".join(fold.format(place) for place in places.split(", "))
            compared = ", ".join(fold.format(quoted(name)) for name in columns)
            conditions.append(f"({compared}) IN (SELECT {keys} FROM temp.keys{number})")
        return "(" + " OR ".join(conditions) + ")"

    def together(self, work, *, keep):
        """Do `work` in one transaction; undo it unless it is to be kept."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            result = work()
        except sqlite3.IntegrityError:
            self.database.execute("ROLLBACK")
            raise Problem("constraint", 409) from None
        except BaseException:
            self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT" if keep else "ROLLBACK")
        return result


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Handler(BaseHTTPRequestHandler):
    """The protocol's doors. `server` has `store`, `secret`, `base` (its own address), and nonces with their ends."""

    protocol_version = "HTTP/1.1"
    timeout = 60  # for who says nothing more

    def do_GET(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        try:
            body = self.rfile.read(self.length())
            self.require_signature(body)
            asked = json.loads(body) if body else {}
            path = urlsplit(self.path)
            with self.server.store.lock:
                result = self.dispatch(path.path, parse_qs(path.query), asked)
            self.send(200, result)
        except Problem as problem:
            self.send(problem.status, {"type": problem.kind, **problem.about})
        except (KeyError, TypeError, ValueError):
            self.send(400, {"type": "malformed"})

    def dispatch(self, path, query, asked):
        store = self.server.store
        if path == "/v1/about":
            return {"name": "Example service", "version": "1.0", "protocol": "1"}
        if path == "/v1/data-sets":
            after = query.get("cursor", [""])[0]
            names = [name for name in store.names() if name > after][:100]
            return {
                "data_sets": [store.describe(name) for name in names],
                "next": names[-1] if names else None,
            }
        if path == "/v1/describe":
            return store.describe(asked["data_set"])
        if path == "/v1/sample":
            return store.sample(asked["data_set"], asked["rows"], asked["seed"])
        if path in ("/v1/read", "/v1/find"):
            matches = asked["matches"] if path == "/v1/find" else None
            return store.page(asked["data_set"], asked["columns"], asked["limit"], asked["cursor"], matches)
        if path == "/v1/count":
            return {"count": store.count(asked["data_set"], asked["matches"])}
        if path == "/v1/rehearse":
            work = lambda: [store.change(operation) for operation in asked["operations"]]  # noqa: E731
            return {"counts": store.together(work, keep=False)}
        if path == "/v1/change":
            if asked["operation"] not in store.done:
                store.done[asked["operation"]] = store.together(lambda: store.change(asked), keep=True)
            return {"count": store.done[asked["operation"]]}
        raise Problem("unsupported", 404)

    def require_signature(self, body):
        """RFC 9421 over method, target URI and the digest of the body; each nonce once."""
        digest = "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode() + ":"
        given = INPUT.fullmatch(self.headers.get("Signature-Input", ""))
        if not given or self.headers.get("Content-Digest") != digest:
            raise Problem("not-signed", 401)
        base = (
            f'"@method": {self.command}\n"@target-uri": {self.server.base}{self.path}\n'
            f'"content-digest": {digest}\n"@signature-params": {given["parameters"]}'
        )
        mac = hmac.new(self.server.secret.encode(), base.encode(), hashlib.sha256).digest()
        expected = f"console=:{base64.b64encode(mac).decode()}:"
        if not hmac.compare_digest(expected, self.headers.get("Signature", "")):
            raise Problem("not-signed", 401)
        now, nonce, created = time.time(), given["nonce"], int(given["created"])
        if abs(now - created) > WINDOW_SECONDS:
            raise Problem("not-signed", 401)
        with self.server.lock:  # of two that come at once, one is the first
            nonces = self.server.nonces
            for old in [each for each, until in nonces.items() if until < now]:
                del nonces[old]
            if nonce in nonces:
                raise Problem("not-signed", 401)
            nonces[nonce] = created + WINDOW_SECONDS + 1  # as long as the signature is good

    def length(self):
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 <= length <= LARGEST_BODY:
            self.close_connection = True
            raise Problem("malformed", 413)
        return length

    def send(self, status, answer):
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format, *arguments):
        """Nothing: paths and keys are nobody's business."""


def serve(path, *, port, secret):
    """A server that is ready to be told `serve_forever`; its address is `.base`."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.store, server.secret = Store(path), secret
    server.nonces, server.lock = {}, threading.Lock()
    server.base = f"http://127.0.0.1:{server.server_address[1]}"
    return server


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--port", type=int, default=8900)
    options = parser.parse_args()
    serve(options.database, port=options.port, secret=os.environ["CUSTODIAN_SECRET"]).serve_forever()
