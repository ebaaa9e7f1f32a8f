# ruff: noqa: E501  # one entry a line
"""Every option of every verb does something: two runs that differ only in it differ in what the entry names.

One entry a line: verb, option, what differs, and the words of both runs after the verb (the option's own stand in
braces: ``{...}`` is there in the second run only). A run is done twice without the option, so that what differs by
itself counts for nothing. An option that no entry names fails the test; so does an entry of an option that is gone.
"""

import json
import random
import re
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cli.story import new_account, table
from dynasmith.cli.main import VERBS, cli
from dynasmith.strict import StrictServer
from example_counts import TIMES
from item_stories.kit import ItemStory, person

# What a run is compared by: its exit code, what it says, the requests, the items afterwards, the files afterwards.
CODE, SAYS, ASKS, ITEMS, FILES = "code", "says", "asks", "items", "files"

ENTRIES = """
apply --allow-delete-items | items | listed | --yes --prune --confirm users {--allow-delete-items}
apply --only               | asks  | listed | --yes {--only tags}
apply --outputs            | files | listed | --yes {--outputs out.json}
apply --plan               | asks  | planned | --yes {--plan users.plan}
apply --prune              | asks  | drifted | --yes --only tags {--prune}
apply --rebuild-index      | code  | listed | --yes {--rebuild-index absent}
backfill --batch-size      | asks  | two | users --transform shape.yaml --segments 1 --yes {--batch-size 2}
backfill --canary          | items | two | users --transform shape.yaml --segments 1 --yes {--canary 10%}
backfill --check           | code  | two | users --transform shape.yaml --yes {--check}
backfill --consistent      | asks  | two | users --transform shape.yaml --yes {--consistent}
backfill --expired         | items | expired | users --transform shape.yaml --yes {--expired skip}
backfill --filter          | items | two | users --transform shape.yaml --yes {--filter 'n = 3'}
backfill --limit           | items | two | users --transform shape.yaml --yes {--limit 2}
backfill --max-read-units  | says  | two | users --transform shape.yaml --dry-run --json {--max-read-units 50}
backfill --max-write-units | says  | two | users --transform shape.yaml --dry-run --json {--max-write-units 50}
backfill --no-journal      | files | two | users --transform shape.yaml --yes {--no-journal}
backfill --on-error        | code  | odd | users --transform casts.yaml --yes {--on-error dead}
backfill --processes       | items | two | users --transform moves:transform --yes {--processes 2}
backfill --sample          | says  | two | users --transform shape.yaml --dry-run {--sample 2}
backfill --segments        | asks  | two | users --transform shape.yaml --yes {--segments 3}
backfill --share           | says  | provisioned | users --transform shape.yaml --dry-run --json {--share 0.1}
backfill --transform       | code  | two | users --yes {--transform shape.yaml}
backfill --where           | items | two | users --transform shape.yaml --yes {--where 'n = 3'}
check --prune              | code  | drifted | {--prune}
delete-items --all         | code  | two | users --confirm users {--all}
delete-items --batch-size  | asks  | two | users --all --confirm users --segments 1 {--batch-size 2}
delete-items --consistent  | asks  | two | users --all --confirm users {--consistent}
delete-items --keys        | items | two | users --confirm users {--keys keys.jsonl}
delete-items --limit-items | items | two | users --all --confirm users {--limit-items 2}
delete-items --max-read-units  | says  | two | users --all --dry-run --json {--max-read-units 50}
delete-items --max-write-units | says  | two | users --all --dry-run --json {--max-write-units 50}
delete-items --no-journal  | says  | two | users --all --confirm users {--no-journal}
delete-items --sample      | says  | two | users --all --dry-run {--sample 2}
delete-items --segments    | asks  | two | users --all --confirm users {--segments 3}
delete-items --share       | says  | provisioned | users --all --dry-run --json {--share 0.1}
delete-items --where       | items | two | users --confirm users {--where 'n = 3'}
copy --allow-personal      | code  | two | users users_v2 --yes {--allow-personal name}
copy --backup-first        | items | two | users users_v2 --yes {--backup-first kept}
copy --batch-size          | asks  | two | users users_v2 --segments 1 --yes {--batch-size 2}
copy --by                  | code  | two | users users_v2 --yes {--by pk}
copy --consistent          | asks  | two | users users_v2 --yes {--consistent}
copy --create-target       | code  | two | users users_v3 --yes {--create-target}
copy --expired             | items | expired | users users_v2 --yes {--expired skip}
copy --filter              | items | two | users users_v2 --yes {--filter 'n = 3'}
copy --max-read-units      | says  | two | users users_v2 --dry-run --json {--max-read-units 50}
copy --max-write-units     | says  | two | users users_v2 --dry-run --json {--max-write-units 50}
copy --mode                | code  | full | users users_v2 --yes {--mode fail-existing}
copy --no-digest           | says  | two | users users_v2 --yes --json {--no-digest}
copy --on-error            | code  | odd | users users_v2 --transform casts.yaml --yes {--on-error dead}
copy --processes           | items | two | users users_v2 --transform moves:transform --yes {--processes 2}
copy --limit-items         | items | two | users users_v2 --yes {--limit-items 2}
copy --missing             | items | masked | users users_v2 --sample 100% --by absent --crypto masking:file:masking.key --yes {--missing keep}
copy --sample              | items | masked | users users_v2 --crypto masking:file:masking.key --yes {--sample 1% --by pk}
copy --segments            | asks  | two | users users_v2 --yes {--segments 3}
copy --share               | says  | provisioned | users users_v2 --dry-run --json {--share 0.1}
copy --source-endpoint     | code  | two | users users_v2 --yes {--source-endpoint http://127.0.0.1:1}
copy --source-env          | code  | two | users users_v2 --yes {--source-env other}
copy --source-profile      | code  | two | users users_v2 --yes {--source-env away --source-profile absent}
copy --source-region       | code  | two | users users_v2 --yes {--source-region eu-west-1}
copy --source-role-arn     | code  | two | users users_v2 --yes {--source-role-arn arn:aws:iam::123456789012:role/x}
copy --target-endpoint     | code  | two | users users_v2 --yes {--target-endpoint http://127.0.0.1:1}
copy --target-env          | code  | two | users users_v2 --yes {--target-env other}
copy --target-profile      | code  | two | users users_v2 --yes {--target-env away --target-profile absent}
copy --target-region       | code  | two | users users_v2 --yes {--target-region eu-west-1}
copy --target-role-arn     | code  | two | users users_v2 --yes {--target-role-arn arn:aws:iam::123456789012:role/x}
copy --transform           | items | two | users users_v2 --yes {--transform shape.yaml}
count --estimate           | asks  | two | users {--estimate}
count --filter             | says  | two | users {--filter 'n = 3'}
count --index              | code  | two | users {--index absent}
delete --missing-ok        | code  | two | absent {--missing-ok}
doctor --table             | asks  | two | {--table users}
export --allow-personal    | code  | two | users out.jsonl {--allow-personal name}
export --batch-size        | asks  | two | users out.jsonl --segments 1 {--batch-size 2}
export --by                | code  | two | users out.jsonl {--by pk}
export --compress          | files | two | users out {--compress none}
export --consistent        | asks  | two | users out.jsonl {--consistent}
export --expired           | files | expired | users out.jsonl {--expired skip}
export --filter            | files | two | users out.jsonl {--filter 'n = 3'}
export --format            | files | two | users out.jsonl {--format plain}
export --max-read-units    | says  | two | users out.jsonl --dry-run --json {--max-read-units 50}
export --limit-items       | files | two | users out.jsonl {--limit-items 2}
export --missing           | files | masked | users out.jsonl --sample 100% --by absent --crypto masking:file:masking.key {--missing keep}
export --sample            | files | masked | users out.jsonl --crypto masking:file:masking.key {--sample 1% --by pk}
export --processes         | code  | two | users - {--processes 2}
export --segments          | asks  | two | users out.jsonl {--segments 3}
export --share             | says  | provisioned | users out.jsonl --dry-run --json {--share 0.1}
export --source-endpoint   | code  | two | users out.jsonl {--source-endpoint http://127.0.0.1:1}
export --source-env        | code  | two | users out.jsonl {--source-env other}
export --source-profile    | code  | two | users out.jsonl {--source-env away --source-profile absent}
export --source-region     | code  | two | users out.jsonl {--source-region eu-west-1}
export --source-role-arn   | code  | two | users out.jsonl {--source-role-arn arn:aws:iam::123456789012:role/x}
export --split-bytes       | files | two | users out --compress none {--split-bytes 1000}
export --transform         | files | two | users out.jsonl {--transform shape.yaml}
get --wire                 | says  | two | users pk=user-00001 {--wire}
import --all               | says  | listed | {--all}
import --minimal           | says  | two | users {--minimal}
import --out               | files | two | users {--out tables.yaml}
jobs-pace --max-read-units | files | stopped | JOB --max-write-units 5 {--max-read-units 7}
jobs-pace --max-write-units | files | stopped | JOB --max-read-units 5 {--max-write-units 7}
jobs-prune --older-than | code | stopped | {--older-than 0s}
jobs-resume --accept-changed-transform | code | changed | JOB {--accept-changed-transform}
jobs-undo --max-write-units | says | undoable | JOB --dry-run --json {--max-write-units 50}
plan --allow-delete-items  | says  | listed | --prune {--allow-delete-items}
plan --only                | says  | listed | {--only tags}
plan --out                 | files | listed | {--out users.plan}
plan --prune               | says  | drifted | {--prune}
plan --rebuild-index       | code  | listed | {--rebuild-index absent}
populate --batch-size      | asks  | two | users_v2 people.jsonl --yes {--batch-size 2}
populate --create-target   | code  | exported | users_v3 out --yes {--create-target}
populate --filter          | items | two | users_v2 people.jsonl --yes {--filter 'n = 3'}
populate --format          | code  | two | users_v2 people.csv --yes {--format lines}
populate --from            | items | database | users_v2 --yes {--from sqlite:///shop.db --source-table people}
populate --generate        | items | two | users_v2 --yes {--generate 3}
populate --seed            | items | two | users_v2 --yes --generate 3 {--seed 5}
populate --item            | items | two | users_v2 --yes {--item '{"pk":"a"}'}
populate --map             | items | two | users_v2 people.jsonl --yes {--map pk=user-{pk}}
populate --max-write-units | says  | two | users_v2 people.jsonl --dry-run --json {--max-write-units 50}
populate --mode            | code  | full | users_v2 people.jsonl --yes {--mode fail-existing}
populate --no-digest       | says  | two | users_v2 people.jsonl --yes --json {--no-digest}
populate --on-error        | code  | odd | users_v2 odd.jsonl --transform casts.yaml --yes {--on-error dead}
populate --order           | code  | database | users_v2 --yes --from sqlite:///shop.db --query 'select * from people' {--order pk}
populate --processes       | items | two | users_v2 people.jsonl --transform moves:transform --yes {--processes 2}
populate --query           | items | database | users_v2 --yes --from sqlite:///shop.db --order pk {--query 'select * from people'}
populate --share           | says  | provisioned | users people.jsonl --dry-run --json {--share 0.1}
populate --source-table    | items | database | users_v2 --yes --from sqlite:///shop.db {--source-table people}
populate --target-endpoint | code  | two | users_v2 people.jsonl --yes {--target-endpoint http://127.0.0.1:1}
populate --target-env      | code  | two | users_v2 people.jsonl --yes {--target-env other}
populate --target-profile  | code  | two | users_v2 people.jsonl --yes {--target-env away --target-profile absent}
populate --target-region   | code  | two | users_v2 people.jsonl --yes {--target-region eu-west-1}
populate --target-role-arn | code  | two | users_v2 people.jsonl --yes {--target-role-arn arn:aws:iam::123456789012:role/x}
populate --transform       | items | two | users_v2 people.jsonl --yes {--transform shape.yaml}
populate --type            | items | two | users_v2 people.csv --yes {--type n=S}
put --new                  | code  | two | users pk=user-00001 {--new}
query --attributes         | says  | sorted | events pk=a {--attributes pk}
query --filter             | asks  | sorted | events pk=a {--filter 'absent = 1'}
query --format             | says  | sorted | events pk=a {--format csv}
query --cursor             | code  | two | users pk=user-00001 {--cursor absent}
query --index              | code  | two | users pk=user-00001 {--index absent}
query --limit              | asks  | sorted | events pk=a {--limit 1}
query --read-limit         | says  | sorted | events pk=a --filter "absent = 1" {--read-limit 1}
query --reverse            | says  | sorted | events pk=a {--reverse}
query --wire               | says  | sorted | events pk=a {--wire}
retire --all               | code  | listed | --no-export --confirm users {--all}
retire --export            | files | two | users --confirm users {--export kept}
retire --no-export         | code  | two | users --confirm users {--no-export}
scan --attributes          | says  | two | users {--attributes pk}
scan --filter              | says  | two | users {--filter 'n = 3'}
scan --format              | says  | two | users {--format csv}
scan --cursor              | code  | two | users {--cursor absent}
scan --index               | code  | two | users {--index absent}
scan --limit               | asks  | two | users {--limit 2}
scan --read-limit          | asks  | two | users --filter "n = 3" {--read-limit 2}
scan --wire                | says  | two | users {--wire}
validate --offline         | asks  | listed | {--offline}
verify --job               | code  | copied | users users_v2 {--job JOB}
verify --limit             | says  | two | users users_v2 {--limit 2}
verify --source-endpoint   | code  | full | users users_v2 {--source-endpoint http://127.0.0.1:1}
verify --source-env        | code  | full | users users_v2 {--source-env other}
verify --source-profile    | code  | full | users users_v2 {--source-env away --source-profile absent}
verify --source-region     | code  | full | users users_v2 {--source-region eu-west-1}
verify --source-role-arn   | code  | full | users users_v2 {--source-role-arn arn:aws:iam::123456789012:role/x}
verify --target-endpoint   | code  | full | users users_v2 {--target-endpoint http://127.0.0.1:1}
verify --target-env        | code  | full | users users_v2 {--target-env other}
verify --target-profile    | code  | full | users users_v2 {--target-env away --target-profile absent}
verify --target-region     | code  | full | users users_v2 {--target-region eu-west-1}
verify --target-role-arn   | code  | full | users users_v2 {--target-role-arn arn:aws:iam::123456789012:role/x}
verify --transform         | code  | copied | users users_v2 {--transform shape.yaml}
"""

