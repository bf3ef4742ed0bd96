# How long Jibri waits for its hook, and until the recording is announced.
# bench reads this.
#
# shellcheck shell=bash disable=SC2154

start_backend() {
	case $1 in
	healthy) start_sink ;;
	slow) start_sink --latency-request 500 --rate 6250000 ;;
	dead)
		sink=
		export MEETING_SERVICE_URL=http://127.0.0.1:1
		export FILE_SERVICE_URL=http://127.0.0.1:1
		;;
	esac
}

# hooked MODE BACKEND: the cell of a table.
hooked() {
	local dir=$work/hook/$SESSION watch='' began told=
	local defer=no
	[ "$1" = neither ] || defer=yes
	rm -rf "$work/hook"
	mkdir "$work/hook"
	start_backend "$2"
	if [ "$1" = watch ]; then
		"$BIN" watch "$work/hook" >"$work/output" 2>&1 &
		watch=$!
		sleep 1
	fi
	cp -r "$work/typical" "$dir"
	began=$(date +%s%3N)
	result=$(JIBRI_FINALIZE_DEFER=$defer "$TOOLS/bench-measure" "$BIN" \
		"$dir" "$ROOM" "$SESSION")
	[ "$2 $1" = "dead neither" ] || [ "${result%% *}" = 0 ] ||
		invalid "the hook ended with ${result%% *} ($1, $2)"
	[ "$1" = defer ] || [ "$2" = dead ] || wait_for_told "$dir" "$began"
	[ -z "$watch" ] || { kill "$watch"; wait "$watch" || true; }
	[ -z "$sink" ] || stop_sink
	sink=
	printf '| %s | %s | %s | %s |\n' "$2" "$1" \
		"$(seconds "$(cut -d ' ' -f 2 <<<"$result")")" \
		"${told:+$(seconds "$((told * 1000))")}" >>"$work/hooks"
}

# wait_for_told DIR BEGAN: sets told, milliseconds from BEGAN to STOPPED.
wait_for_told() {
	local i
	for ((i = 0; i < 6000; i++)); do
		told=$(sed -n \
			's/{"at":\([0-9]*\),"event":"announced".*/\1/p' \
			"$1/.jibri-finalize")
		[ -z "$told" ] || break
		sleep 0.05
	done
	[ -n "$told" ] || invalid "what the hook was given was not delivered"
	told=$((${told:-0} - $2))
}

hook() {
	local mode backend
	is_wanted hook || return 0
	need typical
	for backend in healthy slow dead; do
		for mode in neither defer watch; do
			hooked "$mode" "$backend"
		done
	done
}

hook_table() {
	is_wanted hook || return 0
	cat <<-END

	## Until Jibri is free

	One run each of a typical recording. "neither" delivers in the hook, "defer" leaves
	it to the next sweep (\`defer = yes\`), "watch" to a watch that is running. The
	slow backend takes 50 Mbit/s and answers after 500 ms; the dead one refuses
	connections.

	| backend | with | the hook takes | STOPPED after |
	|---|---|---|---|
	END
	cat "$work/hooks"
}
