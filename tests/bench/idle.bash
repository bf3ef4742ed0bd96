# What it costs when there is nothing to do: sweep, status and watch over many
# finished recordings.  bench reads this.
#
# shellcheck shell=bash disable=SC2154

# finished N ROOT: copies of one that was delivered.
finished() {
	mkdir -p "$2"
	if [ ! -d "$work/one" ]; then
		mkdir "$work/one"
		QUICK=1 make_typical "$work/one"
		mp4 "$(echo "$work"/one/*.mp4)" 4096
		start_sink
		"$BIN" "$work/one" "$ROOM" "$SESSION" >"$work/output" 2>&1 ||
			invalid "a recording was not delivered"
		stop_sink
		# With their times and without the stamp, which a copy lacks.
		sed -i -E 's/,"stamp":[0-9]+//; s/,"stamps":\[[0-9,]*\]//' \
			"$work/one/.jibri-finalize"
	fi
	seq "$1" | xargs -P 2 -I{} cp -a "$work/one" "$2/{}"
	[ "$("$BIN" status "$2" | tail -n 1)" = "$1 done" ] ||
		invalid "what is to be finished is not"
}

# Over one root, and over ten of them.
idle_sweep() {
	local n=10000 root=$work/finished/0 round
	is_wanted idle-sweep || return 0
	[ -z "$QUICK" ] || n=100
	finished "$n" "$root"
	seq 9 | xargs -I{} cp -a "$root" "$work/finished/{}"
	for ((round = 0; round < ROUNDS * 4; round++)); do
		idle_run idle-sweep sweep "$root"
		idle_run idle-sweep-10 sweep "$work"/finished/*
		idle_run idle-status status "$root"
		idle_run idle-status-10 status "$work"/finished/*
	done
	rm -r "$work/finished"
}

# idle_run CASE COMMAND...
idle_run() {
	local name=$1
	shift
	result=$("$TOOLS/bench-measure" "$BIN" "$@")
	[ "${result%% *}" = 0 ] || invalid "a $1 ended with ${result%% *}"
	echo "$name ours $result" >>"$work/results"
}

# A watch with its own settings, which looks once a minute, for ten minutes.
watch_idle() {
	local n
	is_wanted watch-idle || return 0
	for n in 1000 10000; do
		[ -z "$QUICK" ] || n=$((n / 100))
		finished "$n" "$work/watched-$n"
		watched_idle "$n" "$work/watched-$n"
		rm -r "$work/watched-$n"
	done
}

# watched_idle N ROOT: from just before a look to as long after the last.
watched_idle() {
	local watch before seconds=600
	[ -z "$QUICK" ] || seconds=10
	MEETING_SERVICE_URL=http://127.0.0.1:1 \
		FILE_SERVICE_URL=http://127.0.0.1:1 "$BIN" watch \
		--watch-interval "$((seconds / 10))s" "$2" >"$work/output" 2>&1 &
	watch=$!
	sleep $((seconds / 20 + 1))
	before=$(ticks "$watch")
	sleep "$seconds"
	echo "watch-$1 ours 0 0 $((($(ticks "$watch") - before) * 10000))" \
		"$(awk '/^VmHWM/ { print $2 }' "/proc/$watch/status")" \
		>>"$work/results"
	kill "$watch"
	wait "$watch" || invalid "the watch ended: $(<"$work/output")"
}

# ticks PID: hundredths of a second of processor time, with its children's.
ticks() {
	awk '{ print $14 + $15 + $16 + $17 }' "/proc/$1/stat"
}

# milliseconds CASE
milliseconds() {
	awk -v us="$(column "$1" ours 3)" 'BEGIN { printf "%.1f", us / 1000 }'
}

idle_rows() {
	local n=10000 i
	[ -z "$QUICK" ] || n=100
	if is_wanted idle-sweep; then
		row "sweep over $n finished: processor, ms" "" "" \
			"$(milliseconds idle-sweep)" 600
		row "sweep over $((n * 10)) finished: processor, ms" "" "" \
			"$(milliseconds idle-sweep-10)" 6000
		row "status of $n finished: processor, ms" "" "" \
			"$(milliseconds idle-status)" ""
		row "status of $((n * 10)) finished: processor, ms" "" "" \
			"$(milliseconds idle-status-10)" ""
	fi
	is_wanted watch-idle || return 0
	for i in $((n / 10)) "$n"; do
		watch_row "$i"
	done
}

# watch_row N
watch_row() {
	local us goal=0.1 memory=12
	us=$(column "watch-$1" ours 3)
	[ "$1" -le 1000 ] || goal='' memory=''
	row "watch over $1 finished: processor, % of a core" \
		"$(awk -v us="$us" 'BEGIN { printf "%.1f s", us * 6 / 1000000 }') an hour" \
		"" "$(awk -v us="$us" 'BEGIN { printf "%.3f", us / 6000000 }')" \
		"$goal"
	row "watch over $1 finished: peak memory, MiB" "" "" \
		"$(awk -v k="$(column "watch-$1" ours 4)" \
			'BEGIN { printf "%.1f", k / 1024 }')" "$memory"
}
