#!/bin/bash
# One curl process on one connection for all of DIR ROOM SESSION.  With "plan"
# as the first argument it writes the requests to the file CURL_PLAN.
set -u

plan() {
	local dir=$1 room=$2 session=$3 name
	echo "url = \"$MEETING_SERVICE_URL/api/meetings/room/$room\""
	for name in "$dir"/*; do
		printf 'next\nform = "file=@%s"\nurl = "%s"\n' "$name" \
			"$FILE_SERVICE_URL/files/structured/123?path=/$room/$session/"
	done
	printf 'next\nheader = "Content-Type: application/json"\ndata = "%s"\nurl = "%s"\n' \
		"{\\\"eventType\\\":\\\"STOPPED\\\",\\\"roomName\\\":\\\"$room\\\"}" \
		"$MEETING_SERVICE_URL/webhooks/jitsi/recording"
}

if [ "$1" = plan ]; then
	shift
	plan "$@" >"$CURL_PLAN"
else
	exec curl -s -K "$CURL_PLAN"
fi