# Shown by a test of its own, which needs an engine, or a process, of its own.
ELSEWHERE = """
apply --detach | cli/test_detached_apply.py
apply --for | cli/test_detached_apply.py
jobs-resume --all | cli/test_detached_apply.py
jobs-resume --for | cli/test_detached_apply.py
jobs-resume --replan | cli/test_detached_apply.py
jobs-resume --verb | cli/test_detached_apply.py
jobs-wait --wait-timeout | cli/test_detached_apply.py
apply --no-wait | cli/test_no_wait.py
apply --wait-timeout | cli/test_no_wait.py
create --no-wait | cli/test_no_wait.py
create --wait-timeout | cli/test_no_wait.py
delete --no-wait | cli/test_no_wait.py
delete --wait-timeout | cli/test_no_wait.py
ensure --no-wait | cli/test_no_wait.py
ensure --wait-timeout | cli/test_no_wait.py
erase --max-read-units | item_stories/test_erase.py
erase --max-write-units | item_stories/test_erase.py
erase --share | item_stories/test_erase.py
erase --value | item_stories/test_erase.py
erase --value-file | item_stories/test_erase.py
replace-cutover --pointer | replacement/test_cutover.py
replace-cutover --fence | replacement/test_cutover.py
replace-cutover --no-fence | replacement/test_cutover.py
replace-cutover --max-fence | replacement/test_cutover.py
replace-cutover --accept-conflicts | replacement/test_back.py
replace-cutover --max-read-units | replacement/test_comparison.py
replace-cutover --write | replacement/test_definition_patch.py
replace-back --fence | replacement/test_back.py
replace-back --no-fence | replacement/test_back.py
replace-back --max-fence | replacement/test_back.py
replace-back --max-read-units | replacement/test_back.py
replace-back --write | replacement/test_back.py
replace-back --accept-conflicts | replacement/test_back.py
replace-finish --accept-conflicts | replacement/test_cutover.py
replace-start --to | replacement/test_replace.py
replace-start --transform | replacement/test_replace.py
replace-start --reverse | replacement/test_back.py
replace-start --source-key | replacement/test_replace.py
replace-start --restart-stream | replacement/test_bad_luck.py
replace-start --until | replacement/test_replace.py
replace-start --max-read-units | replacement/test_replace.py
replace-start --max-write-units | replacement/test_replace.py
replace-verify --max-read-units | replacement/test_comparison.py
refresh --from | item_stories/test_refresh.py
refresh --recipe | item_stories/test_refresh.py
refresh --allow-personal | item_stories/test_refresh.py
copy --keep-target-items | item_stories/test_personal_data.py
copy --transport       | item_stories/test_every_option.py
demo --keep            | item_stories/test_demo.py
export --at | item_stories/test_export_to_s3.py
export --bucket-owner | item_stories/test_export_to_s3.py
export --incremental | item_stories/test_export_to_s3.py
export --kms-key | item_stories/test_export_to_s3.py
export --no-wait | item_stories/test_export_to_s3.py
export --wait-timeout | item_stories/test_export_to_s3.py
export --transport     | item_stories/test_every_option.py
local-logs --follow    | local/test_log.py
local-logs --folder    | local/test_log.py
local-logs --lines     | local/test_log.py
local-logs --port      | local/test_engines.py
local-start --clock    | local/test_strict_engine.py
local-start --folder   | local/test_engines.py
local-start --port     | local/test_engines.py
local-start --rules    | local/test_strict_engine.py
local-start --strict   | local/test_strict_engine.py
local-status --folder  | local/test_engines.py
local-status --port    | local/test_engines.py
local-stop --folder    | local/test_engines.py
local-stop --port      | local/test_engines.py
populate --bucket-owner | item_stories/test_populate_from_s3.py
populate --by | item_stories/test_import_from_s3.py
populate --compress | item_stories/test_import_from_s3.py
populate --delimiter | item_stories/test_import_from_s3.py
populate --error-bucket | item_stories/test_import_from_s3.py
populate --headers | item_stories/test_import_from_s3.py
populate --no-wait | item_stories/test_import_from_s3.py
populate --wait-timeout | item_stories/test_import_from_s3.py
populate --transport   | item_stories/test_every_option.py
verify --transport     | item_stories/test_every_option.py
check --from | cli/test_check_from.py
check --param | cli/test_check_from.py
check --table | cli/test_check_from.py
import --as | cli/test_import_models.py
import --format | cli/test_import_documents.py
import --from | cli/test_import_models.py
import --key | cli/test_import_models.py
import --param | cli/test_import_documents.py
import --table | cli/test_import_models.py
backfill --on | item_stories/test_clusters.py
backfill --workers | item_stories/test_clusters.py
copy --on | item_stories/test_clusters.py
copy --workers | item_stories/test_clusters.py
export --on | item_stories/test_clusters.py
export --workers | item_stories/test_clusters.py
jobs-resume --on | item_stories/test_clusters.py
populate --on | item_stories/test_populate_in_workers.py
populate --workers | item_stories/test_populate_in_workers.py
verify --processes | item_stories/test_verify_in_workers.py
verify --on | item_stories/test_verify_in_workers.py
verify --workers | item_stories/test_verify_in_workers.py
jobs-resume --workers | item_stories/test_clusters.py
jobs-undo --on | item_stories/test_clusters.py
jobs-undo --workers | item_stories/test_clusters.py
console --allow-changes | console/test_command.py
console --open | console/test_command.py
console --port | console/test_command.py
console --read-only | console/test_command.py
report --html | console/test_report.py
worker --secret-file | item_stories/test_clusters.py
jobs-undo --processes | backfill/test_workers.py
lambda-policy --account | cli/test_lambda.py
permissions --account | cli/test_permissions.py
permissions --role | cli/test_permissions.py
permissions --table | cli/test_permissions.py
lambda-grant --allow | access/test_verbs.py
lambda-grant --indexes | access/test_verbs.py
lambda-grant --role | access/test_verbs.py
lambda-revoke --allow | access/test_verbs.py
lambda-revoke --indexes | access/test_verbs.py
lambda-revoke --role | access/test_verbs.py
lambda-bundle --platform | cli/test_lambda.py
lambda-bundle --python | cli/test_lambda.py
lambda-bundle --service | cli/test_lambda.py
lambda-bundle --wheels | cli/test_lambda.py
render-cloudformation --complete | cli/test_render_iac.py
render-cloudformation --no-import | cli/test_render_iac.py
render-cloudformation --out | cli/test_render_iac.py
render-create-table --complete | cli/test_render_requests.py
render-create-table --out | cli/test_render_requests.py
render-terraform --complete | cli/test_render_iac.py
render-terraform --no-import | cli/test_render_iac.py
render-terraform --out | cli/test_render_iac.py
render-terraform --provider | cli/test_render_iac.py
render-models --minimal | cli/test_import_models.py
render-models --out | cli/test_import_models.py
render-models --sample | cli/test_import_models.py
validate --checklist | validate/test_live_points.py
validate --format | validate/test_reports.py
validate --out | validate/test_reports.py
validate --items | validate/test_items.py
validate --limit | cli/test_models.py
validate --max-read-units | cli/test_models.py
fmt --check | cli/test_fmt.py
jobs-show --full | cli/test_details.py
jobs-show --dead | console/test_dead_letters.py
init --from | cli/test_init_from.py
retire --backup | item_stories/test_retire_stories.py
backup-create --allow-personal | item_stories/test_personal_data.py
backup-create --name | backups/test_backup_verbs.py
backup-create --no-wait | backups/test_backup_verbs.py
backup-create --to | backups/test_backup_verbs.py
backup-create --wait-timeout | backups/test_backup_verbs.py
backup-jobs --check | backups/test_schedules.py
backup-jobs --limit | backups/test_schedules.py
backup-jobs --state | backups/test_schedules.py
backup-jobs --table | backups/test_schedules.py
backup-schedule --daily | backups/test_schedules.py
backup-schedule --rule | backups/test_schedules.py
backup-schedule --weekly | backups/test_schedules.py
replicas --probe | replicas/test_replicas.py
metrics --since | metrics/test_metrics.py
metrics --from | metrics/test_metrics.py
metrics --to | metrics/test_metrics.py
metrics --period | metrics/test_metrics.py
metrics --index | metrics/test_metrics.py
metrics --watch | metrics/test_metrics.py
diagnose --since | metrics/test_diagnosis.py
diagnose --fix | backups/test_diagnosis.py
lambda-attach --starting-position | triggers/test_verbs.py
lambda-attach --batch-size | triggers/test_verbs.py
lambda-attach --maximum-batching-window-seconds | triggers/test_verbs.py
lambda-attach --parallelization-factor | triggers/test_verbs.py
lambda-attach --maximum-retry-attempts | triggers/test_verbs.py
lambda-attach --maximum-record-age-seconds | triggers/test_verbs.py
lambda-attach --tumbling-window-seconds | triggers/test_verbs.py
lambda-attach --no-bisect-batch-on-function-error | triggers/test_verbs.py
lambda-attach --no-report-batch-item-failures | triggers/test_verbs.py
lambda-attach --on-failure-destination | triggers/test_verbs.py
lambda-attach --filter | triggers/test_verbs.py
lambda-attach --no-filter | triggers/test_verbs.py
lambda-attach --disabled | triggers/test_verbs.py
lambda-logs --since | triggers/test_verbs.py
lambda-logs --errors | triggers/test_verbs.py
lambda-logs --follow | triggers/test_verbs.py
backup-list --scheduled | backups/test_schedules.py
backup-list --since | backups/test_backup_verbs.py
backup-list --type | backups/test_backup_verbs.py
backup-prune --keep | backups/test_backup_verbs.py
backup-prune --older-than | backups/test_backup_verbs.py
backup-restore --at | backups/test_restore_stories.py
backup-restore --billing | backups/test_restore_stories.py
backup-restore --encryption | backups/test_restore_stories.py
backup-restore --into | backups/test_rollback.py
backup-restore --no-settings | backups/test_restore_stories.py
backup-restore --prove | backups/test_restore_stories.py
backup-restore --resume | backups/test_restore_killed.py
backup-restore --table | backups/test_restore_stories.py
backup-restore --target | backups/test_restore_stories.py
backup-restore --without-indexes | backups/test_restore_stories.py
ensure --remote | lambdas/test_jobs.py
ensure --no-remote | lambdas/test_jobs.py
backfill --remote | lambdas/test_jobs.py
backfill --no-remote | lambdas/test_jobs.py
copy --remote | lambdas/test_jobs.py
copy --no-remote | lambdas/test_jobs.py
populate --remote | lambdas/test_jobs.py
populate --no-remote | lambdas/test_jobs.py
migrate-status --remote | lambdas/test_remote_options.py
migrate-status --no-remote | lambdas/test_remote_options.py
migrate-list --remote | lambdas/test_remote_options.py
migrate-list --no-remote | lambdas/test_remote_options.py
migrate-outstanding --remote | lambdas/test_remote_options.py
migrate-outstanding --no-remote | lambdas/test_remote_options.py
migrate-show --remote | lambdas/test_remote_options.py
migrate-show --no-remote | lambdas/test_remote_options.py
migrate-verify --remote | lambdas/test_remote_options.py
migrate-verify --no-remote | lambdas/test_remote_options.py
migrate-preflight --accept | migrations/test_preflight.py
migrate-preflight --remote | lambdas/test_remote_options.py
migrate-preflight --no-remote | lambdas/test_remote_options.py
migrate-up --remote | lambdas/test_remote_options.py
migrate-up --no-remote | lambdas/test_remote_options.py
migrate-up --continue | lambdas/test_remote_options.py
migrate-down --remote | lambdas/test_remote_options.py
migrate-down --no-remote | lambdas/test_remote_options.py
migrate-down --continue | lambdas/test_remote_options.py
migrate-to --remote | lambdas/test_remote_options.py
migrate-to --no-remote | lambdas/test_remote_options.py
migrate-to --continue | lambdas/test_remote_options.py
migrate-all --remote | lambdas/test_remote_options.py
migrate-all --no-remote | lambdas/test_remote_options.py
migrate-all --continue | lambdas/test_remote_options.py
migrate-repeat --remote | lambdas/test_remote_options.py
migrate-repeat --no-remote | lambdas/test_remote_options.py
migrate-repeat --continue | lambdas/test_remote_options.py
migrate-rollback --remote | lambdas/test_remote_options.py
migrate-rollback --no-remote | lambdas/test_remote_options.py
migrate-rollback --continue | lambdas/test_remote_options.py
migrate-run --remote | lambdas/test_remote_options.py
migrate-run --no-remote | lambdas/test_remote_options.py
migrate-run --continue | lambdas/test_remote_options.py
migrate-reset --remote | lambdas/test_remote_options.py
migrate-reset --no-remote | lambdas/test_remote_options.py
migrate-reset --continue | lambdas/test_remote_options.py
migrate-up --out-of-order | migrations/test_stories.py
migrate-up --restart-step | migrations/test_stories.py
migrate-up --lock-wait | migrations/test_stories.py
migrate-up --rollback-on-failure | migrations/test_stories.py
migrate-to --rollback-on-failure | migrations/test_stories.py
migrate-all --rollback-on-failure | migrations/test_stories.py
migrate-reset --lock-wait | migrations/test_stories.py
migrate-down --accept-changed | migrations/test_stories.py
migrate-down --restart-step | migrations/test_stories.py
migrate-down --lock-wait | migrations/test_stories.py
migrate-to --out-of-order | migrations/test_stories.py
migrate-to --accept-changed | migrations/test_stories.py
migrate-to --restart-step | migrations/test_stories.py
migrate-to --lock-wait | migrations/test_stories.py
migrate-all --out-of-order | migrations/test_stories.py
migrate-all --restart-step | migrations/test_stories.py
migrate-all --lock-wait | migrations/test_stories.py
migrate-repeat --accept-changed | migrations/test_stories.py
migrate-repeat --lock-wait | migrations/test_stories.py
migrate-rollback --run | migrations/test_stories.py
migrate-rollback --accept-changed | migrations/test_stories.py
migrate-rollback --lock-wait | migrations/test_stories.py
migrate-run --restart-step | migrations/test_stories.py
migrate-run --lock-wait | migrations/test_stories.py
migrate-list --named | migrations/test_stories.py
migrate-outstanding --named | migrations/test_stories.py
migrate-generate --bump | migrations/test_stories.py
migrate-generate --from-plan | migrations/test_stories.py
migrate-mark --through | migrations/test_stories.py
migrate-mark --undo | migrations/test_stories.py
migrate-mark --from-onetable | migrations/test_onetable_marks.py
"""

