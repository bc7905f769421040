"""What anonymized data are wanted for: the six uses the advisor knows, and how contracts may spell them."""

from __future__ import annotations

USES = {
    "analytics": "Analytics",
    "test_data": "Test data",
    "ml_training": "Training of models",
    "payment": "Payment",
    "cross_system_join": "Join across systems",
    "third_party": "Handing to a third party",
}
EVERY = "*"


def key_of(use: str) -> str:
    """`Test data`, `test-data` and `test_data` are one use."""
    return "_".join(use.casefold().replace("-", " ").replace("_", " ").split())
