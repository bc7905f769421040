from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka.admin import NewTopic
from django.core.management import CommandError, call_command

from audit.ledger.models import Waiting
from catalog.models import System
from governance.console import jobs
from governance.console.models import Job
from retention.anonymization.streams import addresses, running
from retention.anonymization.streams import topics as topics_module
from retention.anonymization.streams.jobs import run_here
from retention.anonymization.techniques.base import TechniqueError
from retention.vault.kms.base import KmsUnavailable
from tests.retention.streams.conftest import Topics, spec_of

CONTRACT = """
apiVersion: privacy-console/v1
kind: DataContract
version: 1.0.0
dataset: {system: Shop, name: signups}
fields:
  - {name: id, type: integer, category: none}
  - {name: email, type: string, category: contact.email, masking: {analytics: hash}}
  - {name: place.city, type: string, category: none}
"""


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "signups.yaml"
    path.write_text(CONTRACT)
    return path


@pytest.fixture
def topics(kafka_broker, transactional_db) -> Topics:
    """The source alone."""
    found = Topics(kafka_broker, spec_of(), 1)
    kafka_broker.create_topic(found.spec.source)
    return found


def stream(topics: Topics, *more: str) -> None:
    spec, broker = topics.spec, topics.broker.bootstrap
    addresses = [f"kafka://{broker}/{topic}" for topic in (spec.source, spec.output)]
    call_command("stream", *addresses, "--until-end", f"--name={spec.name}", f"--dead={spec.dead}", *more)


def refusal(topics: Topics, *more: str) -> str:
    with pytest.raises(CommandError) as refused:
        stream(topics, *more)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_messages_come_out_by_the_contract(topics, contract, tmp_path, capsys):
    rules = tmp_path / "rules.yaml"
    rules.write_text("place: keep\n")
    topics.write(
        [{"id": 1, "email": "anna@example.org", "place": {"city": "Graz"}}, {"id": 2, "name": "Anna"}]
    )
    stream(topics, f"--contract={contract}", f"--rules={rules}", "--create")
    (message,) = topics.output()
    value = orjson.loads(message.value())
    assert (value["id"], value["place"]) == (1, {"city": "Graz"})
    assert value["email"].startswith("v1-")
    assert len(topics.dead()) == 1
    assert capsys.readouterr().out == "Done: 1 written, 1 set aside, 0 behind\n"
    row = Job.objects.get()
    assert (row.state, row.title) == (Job.State.DONE, f"Stream {topics.spec.source} to {topics.spec.output}")
    recorded = [orjson.loads(bytes(entry.body)) for entry in Waiting.objects.order_by("pk")]
    facts = {entry["action"]: entry["facts"] for entry in recorded}
    assert facts["stream.started"]["dead"] == topics.spec.dead
    assert facts["stream.stopped"] == {
        "source": topics.spec.source, "read": 2, "written": 1, "set_aside": 1, "missed": 0
    }  # fmt: skip


def test_what_cannot_be_is_refused_before_anything_is_read(topics, contract, tmp_path):
    assert "No contract says what the messages" in refusal(topics)
    assert "place (" in refusal(topics, f"--contract={contract}")
    (tmp_path / "rules.yaml").write_text("place: drop\n")
    assert f"There is no topic {topics.spec.output}. Create it" in refusal(
        topics, f"--contract={contract}", f"--rules={tmp_path / 'rules.yaml'}"
    )
    assert Job.objects.count() == 0


def test_an_output_with_fewer_partitions_is_refused(topics, contract, tmp_path):
    (tmp_path / "rules.yaml").write_text("place: drop\n")
    topics.broker.delete_topics([topics.spec.source])
    topics.broker.create_topic(topics.spec.source, partitions=2)
    topics.broker.create_topic(topics.spec.output, partitions=1)
    said = refusal(topics, f"--contract={contract}", f"--rules={tmp_path / 'rules.yaml'}", "--create")
    assert said.startswith(f"{topics.spec.output} has 1 partitions, and {topics.spec.source} has 2.")


def test_a_topic_of_a_system_of_the_catalog(topics):
    System.objects.create(
        name="Events", kind="kafka", settings={"bootstrap_servers": topics.broker.bootstrap}
    )
    with addresses.open_topic(f"Events/{topics.spec.source}") as found:
        assert (found.name, found.options["bootstrap.servers"]) == (
            topics.spec.source,
            topics.broker.bootstrap,
        )
    with pytest.raises(addresses.DataSetMissing, match="No Kafka system of the catalog is called 'Other'"):
        addresses.open_topic("Other/topic").__enter__()


def test_a_stream_that_is_cancelled_on_its_page_stops(make_topics, somebody_acts, monkeypatch):
    monkeypatch.setattr(running, "SAY_EVERY", 0)
    topics = make_topics()
    topics.write([{"id": 1}])
    ours = topics.stream(until_end=False)
    transform = ours.transform

    def cancel(messages: Any) -> Any:
        jobs.cancel(Job.objects.get())
        return transform(messages)

    ours.transform = cancel
    assert run_here(ours).state == Job.State.CANCELLED
    assert len(topics.output()) == 1


def test_keys_that_cannot_be_opened_stop_the_stream_and_blame_no_message(
    make_topics, somebody_acts, monkeypatch
):
    topics = make_topics()
    topics.write([{"id": 1}, {"id": 2}])
    ours = topics.stream()

    def down(batch: Any) -> Any:
        raise KmsUnavailable("The key management service does not answer.", "Start it.")

    monkeypatch.setattr(ours.transform._rows, "transform", down)
    ended = run_here(ours)
    assert (ended.state, ended.message) == (
        Job.State.FAILED,
        "The key management service does not answer. Start it.",
    )
    assert (topics.output(), topics.dead()) == ([], [])


def test_a_new_output_is_compacted_like_its_source(topics):
    compacted = f"{topics.spec.source}.compacted"
    admin = topics.broker.admin()
    admin.create_topics([NewTopic(compacted, 1, config={"cleanup.policy": "compact"})])[compacted].result(10)
    options = {"bootstrap.servers": topics.broker.bootstrap}
    assert topics_module._policy(options, compacted)["cleanup.policy"] == "compact"


def test_a_topic_cannot_be_its_own_output(topics):
    spec = replace(topics.spec, output=topics.spec.source)
    options = {"bootstrap.servers": topics.broker.bootstrap}
    with pytest.raises(TechniqueError, match="cannot be its own output"):
        topics_module.prepare(spec, options, options, create=True)
