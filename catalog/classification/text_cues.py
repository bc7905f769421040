"""What the words around a phrase say of it: person, place or organization."""

from __future__ import annotations

import re

from catalog.classification.text_lexicon import HONORIFICS
from catalog.classification.text_spans import alternatives

_KIN = alternatives(
    """son|daughter|kid|child|wife|husband|partner|spouse|brother|sister|mother|father|mom|mum|dad|uncle|aunt
    cousin|friend|boss|colleague|manager|neighbou?r|fianc[eé]e?|boyfriend|girlfriend|grandfather|grandmother
    client|patient|guardian|player|producer|singer|songwriter|director|actor|actress|author|writer|commenter
    president|minister|senator|judge|detective|officer|agent|king|queen|captain|teacher|nurse|customer"""
)


def _before(strength: float, lines: str) -> tuple[float, re.Pattern[str]]:
    pattern = rf"(?:^|[^\w])(?:{alternatives(lines)})[\s\"'“:(>?]*$"
    return strength, re.compile(pattern, re.IGNORECASE)


def _after(strength: float, lines: str) -> tuple[float, re.Pattern[str]]:
    return strength, re.compile(rf"(?:{alternatives(lines)})(?!\w)", re.IGNORECASE)


Cues = dict[str, tuple[tuple[float, re.Pattern[str]], ...]]

BEFORE: Cues = {
    "PERSON": (
        _before(1.2, rf"{HONORIFICS}\.?"),
        _before(
            1.1,
            r"""names?(?: is| was|:|\?)|(?:is|was|were|are|being|been) (?:named|called)|user:|maiden name is|nee|née
            (?:calls?|called|named?) (?:me|him|her|them|us|it)|contact:|attn:?|attention:?|dear|hello|hi|hey
            signed(?: by)?|sincerely,?|regards,?|cheers,?|known as""",
        ),
        _before(
            0.7,
            rf"""(?:{_KIN}),?|written by|directed by:?|starring|features?|featuring|sung by|played by|produced by
            said|says|told|asked|asks?|by|met|with|under|(?:speak|spoke|speaking|talk|talked|talking|listen) (?:to|with)
            add|remove|i am|i'?m|this is|here's|(?:son|daughter) of|thanks,?|thank you,?|married(?: to)?|follow up with
            between (?:him|her) and|why (?:is|was|did|does)|(?:have|did) you (?:hear|heard|see|seen|meet|met)|unlike
            tribute to|influenced by""",
        ),
    ),
    "LOCATION": (
        _before(
            1.0,
            r"""(?:lives?|lived|living|located|based|born|raised|grew up|arrived|landed|stayed|am|i'm|were) in
            moved (?:here |back )?(?:from|to)|travel(?:l?ed|l?ing)? (?:to|from)|(?:trip|flight|welcome|back|way) to
            (?:flew|flying|flies|drove|came|comes|coming|went|going|returned|sent|headed|moving) (?:to|from)
            arrived at|originally from|visit(?:s|ed|ing)?|tour of|university of|downtown|ambassador to
            (?:city|town|state|village|county|province|capital|country|district|municipality)(?: of)?
            (?:southern|northern|eastern|western)|(?:city|country|state|where|place of birth|location):""",
        ),
        _before(
            0.45, "in|from|near|outside|across|around|through|throughout|towards?|via|leaving|to the|within"
        ),
        _before(0.2, "at|to|of|for|that"),
    ),
    "ORGANIZATION": (
        _before(
            1.1,
            r"""work(?:s|ed|ing)? (?:for|at|with)|employed (?:by|at)|(?:employer|company|organi[sz]ation):?|firm
            join(?:s|ed|ing)?|hired by|acquired(?: by)?|shares (?:of|in)|(?:a )?(?:subsidiary|customer|division) of
            (?:ceo|cfo|cto|founder|director|president|chairman|chairwoman|head|manager|employee) (?:of|at)
            (?:career|internship|job|position|year|years) (?:at|with)|invoice from|on behalf of""",
        ),
        _before(0.3, "at|for|by|the|with|from"),
    ),
}

