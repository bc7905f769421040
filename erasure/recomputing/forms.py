from typing import Any

from django import forms

from catalog.connectors import registry
from catalog.connectors.base import Capability
from catalog.forms import named_data_set
from catalog.models import DataSet
from erasure.recomputing.declaring import SMALLEST
from erasure.recomputing.figures import parse_lines
from erasure.recomputing.models import Recomputation


class DeclareForm(forms.Form):
    """As the store can do it: by figures over a source, or by a query of its own."""

    source = forms.CharField(
        required=False, help_text="The data set it is made of: system / data set, as in Lake / silver.reader."
    )
    columns = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
        help_text="One line for each column: country = country to group by it, readers = count(*), persons = "
        "count(distinct email), total = sum(amount). Also avg, min and max.",
    )
    query = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text="A SELECT over other data sets of the same system, or INSERT INTO … SELECT for this one.",
    )

    def __init__(self, *args: Any, data_set: DataSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = registry.get(data_set.system.kind).capabilities
        if Capability.REFILL not in able:
            del self.fields["source"], self.fields["columns"]
        if Capability.RECOMPUTE not in able:
            del self.fields["query"]

    def clean_source(self) -> DataSet | None:
        text = self.cleaned_data["source"]
        return named_data_set(text) if text else None

    def clean_columns(self) -> dict[str, str]:
        return parse_lines(self.cleaned_data["columns"])


class ConfirmAnonymousForm(forms.Form):
    smallest_group = forms.IntegerField(
        min_value=SMALLEST, label="Persons behind each figure, at least", help_text="The k of k-anonymity."
    )
    reason = forms.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class ApproveRecomputationForm(forms.Form):
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput())


def written(declared: Recomputation | None) -> dict[str, str]:
    """What stands in the form of what was declared before."""
    if declared is None:
        return {}
    return {"source": str(declared.source or ""), "columns": declared.lines, "query": declared.query}
