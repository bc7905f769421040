"""A time stamp authority (RFC 3161) on loopback: OpenSSL makes the stamps, certificates are made here."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

POLICY = "1.2.3.4.1"
CONFIG = f"""
[tsa]
default_tsa = here
[here]
serial = {{folder}}/serial
signer_cert = {{folder}}/tsa.pem
signer_key = {{folder}}/tsa.key
signer_digest = sha256
default_policy = {POLICY}
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class Authority(ThreadingHTTPServer):
    """`statuses` are answered first, one after the other; `swapped`, where set, in place of a stamp."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.statuses: list[int] = []
        self.swapped = b""
        self.asked = 0
        self.roots = folder / "root.pem"
        _certificates(folder)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/tsr"

    def stamp(self, query: bytes) -> bytes:
        question, reply = self.folder / "query.tsq", self.folder / "reply.tsr"
        question.write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf")]
        command += ["-queryfile", str(question), "-out", str(reply)]
        subprocess.run(command, check=True, capture_output=True)
        return reply.read_bytes()


class _Handler(BaseHTTPRequestHandler):
    server: Authority

    def do_POST(self) -> None:
        self.server.asked += 1
        query = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        body = b"" if status != 200 else self.server.swapped or self.server.stamp(query)
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _certificates(folder: Path) -> None:
    now = datetime.now(UTC)
    root_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test stamps root")])

    def certificate(name: x509.Name, public: rsa.RSAPublicKey, serial: int) -> x509.CertificateBuilder:
        built = x509.CertificateBuilder().subject_name(name).issuer_name(root_name).public_key(public)
        built = built.serial_number(serial).not_valid_before(now - timedelta(days=1))
        return built.not_valid_after(now + timedelta(days=30))

    root = certificate(root_name, root_key.public_key(), 1).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test stamps")])
    leaf = certificate(name, key.public_key(), 2).add_extension(usage, critical=True)
    (folder / "root.pem").write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "tsa.pem").write_bytes(leaf.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
    (folder / "tsa.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@contextmanager
def stamp_authority(folder: Path) -> Iterator[Authority]:
    if shutil.which("openssl") is None:
        pytest.skip("OpenSSL is not installed, so no time stamp was made or checked: apt install openssl")
    server = Authority(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
