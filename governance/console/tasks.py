from celery import shared_task

from governance.console import jobs


@shared_task(name="console.run_job")
def run_job(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="console.revive_jobs")
def revive_jobs() -> None:
    jobs.revive()