SHARED = """
list --config              | says  | listed | {--config other.json}
get --debug                | says  | two    | users pk=absent {--debug}
list --directory           | says  | listed | {--directory away}
list --endpoint            | code  | two    | {--endpoint http://127.0.0.1:1}
list --env                 | code  | two    | {--env nowhere}
list --json                | says  | two    | {--json}
list --log-file            | files | two    | {--log-file log.txt}
list --role-arn            | code  | two    | {--role-arn arn:aws:iam::123456789012:role/x}
list --external-id         | code  | two    | {--external-id x}
list --region              | says  | two    | {--region eu-west-1}
list --aws-access-key      | says  | two    | --aws-secret-key s {--aws-access-key 333333333333}
list --aws-secret-key      | code  | two    | --aws-access-key 333333333333 {--aws-secret-key s}
list --aws-session-token   | code  | two    | {--aws-session-token t}
copy --yes                 | code  | two    | users users_v2 {--yes}
copy --dry-run             | items | two    | users users_v2 --yes {--dry-run}
copy --quiet               | says  | two    | users users_v2 --yes {--quiet}
delete --confirm           | code  | two    | users {--confirm users}
list --crypto              | code  | two    | {--crypto pii}
get --redact               | says  | two    | users pk=user-00001 {--redact}
scan --physical            | code  | prefixed | users --env dev {--physical}
scan --profile             | code  | two    | users --env away {--profile absent}
"""

