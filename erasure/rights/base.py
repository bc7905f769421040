"""What a right of a data subject means for the console: the stages of its way, and what is done about it."""

from abc import ABC
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from catalog.models import Column, DataSet
from erasure.keysets import KeySet
from erasure.models import Hit, SubjectRequest
from retention.models import Hold

if TYPE_CHECKING:
    from erasure.deciding import Decision
    from erasure.finding import Estate

FIRST = ("received", "identity", "search")
CHANGE = ("plan", "approval", "erasure", "verification", "proof")


class Right(ABC):
    """One right. `way` are the stages of `erasure.stages`, in order; the flags follow from what the law asks."""

    kind: ClassVar[str]
    label: ClassVar[str]
    article: ClassVar[str]
    asks: ClassVar[str]  # in the words of the person: the choice on the public form
    way: ClassVar[tuple[str, ...]]
    needs_identity: ClassVar[bool] = True
    searches: ClassVar[bool] = True  # whether the person's rows are looked for
    plans: ClassVar[bool] = False  # whether stores are changed: by a plan that a second person approves
    packages: ClassVar[bool] = False  # whether the answer is a copy of the data
    to_read: ClassVar[bool] = True  # whether the package has a page and a PDF beside the data
    transmits: ClassVar[bool] = False  # whether it may go to another controller, Art. 20(2)
    together: ClassVar[bool] = False  # whether the plans of many persons are made and carried out at once
    erases: ClassVar[bool] = False  # whether nothing of the person may be found when it is done
    done: ClassVar[str] = "answered"  # the outcome, in a word or two
    nothing_left: ClassVar[str] = "nothing left to erase"  # the outcome where a plan would change nothing

    def decide(
        self,
        request: SubjectRequest,
        estate: "Estate",
        ordered: list[Hit],
        keys: Mapping[int, KeySet],
        holds: Mapping[int, Hold],
    ) -> "dict[int, Decision]":
        """For a right that plans: what becomes of the rows of each hit, by data set."""
        raise NotImplementedError(f"{self.label} changes no rows.")

    def residue(
        self, request: SubjectRequest, estate: "Estate", keys: Mapping[int, KeySet]
    ) -> "Iterator[tuple[DataSet, int, str]]":
        """For a right that changes rows and keeps them: what is still wrong, beside the rows of the steps."""
        yield from ()

    def why_not_given(self, data_set: DataSet) -> str:
        """For a right with a package: why a data set is not proposed for it; empty if it is."""
        return ""

    def why_withheld(self, column: Column) -> str:
        """The same of a column of a data set that is given."""
        return ""

    def done_for(self, request: SubjectRequest) -> str:
        """The outcome of this request, once its plan is carried out."""
        return self.done

    def settle(self, request: SubjectRequest) -> None:  # noqa: B027 (an erasure's plan does all)
        """Carry out what needs no plan, in the caller's transaction: entries in the registry, new identifiers.

        Called when a plan starts, or where there is none when the request is settled. Idempotent.
        """

    def settle_all(self, requests: Sequence[SubjectRequest]) -> None:
        """The same for many; overridden where that costs less than one after the other."""
        for request in requests:
            self.settle(request)
