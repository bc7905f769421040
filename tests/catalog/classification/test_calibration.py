from itertools import pairwise

import pytest

from catalog.classification.calibration import CURVES, Voice, calibrate, voice_of
from catalog.classification.scoring import MOST_CERTAIN
from catalog.classification.verdict import Evidence

NAME = Evidence("name", "contact.email", "", 0.9)
FORM = Evidence("pattern", "contact.email", "", 0.9)
BESIDE = Evidence("neighbours", "contact.email", "", 0.5)
AGAINST = Evidence("values", "contact.email", "", -0.8)


@pytest.mark.parametrize("voice", Voice)
def test_a_higher_score_is_never_less_sure(voice):
    confidences = [calibrate(score / 1000, voice) for score in range(1001)]
    assert all(low <= high for low, high in pairwise(confidences))
    assert confidences[0] == 0
    assert 0 < confidences[-1] < 1


def test_every_voice_has_a_curve_and_both_witnesses_are_surest():
    assert set(CURVES) == set(Voice)
    personal = set(Voice) - {Voice.BOTH, Voice.NOTHING_PERSONAL}
    assert all(calibrate(1, voice) < calibrate(MOST_CERTAIN, Voice.BOTH) for voice in personal)


def test_corners_are_met_and_lines_run_between_them():
    (left, low), (right, high) = CURVES[Voice.NAME][:2]
    assert calibrate(left, Voice.NAME) == low
    assert calibrate((left + right) / 2, Voice.NAME) == pytest.approx((low + high) / 2, abs=0.001)


@pytest.mark.parametrize(
    ("category", "evidence", "telling", "voice"),
    [
        ("contact.email", [NAME], True, Voice.NAME),
        ("contact.email", [NAME, AGAINST], True, Voice.NAME),
        ("contact.email", [NAME, BESIDE], True, Voice.NAME),
        ("contact.email", [NAME, FORM], True, Voice.BOTH),
        ("contact.email", [FORM], False, Voice.VALUES),
        ("contact.email", [FORM, BESIDE], False, Voice.VALUES),
        ("contact.email", [FORM], True, Voice.VALUES_AGAINST_NAME),
        ("name.full", [FORM], True, Voice.PEOPLE_AGAINST_NAME),
        ("content.free_text", [FORM], False, Voice.TEXT),
        ("none.operational", [NAME], True, Voice.NOTHING_PERSONAL),
    ],
)
def test_who_speaks(category, evidence, telling, voice):
    assert voice_of(category, evidence, telling_name=telling) is voice
