"""Defer a job: put it on the queue inside the transaction that makes it necessary."""

from sqlalchemy import text
from sqlalchemy.orm import Session

DEFER = text(
    """
    SELECT (procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', :task, 0, NULL, :queueing_lock, jsonb(CAST(:arguments AS text)), NULL)
    ]::procrastinate_job_to_defer_v1[]))[1]
    """
)


def defer_job(
    session: Session, task: str, *, arguments: str, queueing_lock: str | None = None
) -> int:
    """Queue `task` with JSON `arguments` and return the job's id.

    The job exists if and only if the transaction commits. A second job with the same
    `queueing_lock` is refused by the queue while the first one waits.
    """
    session.execute(text("SET LOCAL search_path TO jobs, public"))
    job = session.scalar(
        DEFER, {"task": task, "arguments": arguments, "queueing_lock": queueing_lock}
    )
    session.execute(text("SET LOCAL search_path TO DEFAULT"))
    if job is None:
        message = f"the queue gave no id for {task}"
        raise ValueError(message)
    return int(job)
