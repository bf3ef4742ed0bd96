# The examples of the manuals, run as printed.
#
# A literal block behind `.\" run: WORLD` is a session: lines with "$ " or "# "
# are commands, "    " after a "\" continues the one above, and the others are
# what is printed, where "..." matches anything.  WORLD is a function at_WORLD
# below, which makes what the symptom needs.
#
# shellcheck shell=bash

# world WORLD: a machine below $W: a configuration, a recording, both services
# (two names of the sandbox).
world() {
	stop_sandbox
	W=$DIR/world
	SB=$W/server
	rm -rf "$W"
	mkdir -p "$SB" "$W/etc/jitsi/jibri" "$W/srv/recordings" "$W/media/usb"
	echo '{"standup": 123, "retro": 124}' >"$SB/rooms.json"
	start_sandbox
	unset FILE_SERVICE_URL MEETING_SERVICE_URL WEBHOOK_SECRET
	export JIBRI_FINALIZE_CONFIG=$W/etc/jitsi/jibri/finalize.conf
	echo "$CANARY" >"$W/etc/jitsi/jibri/secret"
	chmod 600 "$W/etc/jitsi/jibri/secret"
	cat >"$JIBRI_FINALIZE_CONFIG" <<-END
		file-service-url = $URL
		meeting-service-url = ${URL/127.0.0.1/localhost}
		webhook-secret-file = $W/etc/jitsi/jibri/secret
		recordings-dir = $W/srv/recordings
		jibri-config = $W/etc/jitsi/jibri/jibri.conf
		tries = 1
		parallel = 1
	END
	ROOM=standup
	MEDIA=${ROOM}_2026-11-22-19-04-05.mp4
	SESSION=rec-abc123
	REC=$W/srv/recordings/$SESSION
	mkdir "$REC"
	recording
	cd "$W/media" || return
	"at_$1"
}

# set_to NAME VALUE: change the line of the configuration.
set_to() { sed -i "s|^$1 .*|$1 = $2|" "$JIBRI_FINALIZE_CONFIG"; }

# ran [CODE]: a run that the session does not show.
ran() { run_command "${1-0}" "$REC"; }

at_fresh() { :; }
at_done() { ran; }
at_recovered-later() { at_recovered; age_journal; }
at_delivered-long-ago() { ran; age_journal; }
at_half() {
	echo hello >"$REC/notes.txt"
	faults 'upload *.mp4 * status 503'
	ran 75
}
at_waiting() {
	faults 'upload *.mp4 * status 503'
	ran 75
}
at_recovered() { at_waiting; faults; }
at_waiting-log() { faults 'upload *.mp4 * status 503'; }
at_retried() {
	set_to tries 3
	faults 'upload *.mp4 1 status 503'
}
at_held() {
	faults 'upload *.mp4 * status 413'
	ran 65
}
at_late() { touch -d '3 hours ago' "$REC"/* "$REC"; }
at_held-fixed() { at_held; faults; }
at_busy() {
	faults 'upload *.mp4 * slow-store 9'
	"$BIN" --quiet "$REC" >/dev/null 2>&1 3>&- &
	BUSY=$!
	wait_for grep -s '"sending"' "$REC/.jibri-finalize"
}
not_busy() {
	[ -z "${BUSY-}" ] || { kill "$BUSY"; wait "$BUSY" || true; }
	BUSY=
}
at_down() {
	set_to file-service-url http://127.0.0.1:1
	set_to meeting-service-url http://127.0.0.1:1
}
at_refused() {
	ran
	faults 'list * * status 401'
}
at_packed() { run_command 0 pack "$REC"; }
at_recorded() {
	(while sleep 0.2; do printf x; done) >>"$REC/$MEDIA" 3>&- &
	BUSY=$!
	wait_for test "$REC/$MEDIA" -nt "$REC/metadata.json"
}
# one_of SESSION ROOM: one more recording.
one_of() {
	SESSION=$1
	ROOM=$2
	MEDIA=${ROOM}_2026-11-22-19-04-05.mp4
	REC=$W/srv/recordings/$SESSION
	mkdir "$REC"
	recording
}
at_many() {
	ran
	one_of rec-abc456 retro
	at_held
	one_of rec-abc789 standup
	at_waiting
	one_of rec-abcdef retro
	faults
}
# at_tls: both services have a certificate of our own authority, which is in
# /etc/ssl.
at_tls() {
	local d=$W/etc/ssl
	mkdir "$d"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj "/CN=An authority" -keyout "$d/ca.key" \
		-out "$d/ca.pem"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=services -keyout "$d/key.pem" -out "$d/request.pem"
	openssl x509 -req -in "$d/request.pem" -CA "$d/ca.pem" \
		-CAkey "$d/ca.key" -CAcreateserial -days 2 -out "$d/cert.pem" \
		-extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost)
	stop_sandbox
	start_sandbox --tls "$d/cert.pem" "$d/key.pem"
	unset FILE_SERVICE_URL MEETING_SERVICE_URL WEBHOOK_SECRET
	set_to file-service-url "$URL"
	set_to meeting-service-url "${URL/127.0.0.1/localhost}"
} 2>/dev/null
at_no-host() {
	set_to file-service-url http://file-srvice.invalid:2027
}
at_redirect() {
	faults 'upload *.mp4 * redirect 301 https://files.example.org/'
}
at_wrong-secret() { echo other >"$W/etc/jitsi/jibri/secret"; }
at_right-secret() {
	at_wrong-secret
	ran 77
	echo "$CANARY" >"$W/etc/jitsi/jibri/secret"
}
at_other-room() {
	rm "$REC"/*
	ROOM=daily
	MEDIA=${ROOM}_2026-11-22-19-04-05.mp4
	recording
}
at_unknown-room() { at_other-room; ran 65; }
at_two-rooms() {
	cp "$REC/$MEDIA" "$REC/retro_2026-11-22-20-00-00.mp4"
}
at_two-rooms-apart() {
	at_two-rooms
	ran 65
	mkdir "$W/srv/recordings/rec-abc456"
	mv "$REC"/retro* "$W/srv/recordings/rec-abc456"
	touch -d '1 hour ago' "$W/srv/recordings/rec-abc456"{,/*}
}
at_lost-there() {
	ran
	rm "$SB/store/$ROOM/$SESSION/$MEDIA"
	sed -i '/\.mp4/d' "$SB/records.jsonl"
	age_journal
}
at_damaged-there() {
	ran
	printf x | dd of="$SB/store/$ROOM/$SESSION/$MEDIA" conv=notrunc \
		bs=1 seek=1000 status=none
}
at_damaged-here() { truncate -s 3000 "$REC/$MEDIA"; }
at_damaged-here-held() { at_damaged-here; ran 65; }
at_pack() { :; }
at_journal() {
	ran
	head -c 2000000 /dev/zero | tr '\0' x >"$REC/.jibri-finalize"
}

# The command runs here, as whoever runs the tests.
sudo() { shift 2; "$@"; }

# here, there: a text of the manual with the paths of this machine, and back.
here() {
	sed -E "s,(^|[ '=\"])/(srv|media|etc/jitsi|etc/ssl)/,\1$W/\2/,g
		s,files.example.org:443,${URL#*://},g"
}
there() {
	local scheme=${URL%%:*}
	sed "s,$W/,/,g; s,$BIN,/usr/bin/jibri-finalize,g
		s,${URL/127.0.0.1/localhost},$scheme://meeting-service:2031,g
		s,$URL,$scheme://file-service:2027,g; s/on $HOSTNAME/on jibri-1/g
		s/paused by [^ ]*/paused by jibri@jibri-1/"
}

