"""An example of a receiver of tasks: it checks the signature, erases, and calls back. It needs Python alone.

    TASK_SECRET=whsec_… python examples/task_receiver.py --port 8901

What `erase` does is yours. The messages are described in docs/custodians.md.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import threading
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WINDOW_SECONDS = 300
LARGEST_BODY = 1024 * 1024
KEY = base64.b64decode(os.environ.get("TASK_SECRET", "").removeprefix("whsec_"))
DONE = {}  # by task: a task that comes again is not done again


def signature(message_id, timestamp, body):
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()


def is_genuine(headers, body):
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > WINDOW_SECONDS:
        return False
    expected = signature(message_id, timestamp, body)
    return any(hmac.compare_digest(given, expected) for given in headers.get("webhook-signature", "").split())


def erase(identifiers, rows):
    """Erase the person in your system; how many rows that were."""
    raise NotImplementedError("Erase them here.")


def work(data):
    try:
        DONE.setdefault(data["task"], erase(data["identifiers"], data["rows"]))
    except NotImplementedError as reason:
        print(reason)
        return
    state = "done" if DONE[data["task"]] else "nothing found"
    answer(data, state=state, note="By the example receiver.")


def answer(data, **said):
    body = json.dumps({"token": data["token"], **said}).encode()
    message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(message_id, timestamp, body),
    }
    request = urllib.request.Request(data["callback"], body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        print(data["request"], response.status)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LARGEST_BODY))
        genuine = is_genuine(self.headers, body)
        self.send_response(202 if genuine else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()
        message = json.loads(body) if genuine else {}
        if message.get("data"):  # a test has none
            threading.Thread(target=work, args=[message["data"]]).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, default=8901)
    ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Receiver).serve_forever()
