from typing import Any

from django import forms

from catalog.classification.vocabulary import CATEGORIES
from catalog.models import DataSet, sensitivities
from retention.policies.due import governed
from retention.policies.keeping import ages_of
from retention.policies.models import Policy, Terms, Tier

Scope = Policy.Scope


def values() -> list[tuple[str, list[tuple[str, str]]]]:
    """What a policy can be about, by scope, for one list to choose from."""
    return [
        ("", [("", "—")]),
        ("Sensitivity", sensitivities()),
        ("Tier", list(Tier.choices)),
        ("Category", [(key, category.title) for key, category in CATEGORIES.items()]),
    ]


class PolicyForm(forms.ModelForm):
    """A new policy. The verb checks that the scope names what it needs."""

    chosen = forms.ChoiceField(
        choices=values,
        required=False,
        label="Category, sensitivity or tier",
        help_text="For a scope of that kind.",
    )
    tag = forms.CharField(max_length=60, required=False, help_text="For the scope “data sets with a tag”.")

    class Meta:
        model = Policy
        fields = ["name", "scope", "data_set", "chosen", "tag", "bound", "number", "unit", "action", "reason"]
        labels = {"number": "Period", "unit": "Counted in", "action": "Then", "bound": "Limit"}
        help_texts = {
            "data_set": "For the scope “one data set”.",
            "reason": "The purpose, or the law that sets the period. Kept in the ledger for ever: nothing personal.",
            "action": "What becomes of rows whose time is up. A minimum does nothing.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["data_set"].queryset = governed()  # type: ignore[attr-defined]

    def policy_values(self) -> dict[str, Any]:
        """For `keeping.add`."""
        given = dict(self.cleaned_data)
        chosen, tag = given.pop("chosen"), given.pop("tag")
        return given | {"value": tag if given["scope"] == Scope.TAG else chosen}


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=300, help_text="Kept in the ledger for ever: nothing personal.")


class TermsForm(forms.Form):
    tier = forms.ChoiceField(
        choices=[("", "—"), *Tier.choices], required=False, help_text="How near to the person its rows are."
    )
    tags = forms.CharField(
        max_length=600, required=False, help_text="Separated by commas; policies can name them."
    )
    age_column = forms.ChoiceField(
        required=False,
        label="Age of a row",
        help_text="The date or time from which its period runs. Rows without one never fall due.",
    )

    def __init__(self, *args: Any, data_set: DataSet, terms: Terms, **kwargs: Any) -> None:
        initial = {"tier": terms.tier, "tags": ", ".join(terms.tags), "age_column": terms.age_column}
        super().__init__(*args, **kwargs | {"initial": initial})
        ages = data_set.columns.filter(gone_at=None, nested_in=None, kind__in=ages_of(data_set))
        names = [(name, name) for name in ages.order_by("position").values_list("name", flat=True)]
        self.fields["age_column"].choices = [("", "Not said"), *names]  # type: ignore[attr-defined]

    def clean_tags(self) -> list[str]:
        return self.cleaned_data["tags"].split(",")
