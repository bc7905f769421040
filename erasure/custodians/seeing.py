"""Whose tasks a person may see: custodians those of their systems, officers and auditors all."""

from django.db.models import QuerySet

from erasure.custodians.models import Task
from governance.console.models import User


def tasks_of(user: User) -> QuerySet[Task]:
    tasks = Task.objects.select_related(
        "request", "system__custodian", "recipient", "answered_by", "step__plan"
    )
    return tasks if user.may("requests.view") else own_tasks(user)


def own_tasks(user: User) -> QuerySet[Task]:
    """Those that `user` may answer."""
    return Task.objects.filter(system__custodian=user).select_related(
        "request", "system__custodian", "recipient", "answered_by", "step__plan"
    )
