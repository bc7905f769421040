"""Techniques in values a second of processor time, beside their peers and limits, on one core and in one run.

    python -m benchmarks.techniques [--rows 500000] [--scale 1.0] [--runs 3]

`--scale` is the part of ten million e-mail addresses, a tenth of them distinct, that pseudonyms are made of.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import os
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult
from presidio_structured import PandasDataProcessor, StructuredAnalysis, StructuredEngine

from benchmarks.ground import table
from retention.anonymization.ff1 import FF1
from retention.anonymization.hashing import KeyedHash
from retention.anonymization.techniques import registry
from tests.retention.techniques.doubles import environment

# Values a second that are promised.
WANTED = {"pseudonym": 1.3e6, "encrypt": 3e5, "ff1": 3e5}
TIMES_PRESIDIO = 50
PLACES = "".join(f"city{n};region{n % 40};country{n % 8};*\n" for n in range(1000))


@dataclass(frozen=True)
class Line:
    work: str
    who: str
    speed: float
    wanted: float = 0.0

    def cells(self, first: Line) -> list[str]:
        verdict = "" if not self.wanted else "met" if self.speed >= self.wanted else "MISSED"
        target = f"{self.wanted:,.0f}" if self.wanted else ""
        return [self.work, self.who, f"{self.speed:,.0f}", f"{first.speed / self.speed:.2f}", target, verdict]


class Bench:
    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.lines: list[list[Line]] = []

    def compare(
        self, work: str, *, wanted: float = 0.0, **who: tuple[int, Callable[[], object]]
    ) -> list[Line]:
        """Values a second of each; the first is the console's."""
        lines = []
        for name, (values, call) in who.items():
            call()
            speed = values / statistics.median(processor_seconds(call) for _ in range(self.runs))
            lines.append(
                Line(work, name.replace("__", ": ").replace("_", " "), speed, 0.0 if lines else wanted)
            )
        self.lines.append(lines)
        return lines

    def report(self) -> str:
        rows = [line.cells(lines[0]) for lines in self.lines for line in lines]
        return table(["Work", "by", "values/s", "console is × as quick", "target", ""], rows)


