"""How long things take, in seconds on the endpoint's clock. The service promises none of these; they are of the size
that people see, and long enough to catch code that does not wait.
"""

CREATE_TABLE_SECONDS = 10.0
UPDATE_TABLE_SECONDS = 10.0
DELETE_TABLE_SECONDS = 10.0
# An index is allocated first (Backfilling false, the table UPDATING), then filled (Backfilling true, the table ACTIVE).
INDEX_ALLOCATION_SECONDS = 30.0
INDEX_BACKFILL_SECONDS = 240.0
# After a change of capacity or billing an index stays UPDATING longer than its table (seen on the service:
# https://github.com/go-to-k/cdkd/issues/1521).
UPDATE_INDEX_SECONDS = 25.0
DELETE_INDEX_SECONDS = 60.0
# API reference of UpdateTimeToLive: "can take up to one hour for the change to fully process".
TTL_CHANGE_SECONDS = 1800.0
SSE_CHANGE_SECONDS = 120.0
REPLICA_CREATE_SECONDS = 300.0
REPLICA_DELETE_SECONDS = 120.0
BACKUP_SECONDS = 20.0
INSIGHTS_SECONDS = 30.0
KINESIS_SECONDS = 30.0
# A mapping of Lambda is Creating, Enabling, Disabling, Updating or Deleting for so long; "a minute or so" for streams.
MAPPING_SECONDS = 20.0
RESTORE_SECONDS = 900.0
EXPORT_SECONDS = 300.0
IMPORT_SECONDS = 300.0
# A table created a moment ago has continuous backups "being enabled".
CONTINUOUS_BACKUPS_READY_SECONDS = 10.0
# LatestRestorableDateTime is "typically 5 minutes before the current time" (API reference).
LATEST_RESTORABLE_LAG_SECONDS = 300.0
# DescribeTable: ItemCount and TableSizeBytes are updated "approximately every six hours" (API reference).
COUNT_EVERY_SECONDS = 21_600.0
# What a Describe poll of something in transition moves the clock by, where auto_advance is on: at least this, or
# half of what is left, so that every state is seen and no wait takes many polls.
AUTO_ADVANCE_SECONDS = 5.0
AUTO_ADVANCE_SHARE = 2.0
# AWS Backup starts a job within its start window; how soon it does is not promised.
JOB_STARTS_SECONDS = 60.0
# PITR guide: the backup of a deleted table is kept for 35 days.
DELETED_TABLE_BACKUP_SECONDS = 35 * 86_400.0
# Expired items are deleted "within a few days" (Developer Guide, TTL); how often somebody looks is not known.
EXPIRY_SECONDS = 2 * 86_400.0
EXPIRY_EVERY_SECONDS = 6 * 3_600.0
EXPIRY_OLDEST_SECONDS = 5 * 365 * 86_400.0
# On the real clock, since a look reads the table.
REAL_EXPIRY_SECONDS = 30.0
