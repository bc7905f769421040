"""The project. Celery's application is made here, so that tasks are sent to the configured broker from anywhere."""

from governance.celery import app as celery_app

__all__ = ["celery_app"]
