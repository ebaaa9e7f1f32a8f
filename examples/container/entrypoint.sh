#!/bin/sh
# Brings the tables up to date, then becomes the program: "$@".
# Any number of replicas may start at once: a table is created by one of them, and the lock lets one run the migrations
# while the others wait for it. A failure ends the container with the exit code of dynasmith.
set -eu
environment="${SHOP_ENVIRONMENT:-prod}"
dynasmith ensure --env "$environment"
dynasmith migrate all --env "$environment" --lock-wait 600 --yes
exec "$@"
