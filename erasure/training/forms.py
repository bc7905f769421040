from django import forms

from catalog.classification.vocabulary import CATEGORIES


class TrainingSetForm(forms.Form):
    name = forms.CharField(max_length=120)
    category = forms.ChoiceField(
        choices=lambda: [(key, each.title) for key, each in CATEGORIES.items() if each.unique],
        label="Persons are told apart by",
    )
    purpose = forms.CharField(
        max_length=160, required=False, help_text="What it trains for; objections to this purpose are heeded."
    )