def processor_seconds(work: Callable[[], object]) -> float:
    """Of one call; everything here runs on one core, and others on the machine do not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def ours(
    kind: str, values: pa.Array, person: pa.Array | None = None, **parameters: object
) -> Callable[[], object]:
    """The technique made ready; each call treats all values."""
    transform = registry.get(kind)(parameters).prepare(values.type, environment())
    return lambda: transform(values, person)


def pseudonyms(bench: Bench, count: int) -> None:
    distinct = [f"user{n:07d}@mail{n % 97}.example.com" for n in range(count // 10)]
    codes = np.random.default_rng(1).integers(0, len(distinct), count)
    words = pa.array(distinct)
    plain, coded = words.take(pa.array(codes)), pa.DictionaryArray.from_arrays(codes.astype(np.int32), words)
    few = plain[: count // 10]
    messages = [text.encode() for text in distinct]
    listed, frame, key = few.to_pylist(), few.to_pandas(), os.urandom(32)
    bench.compare(
        f"HMAC-SHA-256, {count:,} e-mails, {len(distinct):,} distinct",
        wanted=WANTED["pseudonym"],
        console=(count, ours("pseudonym", plain)),
        console_already_encoded=(count, ours("pseudonym", coded)),
        console_each_value_once=(len(distinct), ours("pseudonym", words)),
        limit__encoding_and_placing_alone=(count, lambda: placed(plain)),
        limit__hashes_alone=(len(distinct), lambda: KeyedHash(key).each(messages)),
        hmac_digest_for_each=(
            len(few),
            lambda: [hmac.digest(key, text.encode(), "sha256").hex() for text in listed],
        ),
        pandas_map=(
            len(few),
            lambda: frame.map(lambda text: hmac.digest(key, text.encode(), "sha256").hex()),
        ),
    )


def placed(values: pa.Array) -> pa.Array:
    encoded = values.dictionary_encode()
    return encoded.dictionary.take(encoded.indices)


def ciphers(bench: Bench, rows: int) -> None:
    texts = pa.array([f"user{n:07d}@example.com" for n in range(rows)])
    persons = pa.array([f"p{n % (rows // 10)}" for n in range(rows)])
    messages = [text.encode() for text in texts.to_pylist()]
    key, aead, fernet = (
        os.urandom(32),
        AESGCM(os.urandom(32)),
        Fernet(base64.urlsafe_b64encode(os.urandom(32))),
    )
    few = messages[: rows // 5]
    bench.compare(
        "AES-256-GCM with associated data, distinct e-mails",
        wanted=WANTED["encrypt"],
        console=(rows, ours("encrypt", texts)),
        console_binary=(rows, ours("encrypt", texts, written="binary")),
        console_key_for_each_person_of_ten_rows=(rows, ours("encrypt", texts, persons, per_person=True)),
        limit__AESGCM_alone=(
            rows,
            lambda: [aead.encrypt(os.urandom(12), text, b"context") for text in messages],
        ),
        new_object_for_each=(
            len(few),
            lambda: [AESGCM(key).encrypt(os.urandom(12), text, b"context") for text in few],
        ),
        Fernet=(len(few), lambda: [fernet.encrypt(text) for text in few]),
    )
    numbers = np.random.default_rng(2).integers(0, 10, (rows, 16))
    cards = pa.array(["".join(map(str, row)) for row in numbers.tolist()])
    cipher = FF1(os.urandom(32), 10)
    bench.compare(
        "FF1, 16 digits",
        wanted=WANTED["ff1"],
        console=(rows, ours("ff1", cards)),
        console_first_6_and_last_4_kept=(rows, ours("ff1", cards, first=6, last=4)),
        limit__FF1_of_numerals=(rows, lambda: cipher.encrypt(numbers, b"tweak")),
    )


def masks(bench: Bench, rows: int) -> None:
    """E-mails hidden but for the first letter, and names replaced by a word: the same frame for all."""
    emails = [f"user{n:07d}@example.com" for n in range(rows)]
    names = [f"Ana Person{n % 1000}" for n in range(rows)]
    columns = pa.array(emails), pa.array(names)
    frame = pd.DataFrame({"email": emails, "name": names})
    few = frame.iloc[: rows // 100].reset_index(drop=True)
    operators = {
        "EMAIL_ADDRESS": OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": 99, "from_end": True}),
        "PERSON": OperatorConfig("replace", {"new_value": "[redacted]"}),
    }
    analysis = StructuredAnalysis(entity_mapping={"email": "EMAIL_ADDRESS", "name": "PERSON"})
    structured = StructuredEngine(data_processor=PandasDataProcessor())
    anonymizer = AnonymizerEngine()
    found = {
        name: [[RecognizerResult(kind, 0, len(text), 1.0)] for text in few[name]]
        for name, kind in analysis.entity_mapping.items()
    }
    mask, redact = ours("mask", columns[0], first=1), ours("redact", columns[1])

    def with_pandas() -> object:
        copy = frame.copy()
        copy["email"] = copy["email"].str[:1] + "*" * 20
        copy["name"] = "[redacted]"
        return copy

    lines = bench.compare(
        "mask and replace",
        console=(2 * rows, lambda: (mask(), redact())),
        pandas=(2 * rows, with_pandas),
        presidio_structured=(2 * len(few), lambda: structured.anonymize(few.copy(), analysis, operators)),
        presidio_anonymizer=(
            2 * len(few),
            lambda: [
                anonymizer.anonymize(text, results, operators)
                for name, column in found.items()
                for text, results in zip(few[name], column, strict=True)
            ],
        ),
    )
    lines[0] = Line(lines[0].work, "console", lines[0].speed, TIMES_PRESIDIO * lines[2].speed)


def others(bench: Bench, rows: int) -> None:
    """The other techniques, each alone; a tenth of the values distinct."""
    chance = np.random.default_rng(3)
    some = np.arange(rows) % (rows // 10)
    emails = pa.array([f"user{n}@example.com" for n in some])
    persons = pa.array([f"p{n}" for n in some])
    days = pa.array([date(1950, 1, 1) + timedelta(int(n)) for n in chance.integers(0, 20_000, rows)])
    numbers, floats = pa.array(chance.integers(0, 100_000, rows)), pa.array(chance.random(rows) * 1000)
    cards = pa.array([f"4111 1111 {n // 10_000:04d} {n % 10_000:04d}" for n in some])
    phones = pa.array([f"+44 20 {n:08d}" for n in some])
    addresses = pa.array([f"192.0.{n // 256 % 256}.{n % 256}" for n in some])
    codes, cities = (
        pa.array([f"{n % 100_000:05d}" for n in some]),
        pa.array([f"city{n % 1000}" for n in some]),
    )
    work: list[tuple[str, pa.Array, dict[str, object]]] = [
        ("suppress", emails, {}),
        ("redact", emails, {}),
        ("mask", emails, {"first": 1, "last": 4}),
        ("mask_shape", emails, {}),
        ("mask_email", emails, {}),
        ("mask_phone", phones, {}),
        ("mask_ip", addresses, {}),
        ("mask_card", cards, {}),
        ("substitute", emails, {"what": "full_name"}),
        ("substitute", emails, {"what": "email", "identity": True}),
        ("token", emails, {}),
        ("token", cards, {"format": "shape"}),
        ("generalize_band", numbers, {"width": 10}),
        ("generalize_band", floats, {"width": 10}),
        ("generalize_bins", numbers, {"edges": ["18", "30", "65"]}),
        ("generalize_limits", numbers, {"upper": 90_000}),
        ("generalize_round", floats, {"digits": 0}),
        ("generalize_date", days, {"unit": "month"}),
        ("generalize_age", days, {"on": "2024-12-31"}),
        ("generalize_hierarchy", cities, {"hierarchy": PLACES, "level": 2}),
        ("generalize_postal", codes, {}),
        ("generalize_geo", floats, {}),
        ("date_shift", days, {}),
    ]
    for kind, values, parameters in work:
        words = " ".join(str(value) for value in parameters.values() if value is not PLACES)
        bench.compare(f"{kind} {words}".strip(), console=(rows, ours(kind, values, persons, **parameters)))
    few = numbers[:20_000]
    bench.compare("noise (OpenDP)", console=(len(few), ours("noise", few, lower=0, upper=100_000)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    pa.set_cpu_count(1)
    bench = Bench(options.runs)
    pseudonyms(bench, int(10_000_000 * options.scale))
    ciphers(bench, options.rows)
    masks(bench, options.rows)
    others(bench, options.rows)
    print(bench.report())


if __name__ == "__main__":
    main()
