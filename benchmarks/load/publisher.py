"""A process of its own that speaks in rooms as job processes do; what it says carries the moment it was said.

Reads from its input a line of JSON: the jobs, messages a second in each room, and seconds. Ends each job at the end.
"""

import json
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "algotrade.settings")


def main() -> None:
    import django

    django.setup()
    from algotrade.jobs import events
    from algotrade.jobs.models import Job

    order = json.loads(sys.stdin.readline())
    jobs = [Job.objects.get(pk=pk) for pk in order["jobs"]]
    pause = 1.0 / (order["rate"] * len(jobs))
    due = time.monotonic()
    until = due + order["seconds"]
    late = 0.0
    number = 0
    while due < until:
        job = jobs[number % len(jobs)]
        job.seq += 1
        say(events, job, "running", min(0.99, number * pause / order["seconds"]))
        number += 1
        due += pause
        late = max(late, time.monotonic() - due)
        time.sleep(max(0.0, due - time.monotonic()))
    for job in jobs:
        job.seq += 1
        say(events, job, "succeeded", 1.0)
    time.sleep(3.0)
    print(json.dumps({"sent": number + len(jobs), "late": late}), flush=True)


def say(events: object, job: object, state: str, progress: float) -> None:
    job.state, job.progress, job.message = state, progress, f"{time.monotonic():.6f}"
    events.publish(job)


if __name__ == "__main__":
    main()
