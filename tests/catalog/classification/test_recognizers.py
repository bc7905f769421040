import pytest

from catalog.classification.entities import CATEGORY_OF, TELLING, judge_text, recognize
from catalog.classification.text_lexicon import truecase
from catalog.classification.text_spans import Span, settle
from catalog.classification.vocabulary import CATEGORIES


def found(text):
    (spans,) = recognize([text])
    return [(span.kind, text[span.start : span.end]) for span in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ship to 12 Main Street, Springfield, IL 62704.", ("STREET_ADDRESS", "12 Main Street, Springfield, IL 62704")),
        ("I live at 221B Baker Street, London NW1 6XE", ("STREET_ADDRESS", "221B Baker Street, London NW1 6XE")),
        ("Das Haus steht in der Hauptstraße 5, 10115 Berlin", ("STREET_ADDRESS", "Hauptstraße 5, 10115 Berlin")),
        ("She moved to 45 rue de Rivoli with her cat", ("STREET_ADDRESS", "45 rue de Rivoli")),
        ("Letters go to P.O. Box 1234, Anytown, NY 12345", ("STREET_ADDRESS", "P.O. Box 1234, Anytown, NY 12345")),
        ("It is with unit 8505 box 9220\ndpo ae 90744 now", ("STREET_ADDRESS", "unit 8505 box 9220\ndpo ae 90744")),
        ("Can someone call me on 9472 7916?", ("PHONE_NUMBER", "9472 7916")),
        ("Write to +44 7911 123456 at any time", ("PHONE_NUMBER", "+44 7911 123456")),
        ("Ring (212) 555-0187 ext 12 please", ("PHONE_NUMBER", "(212) 555-0187 ext 12")),
        ("He just turned 63 last week", ("AGE", "63")),
        ("The patient is a 45-year-old woman", ("AGE", "45")),
        ("She was born on 8/5/1989.", ("DATE_TIME", "8/5/1989")),
        ("We met on March 3, 2021 at noon", ("DATE_TIME", "March 3, 2021")),
        ("The conference was in 2014.", ("DATE_TIME", "2014")),
        ("Dr. Maria Gonzalez has seen him", ("PERSON", "Maria Gonzalez")),
        ("my name is patricia desrosiers", ("PERSON", "patricia desrosiers")),
        ("I moved here from Czech Republic", ("LOCATION", "Czech Republic")),
        ("I work for Kowalczyk Holdings Ltd and like it", ("ORGANIZATION", "Kowalczyk Holdings Ltd")),
        ("Her father is Portuguese.", ("NRP", "Portuguese")),
        ("She was hired as a software engineer at the time", ("OCCUPATION", "software engineer")),
        ("Pay with 4111 1111 1111 1111 today", ("CREDIT_CARD", "4111 1111 1111 1111")),
        ("My IBAN is DE89 3704 0044 0532 0130 00", ("IBAN_CODE", "DE89 3704 0044 0532 0130 00")),
        ("SSN 536-22-1234 is hers", ("US_SSN", "536-22-1234")),
        ("my driver's license number is 2270-66-1551", ("US_DRIVER_LICENSE", "2270-66-1551")),
        ("Passport number: C03005988", ("PASSPORT", "C03005988")),
        ("His NHS number is 943 476 5919", ("NATIONAL_ID", "943 476 5919")),
        ("username: jdoe82", ("USERNAME", "jdoe82")),
        ("password: hunter22", ("PASSWORD", "hunter22")),
        ("My zip code is 35350", ("ZIP_CODE", "35350")),
        ("See https://example.com/a?b=1.", ("URL", "https://example.com/a?b=1")),
        ("Host 2001:db8::1 is down", ("IP_ADDRESS", "2001:db8::1")),
        ("Card 00:1B:44:11:3A:B7 joined", ("MAC_ADDRESS", "00:1B:44:11:3A:B7")),
    ],
)  # fmt: skip
def test_entities_are_found_where_they_stand(text, expected):
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "We waited 10 minutes on the street and 3 people were in a row.",
        "The order 1234567890 has shipped with 3 others.",
        "Release 1.2.3 fixes error 404 on line 1234.",
        "Capitalized words like Wisdom and Discipline are often mistaken with names.",
        "How do I open my credit card statement?",
        "It takes three weeks, said the manual.",
    ],
)
def test_plain_sentences_hold_nothing(text):
    assert found(text) == []


def test_a_label_is_read_line_by_line_and_a_sentence_as_one():
    label = "Anna Josefsen\n\n24 Clarke Avenue\n Apt. 805\n Pines Beach\n New Zealand 34694"
    assert found(label) == [
        ("PERSON", "Anna Josefsen"),
        ("STREET_ADDRESS", "24 Clarke Avenue"),
        ("STREET_ADDRESS", "Apt. 805"),
        ("LOCATION", "Pines Beach"),
        ("LOCATION", "New Zealand"),
        ("ZIP_CODE", "34694"),
    ]
    sentence = "Please send it to 24 Clarke Avenue\n Apt. 805\n Pines Beach\n New Zealand 34694"
    assert found(sentence) == [("STREET_ADDRESS", sentence.removeprefix("Please send it to "))]


def test_digits_of_cards_and_orders_are_no_telephone_numbers():
    assert not any(kind == "PHONE_NUMBER" for kind, _ in found("call me about card 4111 1111 1111 1111"))
    assert not any(kind == "PHONE_NUMBER" for kind, _ in found("Phone me about order number 123 456 789"))


def test_a_card_needs_its_check_digit():
    assert not any(kind == "CREDIT_CARD" for kind, _ in found("Pay with card 4111 1111 1111 1112 today"))


def test_many_texts_at_once_keep_their_order():
    texts = [f"My zip code is {10000 + number}" for number in range(300)]
    assert [
        [text[s.start : s.end] for s in spans] for text, spans in zip(texts, recognize(texts), strict=True)
    ] == [[str(10000 + number)] for number in range(300)]


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(ValueError, match=r"No recognizer for the language 'tlh'; there is one for en\."):
        recognize(["nuqneH"], language="tlh")


def test_of_overlapping_claims_the_surest_then_the_longest_stays():
    claims = [
        Span("PERSON", 0, 5, 0.85),
        Span("LOCATION", 0, 12, 0.82),
        Span("URL", 10, 14, 0.6),
        Span("AGE", 20, 22, 0.5),
    ]
    assert settle(claims) == [claims[1], claims[3]]


def test_truecase_keeps_every_position():
    text = "follow up with patricia from harburg in a couple of months, ŉ and ß"
    assert truecase(text).lower() == text
    assert len(truecase(text)) == len(text)
    assert "Patricia from Harburg in a couple" in truecase(text)
    assert truecase("Keep this as is, anna") == "Keep this as is, anna"


def test_every_kind_has_a_category_of_the_vocabulary():
    assert set(CATEGORY_OF.values()) <= set(CATEGORIES)
    assert set(TELLING) <= set(CATEGORY_OF.values())


def test_weak_mentions_tell_only_of_someone_and_twice():
    languages = [
        "Classes in English, Spanish and Chinese are free.",
        "Forms come in French, Russian and Korean.",
    ]
    assert [item.category for item in judge_text(languages)] == []
    people = ["He is Polish and 45 years old, she says.", "My wife is Dutch and just turned 44."]
    assert [item.category for item in judge_text(people)] == ["demographic.age", "demographic.ethnicity"]


def test_links_hold_no_social_security_numbers():
    assert found("services/Agenda%207-25-2016.pdf") == []