SHAPE = "version: 1\noperations:\n  - {add: country, value: CH}\n"
CASTS = "version: 1\noperations:\n  - {cast: n, to: N}\n"
MOVES = """
import os

def transform(item):
    if os.getpid() == int(os.environ["TEST_PID"]):
        item["here"] = True
    return item
"""


LATE = int(time.time()) - 1000


def two(story: ItemStory) -> str:
    """Twenty users, an empty table, files of users, transforms, other environments."""
    story.people("users", 20)
    story.make("users_v2")
    files(story)
    return ""


def files(story: ItemStory) -> None:
    people = [{"pk": f"user-{number:05d}", "n": number} for number in range(12)]
    story.write("people.jsonl", "".join(json.dumps(each) + "\n" for each in people))
    story.write("people.csv", "pk,n\n" + "".join(f"{each['pk']},{each['n']}\n" for each in people))
    story.write("odd.jsonl", '{"pk": "a", "n": "1"}\n{"pk": "b", "n": "many"}\n')
    story.write("keys.jsonl", '{"pk": "user-00001"}\n{"pk": "user-00004"}\n')
    story.write("shape.yaml", SHAPE)
    story.write("casts.yaml", CASTS)
    story.write("moves.py", MOVES)
    story.write("dynasmith.toml", '[environments.other]\nendpoint = "http://127.0.0.1:1"\n[environments.away]\n')


