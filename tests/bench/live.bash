# A recording sent while it is written, compared with the same one sent
# afterwards.  bench sources this; the store is the sandbox's S3 behind a slow
# uplink.
#
# shellcheck shell=bash disable=SC2154

# start_store BYTES_A_SECOND: sets the settings that lead there, by way of an
# uplink of that rate.
start_store() {
	local empty=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
	rm -rf "$work/store"
	mkdir "$work/store"
	echo "{\"$ROOM\": 1}" >"$work/store/rooms.json"
	"$TOOLS/sandbox" --dir "$work/store" --max-time 3600 \
		--webhook-secret "$WEBHOOK_SECRET" --s3 key secret &
	sink=$!
	until [ -s "$work/store/url" ]; do sleep 0.01; done
	MEETING_SERVICE_URL=$(<"$work/store/url")
	export MEETING_SERVICE_URL
	unset FILE_SERVICE_URL
	curl -sf --aws-sigv4 aws:amz:us-east-1:s3 --user key:secret -X PUT \
		-H "x-amz-content-sha256: $empty" "$MEETING_SERVICE_URL/bucket"
	rm -rf "$work/uplink"
	mkdir "$work/uplink"
	echo "$1" >"$work/uplink/rate"
	exec {uplink}> >(exec "$here/../s3/proxy" "${MEETING_SERVICE_URL##*:}" \
		"$work/uplink" >/dev/null)
	until [ -s "$work/uplink/proxy-port" ]; do sleep 0.01; done
	export JIBRI_FINALIZE_STORE=s3 JIBRI_FINALIZE_S3_BUCKET=bucket
	export JIBRI_FINALIZE_S3_ACCESS_KEY=key JIBRI_FINALIZE_S3_SECRET_KEY=secret
	export JIBRI_FINALIZE_S3_PART_SIZE=5M
	JIBRI_FINALIZE_S3_URL=http://127.0.0.1:$(<"$work/uplink/proxy-port")
	export JIBRI_FINALIZE_S3_URL
}

stop_store() {
	exec {uplink}>&-
	kill "$sink"
	wait "$sink" 2>/dev/null || true
	unset "${!JIBRI_FINALIZE_@}"
	export JIBRI_FINALIZE_CONFIG=/dev/null
}

# record FILE SECONDS BYTES_A_SECOND: all but the size in its header, which
# comes last.
record() {
	mp4 "$work/recorded" $(($2 * $3))
	perl -e '
		my ($from, $to, $step) = @ARGV;
		open my $in, "<", $from or die; binmode $in;
		open my $out, ">", $to or die; binmode $out; $out->autoflush;
		my $size = -s $in; my $at = 0;
		while (read $in, my $b, $step) {
			substr($b, 24, 8) = "\0" x 8 if $at == 0;
			print $out $b; $at += length $b;
			select undef, undef, undef, 0.1;
		}
		seek $in, 24, 0; read $in, my $b, 8;
		seek $out, 24, 0; print $out $b;' "$work/recorded" "$1" \
		$(($3 / 10))
}

# watched CASE SECONDS BYTES_A_SECOND: records it below $root, while a watch
# runs.
watched() {
	local watch ended told cpu dir=$root/$SESSION
	mkdir -p "$dir"
	"$BIN" watch "$root" >"$work/output" 2>&1 &
	watch=$!
	record "$dir/${ROOM}_2026-01-02-03-04-05.mp4" "$2" "$3"
	metadata >"$dir/metadata.json"
	ended=$(date +%s%3N)
	until grep -q '"event":"announced"' "$dir/.jibri-finalize" 2>/dev/null; do
		sleep 0.05
		(($(date +%s%3N) - ended < 300000)) || break
	done
	told=$(sed -n 's/{"at":\([0-9]*\),"event":"announced".*/\1/p' \
		"$dir/.jibri-finalize")
	# Its visit ends, else what is done counts as busy.
	sleep 2
	cpu=$(($(ticks "$watch") * 10000))
	kill "$watch"
	wait "$watch" || invalid "the watch ended: $(<"$work/output")"
	[ -n "$told" ] || invalid "what was recorded was not delivered"
	echo "$1 ours 0 $(((${told:-0} - ended) * 1000)) $cpu 0" >>"$work/results"
}

# sent_later CASE DIR
sent_later() {
	rm -f "$2/.jibri-finalize"
	result=$("$TOOLS/bench-measure" "$BIN" "$2" "$ROOM" again)
	[ "${result%% *}" = 0 ] || invalid "sent later, it ended with ${result%% *}"
	echo "$1 later $result" >>"$work/results"
}

