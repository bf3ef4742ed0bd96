# What it costs as a recording has more files, or larger ones.  bench reads this.
#
# shellcheck shell=bash disable=SC2154

# cost COMMAND...: "wall | processor | MiB" of a run that has to succeed.
cost() {
	local line
	line=$("$TOOLS/bench-measure" "$@")
	[ "${line%% *}" = 0 ] || invalid "$* ended with ${line%% *}"
	awk '{ printf "%.2f s | %.2f s | %.1f", $2 / 1000000, $3 / 1000000,
		$4 / 1024 }' <<<"$line"
}

# grown NAME DIR: its delivery, a second run, its status, and a run that
# finds all of it in the server's list; the rows of a table.
grown() {
	start_sink --list
	rm -f "$2/.jibri-finalize"
	growth_row "$1: delivered" "$BIN" "$2" "$ROOM" "$SESSION"
	growth_row "$1: nothing to do" "$BIN" "$2" "$ROOM" "$SESSION"
	growth_row "$1: status" "$BIN" status "$(dirname "$2")"
	rm "$2/.jibri-finalize"
	growth_row "$1: found in the list" "$BIN" "$2" "$ROOM" "$SESSION"
	stop_sink
	[ "$(grep -c '^upload' "$work/sink/log")" = "$(find "$2" -name '*.mp4' |
		wc -l)" ] || invalid "$1 was not delivered once"
}

growth_row() {
	local what=$1
	shift
	echo "| $what | $(cost "$@") |" >>"$work/growth"
}

growth() {
	local n gb files=(10 100 1000 10000 20000) sizes=(1 10 100)
	local dir=$work/growing/recording
	is_wanted growth || return 0
	[ -z "$QUICK" ] || files=(10 100) sizes=(1)
	for n in "${files[@]}"; do
		many_mp4 "$dir" "$n"
		grown "$n artifacts" "$dir"
		rm -r "$dir"
	done
	for gb in "${sizes[@]}"; do
		mkdir -p "$dir"
		hole "$dir/a.mp4" "$gb"000000000
		grown "$gb GB" "$dir"
		rm -r "$dir"
	done
}

growth_table() {
	is_wanted growth || return 0
	printf '\n## As the work grows\n\n'
	printf 'One run each; artifacts of 4 KiB, large files with a hole.\n\n'
	printf '| what | wall | processor | peak MiB |\n|---|---|---|---|\n'
	cat "$work/growth"
}
