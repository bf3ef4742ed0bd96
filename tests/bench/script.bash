#!/bin/bash
# What bench measures against: a shell script of the kind that this program
# replaces, DIR ROOM SESSION.  SAME_WORK=1 makes it do the same work: the
# SHA-256 and the type of each file as well.
set -u
dir=$1 room=$2 session=$3

meeting=$(curl -s "$MEETING_SERVICE_URL/api/meetings/room/$room" | jq -r .id)
target="$FILE_SERVICE_URL/files/structured/$meeting?path=/$room/$session/"

cd "$dir" || exit
for name in *; do
	[ -f "$name" ] || continue
	type=
	if [ "${SAME_WORK:-}" = 1 ]; then
		openssl dgst -sha256 "$name"
		type=";type=$(file --brief --mime-type "$name")"
	fi
	curl -X POST -H 'Content-Type: multipart/form-data' \
		-F "file=@$name$type" "$target" || echo "failed: $name"
done

curl -X POST -H 'Content-Type: application/json' \
	-H "X-Webhook-Secret: $WEBHOOK_SECRET" \
	-d "{\"eventType\":\"STOPPED\",\"roomName\":\"$room\",\"sessionId\":\"$session\",\"timestamp\":$(date +%s)}" \
	"$MEETING_SERVICE_URL/webhooks/jitsi/recording"
