"""What every technique offers: a column goes in, a column of the same length comes out.

A technique knows nothing of Django, of files or of the catalog, so it runs the same in the console, in a worker and
in a Spark executor. It is made from its parameters, which are checked at once, and turned into a function by
`prepare`, once for each column and process. That function is pure: the same values give the same answer in any order,
any batch and any process wherever the technique calls itself repeatable. Nulls stay null.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Protocol, get_args, get_origin, get_type_hints

import pyarrow as pa


class TechniqueError(ValueError):
    """A technique cannot do what was asked; `message` names the thing, `remedy` says what helps.

    Neither may hold a value of the data or a key: both are shown on pages and written to job rows.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Secret:
    """Key material of one version of a named key. `id` (`orders/3`) is public and stands with what was made by it."""

    id: str
    material: bytes = field(repr=False)  # 32 bytes


class Keys(Protocol):
    """The key ring as a technique sees it. Raises TechniqueError for a name or version that it does not have."""

    def current(self, name: str) -> Secret:
        """The version that new values are made with; within one job always the same."""

    def version(self, key_id: str) -> Secret:
        """The version with this id, to read what was made by it."""

    def of_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret]:
        """A key for each person (one an item, in order), made at first use; destroyed when the person is shredded."""

    def known_persons(self, name: str, persons: Sequence[str]) -> Sequence[Secret | None]:
        """The same to read with: none is made, and who has no key, or no more, gives None."""


class Tokens(Protocol):
    """The token vault as a technique sees it."""

    def issue(
        self,
        domain: str,
        values: Sequence[str],
        *,
        fresh: Callable[[int], Sequence[str]],
        capacity: int | None = None,
        persons: Sequence[str | None] | None = None,
    ) -> Sequence[str]:
        """The token of each of the distinct `values` within `domain`: the one it has, or a new one from `fresh(n)`.

        Unique both ways under concurrent writers. `capacity` is how many tokens `fresh` can make: raises
        TechniqueError when more are needed. `persons`, one for each value, says whose they are: who is shredded
        takes these entries along.
        """


@dataclass(frozen=True)
class Environment:
    """What a technique may use beside its parameters. Absent parts raise TechniqueError where they are needed."""

    column: str
    data_set: str = ""
    keys: Keys | None = None
    tokens: Tokens | None = None

    def require_keys(self) -> Keys:
        if self.keys is None:
            raise TechniqueError(f"Column {self.column} needs a key, and there is no key ring here.")
        return self.keys

    def require_tokens(self) -> Tokens:
        if self.tokens is None:
            raise TechniqueError(f"Column {self.column} needs the token vault, and there is none here.")
        return self.tokens


# The column's values and, where the rule set names a column that tells persons apart, that column as text.
Transform = Callable[[pa.Array, pa.Array | None], pa.Array]


LONGEST = (
    1_000  # characters of a text among the parameters: what stands in every row must not fill the memory
)
MOST_LISTED = 10_000


def parameter(
    default: Any = MISSING,
    *,
    label: str = "",
    help: str = "",
    choices: Sequence[str] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    secret: bool = False,
    longest: int = LONGEST,
) -> Any:
    """One field of a technique's `Parameters`, with what a form and a message need of it."""
    metadata = {
        "label": label,
        "help": help,
        "choices": tuple(choices),
        "minimum": minimum,
        "maximum": maximum,
        "secret": secret,
        "longest": longest,
    }
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class NoParameters:
    """Of a technique that has nothing to choose."""


