import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger.merkle import (
    EMPTY_ROOT,
    Growing,
    ProofFails,
    check_consistency,
    check_inclusion,
    compute,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
)

VECTORS = Path(__file__).parent.parent / "data" / "merkle"
sizes = st.integers(1, 300)


def vectors(kind: str) -> list[Path]:
    return sorted((VECTORS / kind).rglob("*.json"))


def decoded(value: str | None) -> bytes:
    return base64.b64decode(value or "")


def test_the_hashes_of_the_standard() -> None:
    """The known answers of the Certificate Transparency hasher: RFC 6962 §2.1."""
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert (
        node_hash(b"N123", b"N456").hex()
        == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


@pytest.mark.parametrize("path", vectors("inclusion"), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_inclusion_vectors(path: Path) -> None:
    case = json.loads(path.read_text())
    asked = (
        case["leafIdx"],
        case["treeSize"],
        decoded(case["leafHash"]),
        [decoded(each) for each in case["proof"] or []],
        decoded(case["root"]),
    )
    if case["wantErr"]:
        with pytest.raises(ProofFails):
            check_inclusion(*asked)
    else:
        check_inclusion(*asked)


@pytest.mark.parametrize("path", vectors("consistency"), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_consistency_vectors(path: Path) -> None:
    case = json.loads(path.read_text())
    asked = (
        case["size1"],
        case["size2"],
        decoded(case["root1"]),
        decoded(case["root2"]),
        [decoded(each) for each in case["proof"] or []],
    )
    if case["wantErr"]:
        with pytest.raises(ProofFails):
            check_consistency(*asked)
    else:
        check_consistency(*asked)


def test_there_are_all_the_vectors() -> None:
    assert (len(vectors("inclusion")), len(vectors("consistency"))) == (98, 98)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(size)]


def by_definition(hashes: list[bytes]) -> bytes:
    """RFC 6962 §2.1 word by word: slow, and on purpose not how the code does it."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    width = 1
    while width * 2 < len(hashes):
        width *= 2
    return node_hash(by_definition(hashes[:width]), by_definition(hashes[width:]))


@given(st.integers(0, 300))
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert root_of(leaves(size)) == by_definition(leaves(size))


@given(sizes, st.data())
def test_every_leaf_can_be_proven_and_no_other_in_its_place(size: int, data) -> None:
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    proof = compute(
        inclusion_ranges(index, size),
        lambda asked: {each: by_definition(hashes[slice(*each)]) for each in asked},
    )
    root = root_of(hashes)
    check_inclusion(index, size, hashes[index], proof, root)
    for wrong in ((index + 1, size), (index, size + 1)):
        with pytest.raises(ProofFails):
            check_inclusion(*wrong, hashes[index], proof, by_definition(leaves(size + 1)))
    with pytest.raises(ProofFails):
        check_inclusion(index, size, leaf_hash(b"another"), proof, root)


@given(sizes, sizes, st.data())
def test_a_tree_that_grew_is_consistent_and_one_that_was_altered_is_not(one: int, other: int, data) -> None:
    old, new = sorted((one, other))
    hashes = leaves(new)
    proof = compute(
        consistency_ranges(old, new) if old < new else [],
        lambda asked: {each: by_definition(hashes[slice(*each)]) for each in asked},
    )
    before, after = root_of(hashes[:old]), root_of(hashes)
    check_consistency(old, new, before, after, proof)
    altered = list(hashes)
    altered[data.draw(st.integers(0, old - 1))] = leaf_hash(b"altered")
    with pytest.raises(ProofFails):
        check_consistency(old, new, before, root_of(altered), proof)
    if proof:
        with pytest.raises(ProofFails):
            check_consistency(old, new, before, after, proof[:-1])


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_growing_gives_every_root_on_the_way(bodies: list[bytes]) -> None:
    tree = Growing()
    for number, body in enumerate(bodies, 1):
        tree.add(leaf_hash(body))
        assert tree.root() == by_definition([leaf_hash(each) for each in bodies[:number]])
        assert len(tree.roots) == bin(number).count("1")
