"""The key that answers and callbacks are signed with, and the certificate over it (OpenDSR 2.0, 4).

RSA with SHA-256 and PKCS #1 v1.5 padding, as FIPS 186-4 has it. The specification wants a certificate of an authority
that names the domain: the console makes the key and a request for one (PKCS #10), and takes what the authority issues.
"""

import base64
from datetime import timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from audit.ledger.recording import record
from erasure.protocols import events
from erasure.protocols.models import SigningKey

BITS = 3072
OWN_FOR = timedelta(days=825)
LOCK = 0x0D5A
LONGEST = 64 * 1024


def domain() -> str:
    """The host that controllers reach us at, and the certificate names."""
    return urlsplit(settings.PUBLIC_URL).hostname or ""


@transaction.atomic
def signing_key() -> SigningKey:
    """The key in force; made the first time, with a certificate of our own until an authority has issued one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    key = SigningKey.objects.first()
    if key is None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        key = SigningKey(certificate=_certificate(private))
        key.set_private(
            private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        key.save()
        record(events.SIGNING_KEY_MADE, key)
    return key


def signature_of(body: bytes) -> str:
    """Base64, for the header. Raises CannotOpen."""
    private = _private(SigningKey.objects.first() or signing_key())
    return base64.b64encode(private.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()


def headers_for(body: bytes) -> dict[str, str]:
    """Under the names of both versions: OpenGDPR was what OpenDSR was called (10.1). Raises CannotOpen."""
    signature = signature_of(body)
    return {
        f"X-{name}-{what}": value
        for name in ("OpenDSR", "OpenGDPR")
        for what, value in (("Processor-Domain", domain()), ("Signature", signature))
    }


def certificate_request() -> str:
    """What an authority needs to issue the certificate (PKCS #10, PEM). Raises CannotOpen."""
    built = x509.CertificateSigningRequestBuilder(_name()).add_extension(_names(), critical=False)
    return _pem(built.sign(_private(signing_key()), hashes.SHA256()))


@transaction.atomic
def set_certificate(pem: str) -> SigningKey:
    """Serve what an authority has issued, its chain included. Raises ValidationError, saying what does not fit."""
    key = signing_key()
    try:
        chain = x509.load_pem_x509_certificates(pem.encode()) if len(pem) <= LONGEST else []
    except ValueError:
        chain = []
    if not chain:
        raise ValidationError({"certificate": "This is not a certificate in PEM, with its chain behind it."})
    leaf = chain[0]
    if leaf.public_key() != _private(key).public_key():
        raise ValidationError({"certificate": "The certificate is for another key: send the request below."})
    if leaf.issuer == leaf.subject:
        raise ValidationError(
            {"certificate": "The certificate is self-signed, which OpenDSR does not allow."}
        )
    if domain() not in _domains(leaf):
        raise ValidationError({"certificate": f"The certificate does not name {domain()}."})
    if not leaf.not_valid_before_utc <= timezone.now() < leaf.not_valid_after_utc:
        raise ValidationError({"certificate": "The certificate is not valid today."})
    key.certificate, key.issued = "".join(_pem(each) for each in chain), True
    key.save(update_fields=["certificate", "issued"])
    record(
        events.CERTIFICATE_SET,
        key,
        issuer=leaf.issuer.rfc4514_string()[:200],
        sha256=sha256(leaf.public_bytes(serialization.Encoding.DER)).hexdigest(),
        until=leaf.not_valid_after_utc.date().isoformat(),
    )
    return key


def _certificate(private: rsa.RSAPrivateKey) -> str:
    now = timezone.now()
    built = (
        x509.CertificateBuilder(_name(), _name(), private.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + OWN_FOR)
        .add_extension(_names(), critical=False)
    )
    return _pem(built.sign(private, hashes.SHA256()))


def _private(key: SigningKey) -> rsa.RSAPrivateKey:
    private = serialization.load_pem_private_key(
        key.private, password=None, unsafe_skip_rsa_key_validation=True
    )  # sealed by us
    assert isinstance(private, rsa.RSAPrivateKey)
    return private


def _name() -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain()[:64])])


def _names() -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.DNSName(domain())])


def _domains(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _pem(thing: x509.Certificate | x509.CertificateSigningRequest) -> str:
    return thing.public_bytes(serialization.Encoding.PEM).decode()
