#!/bin/sh
# The two differ in their priority only.
set -eu
envsubst </keepalived.conf.template >/tmp/keepalived.conf
exec keepalived --dont-fork --log-console --use-file=/tmp/keepalived.conf