AFTER: Cues = {
    "PERSON": (
        _after(
            0.8,
            r"""(?:,| has| had| have)? (?:said|says|told|asked|replied|shouted|lives|lived|speaks?|wrote|called|listed)
            (?: was| is)?,? born| (?:had given|gave|spent|began|smiled|laughed|thinks|wants|sings?|sang|thought|noticed)
            \s(?:works?|worked|died|married|turned|explained|explains)| (?:will|would) be (?:talking|speaking|there)
            \s(?:is|was) an? (?:very |really )?\w+ (?:person|man|woman|guy|girl|boy|friend|listener)""",
        ),
        _after(
            0.6,
            r"""(?:['’]s)? (?:songs?|concert|novel|version|films?|books?|albums?|fan|house|address|account)
            (?:['’]s)? (?:kid|wife|husband|daughter|son|mother|father|brother|sister|friend|killers?)
            ['’]s\b|, can I|, please|,? who| is (?:very|so|from)|, aged?|,? and (?:his|her)|, the \w+, said
            \sas (?:a |my |the )?(?:guardian|beneficiary)""",
        ),
    ),
    "LOCATION": (
        _after(
            0.6,
            r"""\s(?:leader|bridge|airport|country club|area|region|county|province|city|river|valley|embassy)
            \s(?:government|coast|border|suburbs?)|,? (?:[A-Z]{2}\b|USA|UK|U\.S\.)
            \s(?:is|was) (?:\w+ )?(?:fun|beautiful|cold|hot|nice|sunny|great) (?:to visit|city|place|country|in)""",
        ),
    ),
    "ORGANIZATION": (
        _after(
            0.9,
            r"""['’]?s? (?:website|offices?|employees?|staff|orchestra|stock|shares|headquarters|products?|customers)
            ['’]?s? (?:spokes(?:man|woman|person)|ceo|cfo|board|executives?|shareholders|branch|plant|factory|store)
            ['’]?s? (?:invested|announced|acquired|merger|subsidiary|hired|launched)|,? (?:inc|llc|ltd|corp|gmbh|plc)\b
            \sis (?:an?|the) (?:[\w-]+ ){0,4}(?:company|agency|bank|firm|organi[sz]ation|corporation|start-?up|business)
            \sis (?:an?|the) (?:[\w-]+ ){0,4}(?:manufacturer|provider|retailer|non-?profit|charity|brand)""",
        ),
    ),
}

_LINE_START = re.compile(r"(?:^|\n)[ \t>?]*$")
_LINE_END = re.compile(r"[ \t]*(?:\n|$)")
_SPEAKER = re.compile(r":\s?[\"“A-Z]")
_ADDRESS_BELOW = re.compile(
    r"[ \t]*\n[ \t>?]*(?:\d|P\.?O\b|PSC\b|Unit\b|Tel\b|Phone\b|Mobile\b|US[NSC]|[^\n]{3,40} \d{1,4}\b)"
)


def weigh_words(kind: str, before: str, after: str) -> float:
    """How strongly the words right before and right after a phrase say that it is of `kind`."""
    strength = next((strength for strength, pattern in BEFORE[kind] if pattern.search(before)), 0.0)
    return strength + next((strength for strength, pattern in AFTER[kind] if pattern.match(after)), 0.0)


def weigh_line(kind: str, before: str, after: str) -> float:
    """How strongly it speaks for `kind` that the phrase begins or fills a line, as in a letterhead."""
    if not _LINE_START.search(before):
        return 0.0
    if kind == "PERSON":
        return 0.7 * bool(_SPEAKER.match(after)) or 0.4 * bool(_LINE_END.match(after))
    if "\n" not in before:
        return 0.0
    return (
        0.85 * bool(_ADDRESS_BELOW.match(after))
        if kind == "ORGANIZATION"
        else 0.4 * bool(_LINE_END.match(after))
    )