def full(story: ItemStory) -> str:
    """The same people in both tables, one of which has changed in the second."""
    two(story)
    story.put("users_v2", *({**person(number), "n": {"N": "77"}} for number in range(12)))
    return ""


def odd(story: ItemStory) -> str:
    """One user whose number is none."""
    two(story)
    story.put("users", {"pk": {"S": "odd"}, "n": {"S": "many"}})
    return ""


def expired(story: ItemStory) -> str:
    """One user whose time is over."""
    two(story)
    story.put("users", {"pk": {"S": "late"}, "ends": {"N": str(LATE)}})
    specification = {"Enabled": True, "AttributeName": "ends"}
    story.direct.update_time_to_live(TableName="users", TimeToLiveSpecification=specification)
    return ""


def provisioned(story: ItemStory) -> str:
    """Tables with 100 units a second."""
    two(story)
    for name in ("users", "users_v2"):
        capacity = {"ReadCapacityUnits": 100, "WriteCapacityUnits": 100}
        story.direct.update_table(TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=capacity)
    return ""


def listed(story: ItemStory) -> str:
    """A table that lacks a tag and one item of its definition, and has an item too many."""
    two(story)
    items = [{"pk": "user-00001", "name": "Ann1 Lee", "n": 1}, {"pk": "new"}]
    story.write("other.json", json.dumps({"tables": [table("elsewhere")]}))
    story.write("away/tables_config.json", json.dumps({"tables": [table("elsewhere")]}))
    story.write("away/dynasmith.toml", "")
    story.write("tables_config.json", json.dumps({"tables": [table("users", items=items, tags={"team": "a"})]}))
    (story.folder / "dynasmith.toml").unlink()
    return ""


