"""What others do, or are told: tasks of custodians, notices to recipients, and rows that an exception keeps."""

from erasure.custodians.models.exemptions import RowExemption
from erasure.custodians.models.recipients import Recipient
from erasure.custodians.models.tasks import Evidence, Task
from erasure.custodians.models.webhooks import Callback, Delivery, Webhook

__all__ = ["Callback", "Delivery", "Evidence", "Recipient", "RowExemption", "Task", "Webhook"]
