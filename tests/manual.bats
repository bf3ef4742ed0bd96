#!/usr/bin/env bats
# The manuals are true: their sessions are run as printed, and their output is
# what the page shows.

load lib
load manual

setup() {
	common_setup
	mkdir "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	PATH=$DIR/bin:$PATH
}
teardown() { common_teardown; }

# sessions_of PAGE LEAST: each is as shown; there are so many at least.
sessions_of() {
	local page=$ROOT/man/$1 line world n=0 bad=0
	blocks "$page" >"$DIR/blocks"
	while read -r line world <&5; do
		session "$page" "$line" "$world" >"$DIR/got"
		as_shown "$page" "$line" >"$DIR/shown"
		n=$((n + 1))
		matches "$(<"$DIR/shown")" "$(<"$DIR/got")" || {
			echo "$page:$line ($world) is not what is printed:"
			diff "$DIR/shown" "$DIR/got"
			bad=$((bad + 1))
		}
	done 5<"$DIR/blocks"
	((bad == 0 && n >= $2))
}

# bats test_tags=slow
@test "each session of the troubleshooting manual prints what the page shows" {
	sessions_of jibri-finalize-troubleshooting.7 25
}
