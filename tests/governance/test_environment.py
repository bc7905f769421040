"""What the console runs on: from variables, from the state file, and refused where it cannot be right."""

import base64
import json
from pathlib import Path

import pytest

from governance import environment
from governance.embedded import state
from governance.environment import EnvironmentProblem

KEY = base64.b64encode(bytes(range(32))).decode()
DATABASE = "postgres://console_app:pw@db.internal:5432/console"


def read(folder: Path, **values: str) -> environment.Environment:
    return environment.read({"CONSOLE_VAR": str(folder), **values})


def test_nothing_configured_is_empty_and_names_the_remedy_when_required(tmp_path):
    found = read(tmp_path)
    assert (found.database_url, found.broker_url, found.secret_key, found.embedded) == ("", "", "", False)
    assert found.keyring_file == tmp_path / "keyring.json"
    with pytest.raises(EnvironmentProblem, match=r"^DATABASE_URL is not set: .*`make run`"):
        environment.require(found)


def test_the_process_environment_comes_before_the_state_file(tmp_path):
    state.save(
        tmp_path,
        DATABASE_URL="postgres://a:b@127.0.0.1:1/x",
        DATABASE_OWNER_URL="postgres://o:b@127.0.0.1:1/x",
    )
    assert read(tmp_path).database_owner_url == "postgres://o:b@127.0.0.1:1/x"
    assert read(tmp_path).embedded is True
    configured = read(tmp_path, DATABASE_URL=DATABASE)
    # The embedded server's owner has no business in another database.
    assert (configured.database_url, configured.database_owner_url) == (DATABASE, DATABASE)
    assert configured.embedded is False
    assert configured.application_role == "console_app"


def test_a_required_console_has_a_secret_key(tmp_path):
    with pytest.raises(EnvironmentProblem, match=r"^SECRET_KEY is not set"):
        environment.require(read(tmp_path, DATABASE_URL=DATABASE))
    whole = read(tmp_path, DATABASE_URL=DATABASE, SECRET_KEY="k" * 32)
    assert environment.require(whole) is whole


def test_the_cache_is_another_database_of_the_broker_where_that_is_redis(tmp_path):
    assert read(tmp_path, BROKER_URL="redis://:pw@h:6379/0").cache_url == "redis://:pw@h:6379/1"
    assert read(tmp_path, BROKER_URL="amqp://h").cache_url == ""
    assert read(tmp_path, BROKER_URL="amqp://h", CACHE_URL="redis://c:1/4").cache_url == "redis://c:1/4"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:hush-hush@h/x"),
        ("DATABASE_URL", "postgres://u:hush-hush@h"),
        ("DATABASE_URL", "postgres://u:hush-hush/9@h/x"),
        ("DATABASE_OWNER_URL", "sqlite:///hush-hush"),
        ("BROKER_URL", "http://:hush-hush@h"),
        ("CACHE_URL", "memcached://hush-hush"),
        ("PUBLIC_URL", "hush-hush.example.org"),
        ("PUBLIC_URL", "ftp://hush-hush.example.org"),
        ("SECRET_KEY", "hush-hush"),
        ("KEYRING_KEY", "hush-hush"),
        ("KEYRING_KEY", base64.b64encode(b"hush-hush").decode()),
        ("KMS_URL", "hush-hush"),
        ("KMS_URL", "local: transit+https://:hush-hush@bao.internal:8200/transit/console"),
        ("KMS_URL", "transit+https://bao.internal:hush-hush/transit/console"),
        ("KMS_TOKEN_FILE", "hush-hush"),
        ("EMAIL_URL", "imap://u:hush-hush@h"),
        ("FOLDER_ROOTS", "hush-hush"),
        ("LINEAGE_EVENT_DAYS", "hush-hush"),
        ("SEARCH_ASKS_ABOVE", "hush-hush"),
        ("TRUST_PROXY", "hush-hush"),
        ("DEBUG", "hush-hush"),
    ],
)
def test_a_malformed_value_is_named_and_never_shown(tmp_path, name, value):
    with pytest.raises(EnvironmentProblem) as caught:
        read(tmp_path, **{name: value})
    assert str(caught.value).startswith(name)
    assert "hush" not in str(caught.value)
    assert value not in str(caught.value)


def test_good_values_are_taken(tmp_path):
    found = read(
        tmp_path,
        KEYRING_KEY=KEY,
        PUBLIC_URL="https://privacy.example.org/",
        DEBUG="yes",
        TRUST_PROXY="0",
        FOLDER_ROOTS="/srv/a:/srv/b",
        KMS_URL="transit+https://bao.internal:8200/transit/console local:",
        KMS_TOKEN="s.hush",
        KMS_TOKEN_FILE="/run/bao/token",
        LINEAGE_EVENT_DAYS="400",
        SEARCH_ASKS_ABOVE="40",
    )
    assert (found.keyring_key, found.public_url) == (KEY, "https://privacy.example.org")
    assert (found.debug, found.trust_proxy) == (True, False)
    assert found.kms_url == "transit+https://bao.internal:8200/transit/console local:"
    assert (found.kms_token, found.kms_token_file) == ("s.hush", Path("/run/bao/token"))
    assert found.folder_roots == [Path("/srv/a"), Path("/srv/b")]
    assert found.lineage_event_days == 400
    assert found.search_asks_above == 40


def test_a_broken_state_file_is_a_sentence(tmp_path):
    for content in ("{", "[]", json.dumps({"DATABASE_URL": 1})):
        (tmp_path / state.FILE_NAME).write_text(content)
        with pytest.raises(EnvironmentProblem, match=r"environment\.json cannot be read"):
            read(tmp_path)


def test_the_state_file_is_private_and_keeps_what_was_in_it(tmp_path):
    folder = tmp_path / "var"
    state.save(folder, A="1")
    assert state.save(folder, B="2") == {"A": "1", "B": "2"}
    assert state.load(folder) == {"A": "1", "B": "2"}
    assert (folder / state.FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == [state.FILE_NAME]


def test_hosts_are_the_public_one_and_this_machine():
    assert environment.allowed_hosts("https://privacy.example.org:8443") == [
        "127.0.0.1",
        "[::1]",
        "localhost",
        "privacy.example.org",
    ]


def test_a_mail_password_never_travels_in_the_clear():
    plain = environment.email_settings("smtp://relay.internal:25")
    assert (plain["EMAIL_PORT"], plain["EMAIL_USE_TLS"], plain["EMAIL_USE_SSL"]) == (25, False, False)
    named = environment.email_settings("smtp://me:p%40ss@mail.example.org")
    assert (named["EMAIL_PORT"], named["EMAIL_USE_TLS"], named["EMAIL_HOST_PASSWORD"]) == (587, True, "p@ss")
    whole = environment.email_settings("smtps://me:x@mail.example.org")
    assert (whole["EMAIL_PORT"], whole["EMAIL_USE_TLS"], whole["EMAIL_USE_SSL"]) == (465, False, True)