def planned(story: ItemStory) -> str:
    """A plan of a tag alone."""
    listed(story)
    assert story("plan", "--only", "tags", "--out", "users.plan").code == 0
    return ""


def drifted(story: ItemStory) -> str:
    """A table with a tag and an index that its definition does not list."""
    two(story)
    story.write("tables_config.json", json.dumps({"tables": [table("users", tags={"team": "a"})]}))
    (story.folder / "dynasmith.toml").unlink()
    arn = story.direct.describe_table(TableName="users")["Table"]["TableArn"]
    tags = [{"Key": "team", "Value": "a"}, {"Key": "stray", "Value": "x"}]
    story.direct.tag_resource(ResourceArn=arn, Tags=tags)
    return ""


def exported(story: ItemStory) -> str:
    """An export of the users."""
    two(story)
    assert story("export", "users", "out").code == 0
    return ""


def stopped(story: ItemStory) -> str:
    """A copy that a refusal ended."""
    two(story)
    story.served.fault("BatchWriteItem", times=None, kind="access-denied")
    assert story("copy", "users", "users_v2", "--transform", "shape.yaml", "--yes").code == 1
    story.served.calm()
    return last(story)


def changed(story: ItemStory) -> str:
    """One whose operations file was changed since."""
    job = stopped(story)
    story.write("shape.yaml", SHAPE.replace("CH", "DE"))
    return job


