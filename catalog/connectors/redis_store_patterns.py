"""Which keys belong together: `user:17:profile` and `user:18:profile` are rows of `user:*:profile`.

What varies in a key is replaced by `*`: first what looks like an identifier, then a part that has more than a
few values between the same neighbours. The first of several parts says what the key is about, and so varies only when
it has very many: then it is about whom.
A `*` stands for one or more characters within one part of a key.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

FEW_LAST = 5  # the last part of a key varies when it has more values than these between the same neighbours
FEW_INNER = 20  # and so does one before it, where also the names of things stand
FEW_FIRST = 200  # and the first of several
SEPARATOR = re.compile(r"([:/|#])")
VARYING = re.compile(
    r"[^\s:/|#@]+@[^\s:/|#@]+"  # an e-mail address, or an account at a host
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?<![0-9A-Za-z])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{8,}(?![0-9A-Za-z])"
    r"|(?<![^:/|#])(?=[^:/|#]*[0-9])(?=[^:/|#]*[A-Za-z])[0-9A-Za-z_\-+=.]{16,}(?![^:/|#])"  # a token
    r"|[0-9]+"
)


def derive(key: str) -> str:
    """The pattern of one key, as far as the key itself shows what varies."""
    return re.sub(r"\*+", "*", VARYING.sub("*", key))


def group(patterns: Iterable[str]) -> dict[str, str]:
    """Each derived pattern with the one it becomes beside all the others."""
    place = {pattern: tuple(SEPARATOR.split(pattern)) for pattern in patterns}
    changed = True
    while changed:
        grouped = _without_varying(set(place.values()))
        changed = any(grouped[parts] != parts for parts in place.values())
        place = {pattern: grouped[parts] for pattern, parts in place.items()}
    return _absorbed({pattern: "".join(parts) for pattern, parts in place.items()})


def expression(pattern: str) -> re.Pattern[str]:
    """What the keys of a pattern match, from their first character to their last."""
    parts = [re.escape(part) for part in pattern.split("*")]
    return re.compile("[^:/|#]+".join(parts), re.DOTALL)


def varying(pattern: str, key: str) -> list[str]:
    """What stands in a key of the pattern where the pattern has a star."""
    pieces = [re.escape(piece) for piece in pattern.split("*")]
    found = re.fullmatch("([^:/|#]+)".join(pieces), key, re.DOTALL)
    return list(found.groups()) if found else []


def glob(pattern: str) -> str:
    """The same for Redis, which takes some keys too many: its `*` does not stop at the end of a part."""
    return re.sub(r"([\\?\[\]^])", r"\\\1", pattern)


def _without_varying(found: set[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Each, with `*` for the first of its parts that varies between the same neighbours."""
    result = {parts: parts for parts in found}
    for index in range(0, max(map(len, found), default=0), 2):  # separators stand in between
        values = defaultdict(set)
        for parts in found:
            if len(parts) > index and parts[index]:
                values[parts[:index], parts[index + 1 :]].add(parts[index])
        for parts in found:
            around = parts[:index], parts[index + 1 :]
            few = FEW_LAST if index == len(parts) - 1 else FEW_INNER if index else FEW_FIRST
            if result[parts] == parts and len(values.get(around, ())) > few and parts[index] != "*":
                result[parts] = (*around[0], "*", *around[1])
    return result


def _absorbed(patterns: Mapping[str, str]) -> dict[str, str]:
    """What another, wider pattern takes in anyway becomes that pattern."""
    by_length = defaultdict(set)
    for pattern in patterns.values():
        if "*" in pattern:
            by_length[len(SEPARATOR.split(pattern))].add(pattern)
    wider = {}
    for pattern in set(patterns.values()):
        others = sorted(by_length[len(SEPARATOR.split(pattern))] - {pattern}, key=len)
        wider[pattern] = next((each for each in others if expression(each).fullmatch(pattern)), pattern)
    return {derived: wider[pattern] for derived, pattern in patterns.items()}
