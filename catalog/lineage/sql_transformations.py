"""What an expression does to the columns in it: which come through, changed or hidden, and which only decide."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from catalog.lineage.sql_model import AGGREGATION, BARE, IDENTITY, TRANSFORMATION, Via

CHANGED = Via(False, TRANSFORMATION)
SUMMED = Via(False, AGGREGATION)
HIDDEN = Via(True, TRANSFORMATION)
COUNTED = Via(True, AGGREGATION)

HASHES = re.compile(
    r"(?:\w+_)?(?:md[245]|sha\d*|hash(?:bytes|amg)?|digest|hmac|crc\d+|checksum|fingerprint|crypt)"
    r"(?:_?(?:\d+\w?|digest|hex|binary|agg|number|lower\d*|upper\d*))*"
    r"|(?:xx|murmur|city|sip|farm|fnv|metro|spooky|wy|java|hive|half)_?hash\w*|xxh\d\w*|mask|mask_hash"
)
COUNTS = re.compile(
    r"(?:\w+_)?count(?:_?(?:if|distinct|big|star))*|(?:approx_)?(?:count_)?distinct|uniq\w*|hll\w*"
)
QUERIES = (exp.Subquery, exp.Select, exp.SetOperation)

Part = tuple[exp.Expr, Via, str]


def leaves(expression: exp.Expr) -> Iterator[Part]:
    """Its columns, stars, sub-queries and EXISTS, each with what happens to it and, if it decides, how.

    What only decides (the condition of a CASE, the partition of a window) comes with CONDITIONAL or WINDOW, and masked:
    the value itself is not in the result.
    """
    waiting: list[Part] = [(expression, BARE, "")]
    while waiting:
        node, via, role = waiting.pop()
        if isinstance(node, exp.Pseudocolumn | exp.DataType):
            continue
        if isinstance(node, (exp.Column, exp.Star, exp.Exists, *QUERIES)):
            yield node, via, role
            continue
        for child, change, decides in _parts(node):
            waiting.append((child, change.after(via), role or decides))


def _parts(node: exp.Expr) -> Iterator[Part]:
    if isinstance(node, exp.Paren | exp.Alias | exp.Cast | exp.Kwarg):  # a cast value is the same value
        yield node.this, Via(False, IDENTITY), ""
    elif isinstance(node, exp.Case):
        yield from _case(node)
    elif isinstance(node, exp.If):
        yield from _choice([node.this], [node.args.get("true"), node.args.get("false")])
    elif isinstance(node, exp.DecodeCase):
        yield from _decode(node.expressions)
    elif isinstance(node, exp.Window):
        yield node.this, BARE if isinstance(node.this, exp.AggFunc) else CHANGED, ""
        order = node.args.get("order")
        for by in [*(node.args.get("partition_by") or []), *([order] if order else [])]:
            yield by, HIDDEN, "WINDOW"
    elif isinstance(node, exp.Filter):
        yield node.this, BARE, ""
        yield node.expression, HIDDEN, "CONDITIONAL"
    elif isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        yield node.this, HIDDEN, ""
    else:
        change = _change(node)
        for child in node.iter_expressions():
            yield child, change, ""


def _change(node: exp.Expr) -> Via:
    """What a function does to its arguments."""
    if not isinstance(node, exp.Func):
        return CHANGED
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
    if HASHES.fullmatch(name) and "geohash" not in name:
        return HIDDEN
    if isinstance(node, exp.Count | exp.CountIf | exp.ApproxDistinct) or COUNTS.fullmatch(name):
        return COUNTED
    return SUMMED if isinstance(node, exp.AggFunc) else CHANGED


def _case(node: exp.Case) -> Iterator[Part]:
    branches = node.args.get("ifs") or []
    yield from _choice(
        [node.args.get("this"), *(branch.this for branch in branches)],
        [*(branch.args.get("true") for branch in branches), node.args.get("default")],
    )


def _decode(operands: list[exp.Expr]) -> Iterator[Part]:
    """DECODE(value, search, result, search, result ..., default)."""
    last = [operands[-1]] if len(operands) % 2 == 0 else []
    yield from _choice([operands[0], *operands[1:-1:2]], [*operands[2::2], *last])


def _choice(conditions: list[exp.Expr | None], results: list[exp.Expr | None]) -> Iterator[Part]:
    for condition in conditions:
        if condition is not None:
            yield condition, HIDDEN, "CONDITIONAL"
    for result in results:
        if result is not None:
            yield result, CHANGED, ""
