"""The files that take longest: they begin first, so that no worker is alone with one at the end of `make test`.

A file runs in one worker. Each takes 20 seconds and more where it waits for engines, leases and processes.
"""

LONGEST = (
    "migrations/test_stories.py",
    "migrations/test_onetable_commands.py",
    "migrations/test_killed_verbs.py",
    "item_stories/test_every_option.py",
    "item_stories/test_no_proxy.py",
    "migrations/test_jobs_of_migrations.py",
    "item_stories/test_export_to_s3.py",
    "lambdas/test_remote.py",
    "backups/test_restore_stories.py",
    "flow/test_stopped_past_its_lease.py",
    "migrations/test_destroying.py",
    "item_stories/test_guarded.py",
    "flow/test_table_ledger.py",
    "migrations/test_fault_kinds.py",
    "migrations/test_author_faults.py",
    "faults/test_processes.py",
    "faults/test_once.py",
    "flow/test_verbs.py",
    "migrations/test_killed.py",
    "migrations/test_two_runners.py",
    "retirement/test_global_table.py",
    "replicas/test_replicas.py",
    "lambdas/test_policy.py",
    "item_stories/test_demo.py",
    "examples/test_tested_project.py",
    "testing/test_ready_made.py",
    "cli/test_render_terraform.py",
)