def undoable(story: ItemStory) -> str:
    """A backfill that is done."""
    two(story)
    assert story("backfill", "users", "--transform", "shape.yaml", "--yes").code == 0
    return last(story)


def copied(story: ItemStory) -> str:
    """A copy with a transform."""
    two(story)
    assert story("copy", "users", "users_v2", "--transform", "shape.yaml", "--yes").code == 0
    return last(story)


def database(story: ItemStory) -> str:
    """Two people in SQLite."""
    import sqlite3

    two(story)
    with sqlite3.connect(story.folder / "shop.db") as connection:
        connection.execute("create table people (pk text primary key, n integer)")
        connection.executemany("insert into people values (?, ?)", [("a", 1), ("b", 2)])
    connection.close()
    return ""


def sorted_(story: ItemStory) -> str:
    """Three events of one partition."""
    story.make("events", sort="sk")
    story.put("events", *({"pk": {"S": "a"}, "sk": {"S": each}} for each in "123"))
    return ""


def masked(story: ItemStory) -> str:
    """Two tables, and a key in a file."""
    two(story)
    story.write("masking.key", "11" * 32)
    return ""


def prefixed(story: ItemStory) -> str:
    """An environment with a prefix."""
    two(story)
    story.write("dynasmith.toml", 'definitions = ["tables_config.json"]\n[environments.dev]\ntable_prefix = "dev-"\n')
    story.write("tables_config.json", json.dumps({"tables": [table("users")]}))
    return ""


GIVEN: dict[str, Callable[[ItemStory], str]] = {
    each.__name__.rstrip("_"): each
    for each in (two, full, odd, expired, provisioned, listed, planned, drifted, exported, stopped, changed, undoable, copied,
                 database, sorted_, masked, prefixed)
}  # fmt: skip

# Of what a run says and asks, what differs from run to run by itself.
NOISE = re.compile(
    r"[a-z]+-\d{8}T\d{6}-[0-9a-f]{6}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)?|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+"
    r"|\d[\d,]*(\.\d+)? (ms|s|min|items/s)\b|[\w-]{8}-[\w-]{4}-[\w-]{4}-[\w-]{4}-[\w-]{12}|\"[0-9a-f]{8}\"|\"\d{10}\"|\b\d{19}\b|/tmp/\S+"
)
SECONDS = re.compile(r'"\w*seconds": [\d.]+')


@pytest.fixture(scope="module")
def served(ministack_endpoint: str) -> Iterator[StrictServer]:
    """One endpoint for all tests here: entries with the same run without their option share what was observed."""
    with StrictServer(ministack_endpoint, clock="real", capacity=False) as server:
        yield server


@pytest.fixture(scope="module")
def accounts() -> dict[str, str]:
    """The account of each beginning: the endpoint knows a table's settings, which another beginning made otherwise."""
    return {}


@pytest.fixture
def account(request: pytest.FixtureRequest, accounts: dict[str, str]) -> str:
    """That of the test's beginning; each run begins without tables."""
    callspec = getattr(request.node, "callspec", None)
    return accounts.setdefault(callspec.params.get("given", "") if callspec else "", new_account())