class Technique(ABC):
    """One way to make the values of a column safe.

    A subclass sets `kind` (its name in contracts, rules and URLs), `label`, `explanation` (one sentence for a steward)
    and `Parameters`, a frozen dataclass of `parameter`s of the types str, int, float, bool or tuple[str, ...], each
    optionally `| None`.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    Parameters: ClassVar[type] = NoParameters
    # Of the class, and of one technique whose parameters decide otherwise.
    reversible: bool = False  # whoever has the key, or the right to ask the vault, gets the values back
    consistent: bool = True  # equal values become equal values
    distinct: bool = False  # different values become different values: a reference stays one
    repeatable: bool = True  # the same value of the same person becomes the same in every process and run
    drops: bool = False  # the column is left out: `prepare` is never called
    needs_person: bool = False  # its function must be given the column that tells persons apart

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        self.parameters: Any = read_parameters(self.Parameters, parameters or {}, of=self.kind)
        self.check()

    def check(self) -> None:  # noqa: B027 (most have nothing to compare)
        """Raise TechniqueError where parameters do not go together."""

    def output_type(self, given: pa.DataType) -> pa.DataType:
        """The type that a column of type `given` becomes; TechniqueError where it cannot be treated at all."""
        return given

    def key_names(self) -> tuple[str, ...]:
        """The keys of the ring that it uses."""
        return ()

    @abstractmethod
    def prepare(self, given: pa.DataType, environment: Environment) -> Transform:
        """The function for one column of type `given`. Raises TechniqueError where something it needs is missing."""

    def undo(self, given: pa.DataType, environment: Environment) -> Transform:
        """The function back: from what `prepare` made of a column of type `given` to its values.

        The environment must name the same data set and column. Raises TechniqueError where there is no way back, and
        the function does where a key is gone or a value was not made so.
        """
        raise TechniqueError(f"{self.label} cannot be undone.")


def read_parameters(cls: type, given: Mapping[str, Any], *, of: str) -> Any:
    """`cls` made from `given`, each value checked. Raises TechniqueError naming the parameter."""
    known = {item.name: item for item in fields(cls)}
    unknown = sorted(set(given) - set(known))
    if unknown:
        has = f"known are {', '.join(known)}" if known else "it has none"
        raise TechniqueError(f"{of} has no parameter {', '.join(unknown)}; {has}.")
    hints = get_type_hints(cls)
    values = {}
    for name, item in known.items():
        if name in given:
            values[name] = _checked(given[name], hints[name], item.metadata, f"{of}.{name}")
        elif item.default is MISSING and item.default_factory is MISSING:
            raise TechniqueError(f"{of} needs the parameter {name}.", item.metadata.get("help", ""))
    return cls(**values)


def _checked(value: Any, hint: Any, metadata: Mapping[str, Any], name: str) -> Any:
    wanted, optional = _unwrapped(hint)
    if value is None:
        if optional:
            return None
        raise TechniqueError(f"{name} must have a value.")
    if get_origin(wanted) is tuple:
        if isinstance(value, str) or not isinstance(value, (list, tuple)):
            raise TechniqueError(f"{name} must be a list.")
        if len(value) > MOST_LISTED:
            raise TechniqueError(f"{name} may have {MOST_LISTED:,} items at most.")
        return tuple(_checked(each, get_args(wanted)[0], metadata, name) for each in value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        raise TechniqueError(
            f"{name} must be {_WORDS.get(wanted, wanted.__name__)}, not {type(value).__name__}."
        )
    if wanted is str and len(value) > metadata.get("longest", LONGEST):
        raise TechniqueError(
            f"{name} may have {metadata.get('longest', LONGEST):,} characters at most.", "Shorten it."
        )
    if metadata.get("choices") and value not in metadata["choices"]:
        raise TechniqueError(f"{name} must be one of {', '.join(metadata['choices'])}.")
    low, high = metadata.get("minimum"), metadata.get("maximum")
    if wanted in (int, float) and not (
        (low is None or value >= low) and (high is None or value <= high) and value == value
    ):
        bounds = " and ".join(
            words
            for words in (low is not None and f"at least {low:g}", high is not None and f"at most {high:g}")
            if words
        )
        raise TechniqueError(f"{name} must be {bounds or 'a number'}.")
    return value


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def _unwrapped(hint: Any) -> tuple[Any, bool]:
    """The type without `| None`, and whether there was one."""
    arguments = get_args(hint)
    if type(None) in arguments and get_origin(hint) is not tuple:
        (wanted,) = (each for each in arguments if each is not type(None))
        return wanted, True
    return hint, False
