#!/bin/sh
# A copy of the primary that follows it; the copy is made once, and again where it broke off.
set -eu
data=/var/lib/postgresql/data
if [ ! -f "$data/copied" ]; then
    until pg_isready --quiet --host=postgres-1 --username=ranvier; do sleep 1; done
    rm -rf "${data:?}"/* "${data:?}"/.[!.]* 2>/dev/null || true
    pg_basebackup --pgdata="$data" --host=postgres-1 --username=ranvier \
        --wal-method=stream --checkpoint=fast --write-recovery-conf
    touch "$data/copied"
    chown -R postgres:postgres "$data"
    chmod 700 "$data"
fi
exec gosu postgres postgres -D "$data"