@pytest.fixture(scope="module")
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Likewise; each run begins without files."""
    return tmp_path_factory.mktemp("options")


@pytest.fixture(scope="module")
def twice() -> dict[tuple[str, str, str], tuple[dict[str, Any], dict[str, Any]]]:
    """What two runs of the same words showed: by what is given, words, verb. `make test` does one in three a second
    time, others in each run; `make properties` all."""
    return {}


def last(story: ItemStory) -> str:
    return str(story("jobs", "list", "--json").json[-1]["id"])


def plain(text: str) -> str:
    return NOISE.sub("~", text)


def wiped(story: ItemStory) -> None:
    """Neither tables nor files."""
    import shutil

    for name in story.direct.list_tables()["TableNames"]:
        story.direct.delete_table(TableName=name)
    for path in story.folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def observed(story: ItemStory, given: str, words: str, verb: str) -> dict[str, Any]:
    """One run in a folder and with tables of its own: all that it can be told by. Once a minute the engine deletes items
    whose time is over; a run that saw that is done again."""
    for _ in range(10):
        seen = observed_once(story, given, words, verb)
        if given != "expired" or any(item["pk"] == {"S": "late"} for item in seen[ITEMS]["users"]):
            return seen
    raise AssertionError("the engine deletes what this test needs more often than once a minute")


def observed_once(story: ItemStory, given: str, words: str, verb: str) -> dict[str, Any]:
    """One run."""
    wiped(story)
    job = GIVEN[given](story)
    before = {path for path in story.folder.rglob("*") if path.is_file()}
    start = len(story.served.journal)
    answer = story(*([verb] if verb in VERBS else verb.split("-")), *shlex.split(words.replace("JOB", job)))
    said = answer.out + answer.err
    calls = list(story.served.journal)[start:]
    files = {
        str(path.relative_to(story.folder)): plain(path.read_bytes().decode("utf-8", "replace"))
        for path in story.folder.rglob("*")
        if path.is_file() and path not in before and (path.name == "control.json" or ".dynasmith/jobs" not in str(path))
    }
    return {
        CODE: answer.code,
        SAYS: plain(said if "--dry-run" in words else SECONDS.sub("~", said)),
        ASKS: sorted((call.operation, plain((call.body or b"").decode())) for call in calls),
        ITEMS: {name: sorted(story.items(name), key=str) for name in story.direct.list_tables()["TableNames"]},
        FILES: {NOISE.sub("~", name): text for name, text in files.items() if not name.endswith(".gz")},
    }


def entries(text: str) -> Iterator[tuple[str, str, str, str, str]]:
    for line in text.strip().splitlines():
        head, what, given, words = (part.strip() for part in line.split("|", 3))
        verb, option = head.split()
        yield verb, option, what, given, words


ALL = [*entries(ENTRIES), *entries(SHARED)]


@pytest.mark.properties
@pytest.mark.parametrize(("verb", "option", "what", "given", "words"), ALL, ids=[f"{e[0]} {e[1]}" for e in ALL])
def test_an_option_makes_a_difference(
    story: ItemStory,
    monkeypatch: pytest.MonkeyPatch,
    twice: dict[tuple[str, str, str], tuple[dict[str, Any], dict[str, Any]]],
    verb: str,
    option: str,
    what: str,
    given: str,
    words: str,
) -> None:
    import os

    monkeypatch.setenv("TEST_PID", str(os.getpid()))
    assert option in words
    without, with_it = re.sub(r"\{-.*\}$", "", words), re.sub(r"\{(-.*)\}$", r"\1", words)
    assert without != with_it
    base = (given, without, verb)
    if base not in twice:
        first = observed(story, *base)
        again = observed(story, *base) if TIMES > 1 or random.random() < 1 / 3 else first  # which ones is no secret
        twice[base] = first, again
    first, again = twice[base]
    assert first[what] == again[what], "it differs by itself"
    second = observed(story, given, with_it, verb)
    assert first[what] != second[what], (first, second)
    assert what == CODE or second[CODE] in (0, 3, first[CODE]), second[SAYS]


def options() -> Iterator[tuple[str, str]]:
    """Every option of every verb but those that all verbs share, as it is first spelt."""
    from dynasmith.cli.shared_options import OPTIONS

    shared = {option for _, option, *_ in entries(SHARED)}
    assert len(shared) == len(OPTIONS)
    for name in VERBS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        parts = command.commands if isinstance(command, click.Group) else {}
        for verb, part in ({f"{name}-{each}": one for each, one in parts.items()} or {name: command}).items():
            for option in part.params:
                if isinstance(option, click.Option):
                    spelt = {*option.opts, *option.secondary_opts}
                    if not spelt & shared:
                        yield verb, (option.secondary_opts or option.opts)[0]


def elsewhere() -> Iterator[tuple[str, str, str]]:
    for line in ELSEWHERE.strip().splitlines():
        head, path = (part.strip() for part in line.split("|"))
        verb, option = head.split()
        yield verb, option, path


def test_every_option_has_an_entry() -> None:
    named = {(verb, option) for verb, option, *_ in entries(ENTRIES)} | {(v, o) for v, o, _ in elsewhere()}
    assert named == set(options())


def test_what_is_shown_elsewhere_is_there() -> None:
    for verb, option, path in elsewhere():
        text = (Path(__file__).parents[1] / path).read_text("utf-8")
        assert option.removeprefix("--") in text, (verb, option, path)


@pytest.mark.parametrize("transport", ["direct", "aiohttp", "botocore"])
@pytest.mark.parametrize(
    "words",
    [
        "copy users users_v2 --yes",
        "export users out.jsonl",
        "populate users_v2 people.jsonl --yes",
        "verify users users",
    ],
)
def test_a_transport_sends(story: ItemStory, monkeypatch: pytest.MonkeyPatch, words: str, transport: str) -> None:
    from dynasmith.aws.data.aiohttp_exchange import AiohttpExchange
    from dynasmith.aws.data.botocore_exchange import BotocoreExchange
    from dynasmith.aws.data.direct_exchange import DirectExchange

    sent: set[str] = set()

    def counted(name: str, call: Any) -> Any:
        def told(*given: Any) -> Any:
            sent.add(name)
            return call(*given)

        return told

    for name, kind in (("direct", DirectExchange), ("aiohttp", AiohttpExchange), ("botocore", BotocoreExchange)):
        monkeypatch.setattr(kind, "__call__", counted(name, kind.__call__))
    wiped(story)
    two(story)
    assert story(*words.split(), "--transport", transport).code == 0
    assert sent == {transport}
