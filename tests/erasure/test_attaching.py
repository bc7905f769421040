"""Files that people attach: what is taken, under which name, and how it leaves again."""

import base64

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from erasure.requests.attaching import LARGEST, check, check_upload, clean_name

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9"
PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
EML = b"From: crm@example.org\r\nDate: Mon, 2 Mar 2026 10:00:00 +0000\r\nSubject: gone\r\n\r\nDeleted.\r\n"


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("proof.pdf", PDF, "application/pdf"),
        ("screen.PNG", PNG, "image/png"),
        ("photo.jpeg", JPEG, "image/jpeg"),
        ("log.txt", "gelöscht\n".encode(), "text/plain"),
        ("rows.csv", b"id,gone\r\n1,yes\r\n", "text/csv"),
        ("mail.eml", EML, "message/rfc822"),
    ],
)
def test_what_may_be_attached_is_taken(name, content, content_type):
    assert (check(name, content).name, check(name, content).content_type) == (name, content_type)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.pdf", b"", "The file is empty."),
        ("page.html", b"<script>", "Only PDF, PNG, JPEG, TXT, CSV or EML files can be attached."),
        ("proof", PDF, "Only PDF"),
        ("proof.pdf.exe", PDF, "Only PDF"),
        ("proof.pdf", PNG, "The content of the file is not what its name says"),
        ("proof.pdf", b"MZ" + PDF, "The content of the file is not what its name says"),
        ("screen.png", b"<svg onload=alert(1)>", "The content of the file is not what its name says"),
        ("log.txt", b"MZ\x90\x00\x03", "The content of the file is not what its name says"),
        ("mail.eml", b"not a mail", "The content of the file is not what its name says"),
    ],
)
def test_anything_else_is_refused(name, content, said):
    with pytest.raises(ValidationError, match=said):
        check(name, content)


def test_what_is_too_large_is_not_even_read():
    class Large(SimpleUploadedFile):
        def read(self, *args):
            raise AssertionError("it was read")

    upload = Large("large.txt", b"x")
    upload.size = LARGEST + 1
    with pytest.raises(ValidationError, match="more than 10 MB"):
        check_upload(upload)
    with pytest.raises(ValidationError, match="more than 10 MB"):
        check("large.txt", b"x" * (LARGEST + 1))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ana\\proof.pdf", "proof.pdf"),
        (".htaccess.txt", "htaccess.txt"),
        ("a\u202egpj.exe.txt", "agpj.exe.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie x.txt"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        (".txt", "txt"),
        ("", "file"),
    ],
)
def test_names_are_made_harmless(given, kept):
    assert clean_name(given) == kept
