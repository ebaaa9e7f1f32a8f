"""AWS Backup over the endpoint's own CreateBackup and RestoreTableFromBackup: engines make no backups."""
