"""How agents find us: the entry for the network's directory of businesses (DRP 1.0, 3.05.2).

Version 1.0 has no `/.well-known/data-rights.json` any more: the network's operators publish the entries.
"""

from typing import Any

from django.conf import settings
from django.urls import reverse

from erasure.protocols.drp.taking import EXERCISES
from erasure.protocols.models import Business
from governance.activities.models import Organisation

EXERCISE = "/v1/data-rights-request"


def entry() -> dict[str, Any] | None:
    """The entry; None while the controller takes no part."""
    business = Business.objects.first()
    if business is None:
        return None
    organisation = Organisation.objects.first()
    here = settings.PUBLIC_URL.rstrip("/")
    return {
        "id": business.business_id,
        "name": organisation.name if organisation else business.business_id,
        "logo": business.logo_url or None,
        "api_base": here + reverse("protocols:drp_exercise").removesuffix(EXERCISE),
        "supported_actions": list(EXERCISES),
        "supported_verifications": ["email"],
        "privacy_policy_url": here + reverse("public:request"),
        "web_url": business.web_url or here,
        "technical_contact": business.technical_contact,
        "business_contact": business.business_contact,
    }
