"""Copy a table on AWS Glue, EMR or any Spark: this process, the driver, keeps the job; executors move the items."""

import argparse

from dynasmith import Cluster, Consent, Project

if __name__ == "__main__":
    options = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("source", "target", "transform", "env", "resume"):
        options.add_argument(f"--{name}")
    options.add_argument("--workers", type=int, default=4)
    job, _ = options.parse_known_args()  # Glue adds arguments of its own, such as --JOB_NAME
    on = Cluster("spark", workers=job.workers)
    with Project.load(env=job.env, consent=Consent(yes=True)) as project:
        if job.resume:
            report = project.jobs.resume(job.resume, on=on)
        else:
            report = project.copy(job.source, job.target, transform=job.transform, on=on)
        print(report)
