#!/usr/bin/env bats
# A run does no unnecessary work.

load lib
load points

setup() {
	common_setup
	start_sandbox
	recording
}
teardown() { common_teardown; }

# traced FILTER: a run under strace, its calls in $DIR/trace, without the paths
# that are only given to Landlock.
traced() {
	strace -f -qq -o "$DIR/trace" -e trace="$1" "$BIN" "$REC" \
		>"$DIR/log" 2>&1
	sed -i '/O_PATH/d' "$DIR/trace"
}

@test "a run over a finished recording needs no socket, no thread, no libmagic and 20 million instructions at most" {
	local n
	run_finalize 0
	# A file written just now may still be open: /proc is searched.
	touch -d '1 hour ago' "$REC"/*
	needs_strace
	traced socket,connect,clone,clone3,openat
	assert_equal "$(grep -cE 'socket\(|connect\(|clone' "$DIR/trace")" 0
	assert_equal "$(grep -c magic.mgc "$DIR/trace")" 0
	assert_equal "$(grep -c ca-certificates "$DIR/trace")" 0
	[ "${SAN:-}" != 1 ] || skip "the sanitizers cost time"
	command -v valgrind >/dev/null || skip "there is no valgrind here"
	# Five milliseconds; instructions, unlike time, do not depend on load.
	n=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$BIN" "$REC" 2>&1 | sed -n 's/.*Collected : //p')
	say "$n instructions"
	((n > 1000000 && n <= 20000000))
}

@test "small files need no thread, and an unmistakable file type no libmagic database" {
	needs_strace
	echo text >"$REC/a.txt"
	traced clone,clone3,openat
	is_stored a.txt metadata.json "$MEDIA"
	assert_equal "$(grep -cE 'clone|magic.mgc' "$DIR/trace")" 0
	# Both show in the trace, so this test can fail.
	sparse "$REC/large.mp4" 10000000
	head -c 100 /dev/urandom >"$REC/a.xyz"
	traced clone,clone3,openat
	# glibc asks for clone3 first, which confine refuses.
	assert_equal "$(grep clone "$DIR/trace" | grep -vc ENOSYS)" 1
	grep -q magic.mgc "$DIR/trace"
}

@test "a small request leaves in one packet, headers and body together" {
	local i before
	needs_strace
	for i in {1..5}; do echo "$i" >"$REC/$i.txt"; done
	traced sendto
	is_stored metadata.json "$MEDIA" {1,2,3,4,5}.txt
	assert_equal "$(grep -c 'sendto(.*"POST /files' "$DIR/trace")" 7
	assert_equal "$(grep -c 'sendto(' "$DIR/trace")" "$(requests)"
	# A larger body needs more than one packet, so this test can fail.
	before=$(requests)
	sparse "$REC/large.mp4" 100000
	traced sendto
	(($(grep -c 'sendto(' "$DIR/trace") > $(requests) - before))
}

@test "the CA certificates are read once, whatever the number of connections" {
	local n
	needs_strace
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$DIR/key" -out "$DIR/pem" 2>/dev/null
	stop_sandbox
	start_sandbox --tls "$DIR/pem" "$DIR/key"
	for n in 1 2 3 4 5 6; do echo "$n" >"$REC/$n.txt"; done
	faults "upload * * slow-store 0.1"
	JIBRI_FINALIZE_CA_FILE=$DIR/pem traced openat
	is_stored metadata.json "$MEDIA" {1,2,3,4,5,6}.txt
	(($(jq -s 'map(.connection) | unique | length' \
		"$SB/requests.jsonl") > 2))
	assert_equal "$(grep -c "\"$DIR/pem\"" "$DIR/trace")" 1
}

# bats test_tags=slow
@test "the benchmark distinguishes our program from one that does nothing" {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers cost time"
	run -1 env QUICK=1 CASES=typical-0 BIN=/bin/true \
		TOOLS="${BUILD:-$ROOT/build}" "$ROOT/tests/bench/bench"
	assert_output_has "INVALID: ours did not deliver the files of typical"
	assert_output_has "INVALID: ours did not send STOPPED once"
	assert_output_has "the result is invalid"
	refute_output_has "INVALID: curl"
	refute_output_has "INVALID: script"
	refute_output_has "| typical"
	run -0 env QUICK=1 CASES=typical-0 BIN="$BIN" \
		TOOLS="${BUILD:-$ROOT/build}" "$ROOT/tests/bench/bench"
	refute_output_has INVALID
	assert_output_has "| typical: wall |"
}
