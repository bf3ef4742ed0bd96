#!/usr/bin/env bats
# Every fault of lookup, list and webhook.

load lib
load points
load matrix
setup() { matrix_setup; }
teardown() { common_teardown; }

# --- looking up and listing --------------------------------------------------

lookup_cell() {
	faults "lookup * $3 $4"
	run_once "$2" A || return
	if [ "$2" != 0 ]; then
		holds [ "$(came upload)" = 0 ] || return
		holds [ "$(told FAILED)" = 1 ] || return
	fi
	completes
}

# Faults of every answer that should be JSON.
answer_rows() {
	cat <<-'END'
		A 0 75 drop-at 0
		A 0 75 reset-at 0
		A 0 75 stall-at 0 30
		A 0 75 drop-after
		A 0 75 reset-stored
		A 0 75 stall-answer 30
		A 0 75 garbage
		A 0 75 truncate
		A 0 75 endless
		A 0 75 dribble 30
		A 0 75 body cut.json
		A 0 75 body nothing
		A 78 78 html
		C 0 0 stall-stored 0.1
		C 0 0 slow-store 0.1
		C 0 0 dribble 0.2
	END
}

# bats test_tags=slow
@test "no fault of the lookup lets anything be uploaded without a meeting" {
	echo '{"id": true}' >"$SB/true.json"
	matrix lookup_cell lookup < <(
		answer_rows
		codes 'A 0 75 status @' 500 501 502 503 504 599 408 425 429
		codes 'A 65 65 status @' 400 402 404 405 409 410 413 422 451
		codes 'A 77 77 status @' 401 403
		codes 'A 78 78 redirect @ http://127.0.0.1:1/' \
			301 302 303 307 308
		codes 'A 78 78 body @.json' empty array true
		echo 'A 78 78 body string.json'
		echo 'A 0 75 early 503'
		echo 'A 77 77 early 401'
	)
}

# Uploads without a list are counted as ambiguous, because the journal is new,
# and a server that refuses to list cannot settle them.
counted() {
	local n=$FILES
	[[ ! $1 =~ ^status\ (40[1345]|501)$ ]] || n=0
	holds [ "$(journal | grep -c ambiguous)" = "$n" ] || return
	holds grep -q 'warning: list: .*; sending' "$DIR/log"
}

list_cell() {
	faults "list * $3 $4"
	run_once "$2" C || return
	holds [ "$(uploads_of_media)" = 1 ] || return
	holds [ "$(told FAILED)" = 0 ] || return
	# libcurl asks again by itself when a kept connection dies.
	[ "$1$3" != 'A*' ] || counted "$4" || return
	completes
}

# A list may take as long as it keeps coming; the deadline ends an endless one.
trickle_cell() {
	faults "list * $3 $4"
	JIBRI_FINALIZE_DEADLINE=2s run_once "$2" A || return
	holds [ "$(came upload)" = 0 ] || return
	holds [ "$(told FAILED)" = 1 ] || return
	completes
}

# bats test_tags=slow
@test "no fault of the list stops files that were never sent" {
	matrix list_cell list < <(
		answer_rows | sed 's/ [0-9]* [0-9]*/ 0 0/' |
			grep -v 'dribble 30'
		codes 'A 0 0 status @' 500 501 502 503 504 599 408 425 429 \
			400 401 403 404 405 409 413
		codes 'A 0 0 redirect @ http://127.0.0.1:1/' 301 302 307
		codes 'A 0 0 body @.json' empty string
		echo 'C 0 0 body array.json'
		echo 'A 0 0 early 503'
		echo 'C 0 0 lie-size 7'
	)
}

@test "the deadline ends a list that never ends, and FAILED says so" {
	matrix trickle_cell trickle <<<'A 75 75 dribble 30'
}

# An unknown outcome of an earlier run, of a file that is stored ("B+") or not.
doubt_cell() {
	local deed=drop-after
	[ "$1" = B ] || deed=drop-stored
	faults "upload $MEDIA * $deed" "list * * status 500"
	run_once 75 D || return
	: >"$SB/requests.jsonl"
	faults "list * $3 $4"
	[ "$4" != "dribble 30" ] || local -x JIBRI_FINALIZE_DEADLINE=2s
	run_once "$2" D || return
	if [ "$1" = B+ ]; then
		holds [ "$(uploads_of_media)" = 0 ] || return
	fi
	completes
}

# bats test_tags=slow
@test "an unknown outcome of an earlier run survives every fault of the list" {
	matrix doubt_cell doubt < <(
		# The list is requested again first, as this may be a proxy's
		# page.
		answer_rows | sed 's/^./B+/; s/78 78 html/0 78 html/
			s/75 body nothing/78 body nothing/; s/75 endless/78 endless/
			s/.*dribble 30/B+ 75 75 dribble 30/'
		codes 'B+ 0 75 status @' 500 502 503 504 599 408 425 429
		codes 'B+ 65 65 status @' 400 409 413
		codes 'B+ 78 78 redirect @ http://127.0.0.1:1/' 301 302 307
		codes 'B+ 0 78 body @.json' empty string
		# The list is refused: the file is sent again, and counted.
		codes 'B 0 0 status @' 401 403 404 405 501
	)
}

# --- announcing --------------------------------------------------------------

# A failure of STOPPED itself does not cause FAILED.  An answer that we do not
# accept as an acknowledgement can be one for the server.
webhook_cell() {
	local most=1
	[[ $1 != B* ]] || most=$((2 * TRIES))
	faults "webhook * $3 $4"
	run_once "$2" C || return
	holds [ "$(uploads_of_media)" = 1 ] || return
	holds [ "$(told FAILED)" = 0 ] || return
	completes "$most" || return
	holds [ "$(uploads_of_media)" = 1 ]
}

# bats test_tags=slow
@test "no fault of the webhook loses STOPPED, and every repeat is identical" {
	matrix webhook_cell webhook < <(
		codes 'B 0 75 status @' 500 501 502 503 504 599 408 425 429
		codes 'B+ 0 75 status-stored @' 500 502 504
		codes 'A 65 65 status @' 400 402 404 405 409 410 413 422
		codes 'A 77 77 status @' 401 403
		codes 'A 78 78 redirect @ http://127.0.0.1:1/' \
			301 302 303 307 308
		cat <<-'END'
			A 0 75 early 503
			A 77 77 early 401
			A 0 75 drop-at 0
			A 0 75 drop-at 50%
			A 0 75 reset-at 50%
			A 0 75 stall-at 50% 30
			B 0 75 drop-after
			B+ 0 75 drop-stored
			B+ 0 75 reset-stored
			B 0 75 stall-answer 30
			B+ 0 75 stall-stored 30
			C 0 0 stall-stored 0.1
			B+ 0 75 slow-store 2.5
			C 0 0 slow-store 0.1
			B 78 78 html
			B+ 78 78 html-stored
			B 0 75 garbage
			B+ 0 75 garbage-stored
			B+ 0 75 truncate
			B 0 75 truncate-lost
			B 0 75 endless
			C 0 0 dribble 0.2
			B+ 0 75 dribble 30
			C 0 0 body empty.json
			C 0 0 body nothing
			C 0 0 status 204
		END
	)
}
