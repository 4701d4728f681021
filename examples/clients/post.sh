#!/bin/sh
# Post the events of a file (one JSON object a line) to the gateway, gzipped. Needs curl and gzip.
#
#     sh post.sh http://127.0.0.1:8081 north-office.key events.ndjson
#
# curl comes back by itself when the gateway is busy (429, 503) or away, and heeds Retry-After. The key goes through a file, so that
# it shows in no list of processes.
set -eu
url=$1 key_file=$2 events=$3

header=$(mktemp)
trap 'rm -f "$header"' EXIT
chmod 600 "$header"
printf 'Authorization: Bearer %s\n' "$(cat "$key_file")" >"$header"

gzip -c "$events" | curl --silent --show-error --fail-with-body --retry 10 --retry-connrefused --max-time 60 \
    --header @"$header" --header 'Content-Type: application/x-ndjson' --header 'Content-Encoding: gzip' \
    --data-binary @- "$url/v1/events"
echo
