#!/usr/bin/env bats
# A fleet: sweepers of several hosts over one tree, some of them killed.  Each
# has its own network, mounts and host name, as containers on a shared volume
# have; they reach the server through a socket of the host.  4 sweepers and 60
# recordings every day, 8 and 1,000 with LONG=1.

load lib

setup() {
	common_setup
	((EUID == 0)) || skip "needs root for namespaces"
	unshare -n -m -u true || skip "this machine forbids namespaces"
	TOP=$DIR/recordings
	rmdir "$REC"
	start_sandbox
	PORT=${URL##*:}
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY=20ms
	export JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=50ms
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=400ms
	# Other networks reach the sandbox through a socket's path.
	socat "UNIX-LISTEN:$DIR/door,fork" "TCP:127.0.0.1:$PORT" \
		3>&- 2>"$DIR/door.log" &
	DOOR=$!
	wait_for test -S "$DIR/door"
}

teardown() {
	[ -z "${DOOR:-}" ] || kill "$DOOR" 2>/dev/null || true
	common_teardown
}

# on_host NAME COMMAND...: in its own namespaces, with the tree at another path.
on_host() {
	# shellcheck disable=SC2016 # the inner shell's own
	exec unshare -n -m -u --pid --fork --kill-child --mount-proc sh -c '
		name=$1 door=$2 port=$3 tree=$4
		shift 4
		hostname "$name"
		ip link set lo up
		mkdir -p "$tree.$name"
		mount --bind "$tree" "$tree.$name"
		socat "TCP-LISTEN:$port,bind=127.0.0.1,fork" \
			"UNIX-CONNECT:$door" &
		for i in 1 2 3 4 5 6 7 8 9; do
			socat /dev/null "TCP:127.0.0.1:$port" 2>/dev/null && break
			sleep 0.1
		done
		"$@" --recordings-dir "$tree.$name"
	' sh "$1" "$DIR/door" "$PORT" "$TOP" "${@:2}"
}

# host N: sweeps until nothing is due, and now and then is killed.
host() {
	local i
	for ((i = 0; i < 60; i++)); do
		(on_host "host$1" "$BIN" sweep --jobs 2) \
			>>"$DIR/log.$1" 2>&1 3>&- &
		if ((i < 2)); then
			sleep "0.$((4 + RANDOM % 6))"
			kill -KILL $! 2>/dev/null && echo killed >>"$DIR/killed"
		fi
		wait $! || true
		all_done && return
		sleep 0.1
	done
}

all_done() {
	"$BIN" status --json "$TOP" |
		jq -e '.recordings | all(.state == "done")' >/dev/null
}

# bats test_tags=slow
@test "sweepers of a fleet, some of them killed, deliver each recording of a shared tree once" {
	local hosts=4 recordings=60 i pids=()
	[ "${LONG:-}" != 1 ] || hosts=8 recordings=1000
	# Memory left by a killed process is not a leak.
	[ "${SAN:-}" != 1 ] || export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
	for ((i = 1; i <= recordings; i++)); do another_recording "r$i"; done
	faults "any * * slow-store 0.01"
	for ((i = 1; i <= hosts; i++)); do
		host "$i" &
		pids+=($!)
	done
	wait "${pids[@]}"
	# A file that is sent twice is stored as NAME~2.
	assert_equal "$(find "$SB/store" -type f | wc -l)" $((2 * recordings))
	assert_equal "$(find "$SB/store" -name '*~*' | wc -l)" 0
	assert_equal "$(webhooks | sort -u | wc -l)" "$recordings"
	# After a kill STOPPED may be repeated, with the same id.
	assert_equal "$(jq -r 'select(.acked) | .headers["webhook-id"]' \
		"$SB/webhooks.jsonl" | sort -u | wc -l)" "$recordings"
	all_done
	# More than one host did the work.
	(($(jq -rs 'map(select(.event == "began") | .host) | unique | length' \
		"$TOP"/*/.jibri-finalize) > 1))
	echo "# points: $recordings recordings, $hosts hosts, $(wc -l \
		<"$DIR/killed") killed sweeps" >&3
	(($(wc -l <"$DIR/killed") > 0))
}