# alike: replace what differs from run to run.
alike() {
	sed -E 's/sudo (-u jibri )?//g; s/\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g
		s/(^|[ ,(])[0-9.]+ (ms|s|m|min|h|d)\b/\1SPAN/g
		s/SPAN SPAN/SPAN/g
		s/^[A-Za-z0-9+/]{43}=$/DIGEST/; s/msg_[0-9a-f]+/MSG/g; s/\b[0-9a-f]{32}\b/ID/g; s/process [0-9]+/process PID/g
		s/(zst|zip|gz|tar) \([0-9]+ bytes\)/\1 (N bytes)/g' | tr -s ' \n' ' '
}

# blocks PAGE: "LINE WORLD" of each session.
blocks() {
	sed -n '/^\.\\" run: /{s/.*run: //; =; p}' "$1" | paste -d ' ' - -
}

# block PAGE LINE: the text of the one whose mark is there.
block() {
	sed -n "$(($2 + 2)),\$p" "$1" | sed '/^\.Ed/,$d; s/\\e/\\/g; s/^\\&//'
}

# commands_of: one a line, those that go on joined, from a block.
commands_of() {
	sed -n -e ':a' -e '/^[$#] .*\\$/{N; s/\\\n */\\ /; ba' -e '}' \
		-e 's/^[$#] //p' | sed 's/\\ //g'
}

# session PAGE LINE WORLD: the block with what is printed now.
session() {
	local line code=0 out
	world "$3" || return
	block "$1" "$2" | commands_of >"$DIR/commands"
	while IFS= read -r line <&4; do
		printf '$ %s\n' "$line"
		out=$(eval "(exit $code); $(here <<<"$line")" 2>&1) && code=0 ||
			code=$?
		[ -z "$out" ] || there <<<"$out"
	done 4<"$DIR/commands"
	not_busy
}

# as_shown PAGE LINE: the block, each command on one line.
as_shown() {
	block "$1" "$2" | sed -e ':a' -e '/^[$#] .*\\$/{N; s/\\\n */ /; ba' \
		-e '}' -e 's/^# /$ /'
}

# matches SHOWN GOT: where "..." stands for anything.
matches() {
	local shown got
	shown=$(alike <<<"$1")
	got=$(alike <<<"$2")
	shown=$(sed 's/[][*?\\]/\\&/g; s/ \.\.\. / * /g' <<<"$shown")
	# shellcheck disable=SC2053
	[[ $got == $shown ]]
}
