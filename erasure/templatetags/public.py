"""The sentences of the public pages, in the language of the page."""

from typing import Any

from django import template
from django.template.context import Context

from erasure.public import wording

register = template.Library()


@register.simple_tag(takes_context=True)
def say(context: Context, sentence: str, **values: Any) -> str:
    """`{% say "ask.title" %}`; escaped as a whole, values included."""
    return wording.say(str(context.get("language") or wording.DEFAULT), sentence, **values)


@register.simple_tag(takes_context=True)
def say_of(context: Context, section: str, key: str) -> str:
    """The sentence of a section that is about `key`: a state, a kind of letter."""
    return wording.say(
        str(context.get("language") or wording.DEFAULT), f"{section}.{str(key).replace(' ', '_')}"
    )
