"""Whether the servers behind the console answer: for load balancers, which learn no more than that."""

from django.conf import settings
from django.db import DatabaseError, connection

from governance.console.reaching import reach_broker
from governance.environment import EnvironmentProblem


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def broker_answers() -> bool:
    try:
        reach_broker(settings.CELERY_BROKER_URL)
    except EnvironmentProblem:
        return False
    return True
