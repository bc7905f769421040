from tests.retention.anonymization.stores import store
from tests.retention.anonymization.techniques import small_techniques

__all__ = ["small_techniques", "store"]
