#!/bin/sh
# Runs once, when the primary is new: the standby may copy it and follow it, and from its next start
# a commit is acknowledged when the standby has it, too. Until there is one, commits wait.
set -eu
echo "host replication ranvier 10.123.0.0/24 scram-sha-256" >>"$PGDATA/pg_hba.conf"
psql --username=ranvier --dbname=ranvier --command="ALTER SYSTEM SET synchronous_standby_names = '*'"