is_stored_as() {
	cmp -s "$work/store/store/$ROOM/"*/*.mp4 "$1/"*.mp4 ||
		invalid "what is stored is not what was recorded"
}

live() {
	local seconds=60 root=$work/live uplink
	is_wanted live || return 0
	[ -z "$QUICK" ] || seconds=8
	start_store 5000000
	watched live "$seconds" 2000000
	is_stored_as "$root/$SESSION"
	sent_later live "$root/$SESSION"
	stop_store
}

# --- at several rates and lengths, all at the same time ----------------------

UPLINKS=${UPLINKS:-10 50 100} # Mbit/s
MINUTES=${MINUTES:-1 5 20}
RECORDED=500000 # bytes a second: 4 Mbit/s
SECONDS_A_MINUTE=$([ -n "$QUICK" ] && echo 8 || echo 60)

# available_cell KIND MBITS SECONDS: in a subshell, with a store of its own.
available_cell() {
	local name=available-$2-$3 work=$work/available-$1-$2-$3 uplink
	local root=$work/live
	mkdir -p "$root"
	start_store $(($2 * 125000))
	if [ "$1" = live ]; then
		watched "$name" "$3" "$RECORDED"
		is_stored_as "$root/$SESSION"
	else
		mp4 "$root/${ROOM}_2026-01-02-03-04-05.mp4" $(($3 * RECORDED))
		metadata >"$root/metadata.json"
		sent_later "$name" "$root"
	fi
	stop_store
	[ "$is_valid" = yes ]
}

# each_available COMMAND...: of all rates and lengths.
each_available() {
	local mbits minutes
	for mbits in $UPLINKS; do
		for minutes in $MINUTES; do
			"$@" "$mbits" $((minutes * SECONDS_A_MINUTE))
		done
	done
}

start_cells() {
	available_cell live "$@" &
	cells+=("$!")
	available_cell later "$@" &
	cells+=("$!")
}

available() {
	local cells=() cell
	is_wanted available || return 0
	each_available start_cells
	for cell in "${cells[@]}"; do
		wait "$cell" || is_valid=no
	done
	cat "$work"/available-*/results >>"$work/results"
	rm -r "$work"/available-*
}

# available_row MBITS SECONDS: the goal is that of an uplink of two and a half
# times what is recorded.
available_row() {
	local ours later
	ours=$(column "available-$1-$2" ours 2)
	later=$(column "available-$1-$2" later 2)
	row "available after $2 s of 4 Mbit/s, $1 up" "$(seconds "$ours")" \
		"later $(seconds "$later")" "$(quotient "$ours" "$later")" \
		"$([ "$1" != 10 ] || echo 0.15)"
}

# --- a cut --------------------------------------------------------------------

# resumed NAME COMMAND: the bytes that it took in all, in relation to the file.
resumed() {
	local uplink root=$work/resumed bytes=$((512 * MIB)) sent
	[ -z "$QUICK" ] || bytes=$((64 * MIB))
	mkdir -p "$root"
	mp4 "$root/${ROOM}_2026-01-02-03-04-05.mp4" "$bytes"
	start_store 50000000
	"$2" "$root" $((bytes * 95 / 100))
	"$BIN" "$root" "$ROOM" "$SESSION" >"$work/output" 2>&1 ||
		invalid "after a cut: $(<"$work/output")"
	is_stored_as "$root"
	sleep 0.2
	sent=$(<"$work/uplink/sent")
	echo "$1 ours 0 $sent $bytes 0" >>"$work/results"
	stop_store
	rm -r "$root"
}

# The network is cut, and the run goes on by itself.
cut_network() {
	echo "$2" >"$work/uplink/cut-at"
	"$BIN" "$1" "$ROOM" "$SESSION" >"$work/output" 2>&1 ||
		invalid "a cut: $(<"$work/output")"
	[ ! -e "$work/uplink/cut-at" ] || invalid "nothing was cut"
}

# The run is killed, and another one goes on.
cut_run() {
	local run
	"$BIN" "$1" "$ROOM" "$SESSION" >"$work/output" 2>&1 &
	run=$!
	until (($(cat "$work/uplink/sent" 2>/dev/null || echo 0) >= $2)); do
		kill -0 "$run" 2>/dev/null || break
		sleep 0.01
	done
	kill -KILL "$run" || invalid "it was over before it was killed"
	wait "$run" 2>/dev/null || true
}

resume() {
	is_wanted resume || return 0
	resumed cut cut_network
	resumed killed cut_run
}

resume_row() {
	row "$2: bytes sent, of the file's" "" "" \
		"$(quotient "$(column "$1" ours 2)" "$(column "$1" ours 3)")" 1.02
}

live_rows() {
	ratio live "available after a minute of 16 Mbit/s, 40 up" later 0.15
	! is_wanted available || each_available available_row
	is_wanted resume || return 0
	resume_row cut "one file to S3, the network cut at 95 %"
	resume_row killed "one file to S3, killed at 95 %"
}
