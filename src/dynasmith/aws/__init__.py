"""The service: control plane, items, stores of jobs, errors and settings. The only room that imports boto3."""
