#!/usr/bin/env bats
# --json: one document for each command, which the schema in packaging/schema
# describes, also after a failure.

load lib

setup() {
	common_setup
	start_sandbox
	recording
	TOP=$DIR/recordings
	export JIBRI_FINALIZE_RECORDINGS_DIR=$TOP
}

teardown() { common_teardown; }

# valid FILE: each JSON document in it fits the schema.
valid() {
	local python
	for python in python3 /usr/bin/python3; do
		"$python" -c 'import jsonschema' 2>/dev/null && break
		python=
	done
	[ -n "$python" ] || skip "python3-jsonschema is not installed"
	jq -cs '.[]' "$1" | "$python" -c '
import json, jsonschema, sys
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
for line in sys.stdin:
    jsonschema.Draft202012Validator(schema).validate(json.loads(line))
' "$ROOT/packaging/schema/jibri-finalize.schema.json"
}

# says CODE ARGUMENT...: one document, valid, with this exit code in it.
says() {
	local want=$1 rc=0
	shift
	timeout -k 5 60 "$BIN" "$@" --json >"$DIR/json" 2>"$DIR/err" || rc=$?
	assert_equal "$rc" "$want" || return 1
	valid "$DIR/json" || { cat "$DIR/json" >&2; return 1; }
	jq -es --argjson c "$want" 'length == 1 and .[0].schema == 1 and
		.[0].exitCode == $c and (.[0].class == "none") == ($c == 0)' \
		"$DIR/json" >/dev/null
}

has() {
	jq -e "$1" "$DIR/json" >/dev/null || { cat "$DIR/json" >&2; return 1; }
}

@test "each command prints one document that fits the schema" {
	local command
	says 0 "$REC" --dry-run
	has '.then == "STOPPED" and .command == "finalize"'
	says 0 finalize "$REC"
	has '.state == "done" and .error == null'
	says 0 upload --dry-run "$REC"
	says 0 upload "$REC"
	has '.recordings[0].state == "done"'
	says 0 verify --deep "$REC"
	has '.recordings[0].agrees'
	says 0 notify started "$REC"
	has '.event == "STARTED" and .sent == false'
	says 0 notify --force stopped "$REC"
	has '.sent'
	says 0 pack -o "$DIR/a.tar" "$REC"
	has '.recordings[0].archive | endswith("/a.tar")'
	says 0 pause --for 1h
	says 0 status
	has '.recordings[0].state == "done" and (.paused | length) == 1'
	says 0 show "$REC"
	has '.state == "done" and .command == "show" and .error == null'
	says 0 resume
	has '.resumed | length == 1'
	says 0 forget --yes "$REC"
	has '.recordings[0].outcome == "delivered"'
	says 0 config
	says 0 config --sample
	says 0 help
	says 0 --version
	says 0 sweep --dry-run --retention 1ms
	has '.removals | length == 1'
	for command in $(jq -r '.commands[].name' \
		<("$ROOT/build/tables" 2>/dev/null || "${BIN%/*}/tables")); do
		[ "$command" != watch ] || continue
		says 0 help "$command"
		has '.text | contains("--json")'
	done
}

@test "a failure prints a document too, with its class" {
	faults "upload *.mp4 * status 413"
	says 65 finalize "$REC"
	has '.class == "permanent" and (.error | contains("413"))'
	says 66 upload "$REC" "$TOP/nowhere"
	has '.recordings | length == 2 and (map(.exitCode) == [65, 66])'
	says 66 verify "$TOP/nowhere"
	says 66 pack "$TOP/nowhere"
	says 66 forget --yes "$TOP/nowhere"
	says 66 status "$TOP/nowhere"
	says 66 show "$TOP/nowhere"
	says 66 sweep "$TOP/nowhere"
	says 66 pause "$TOP/nowhere"
	says 65 notify stopped "$REC"
	says 3 status --check "$TOP/nowhere"
	has '.class == "unknown" and (.error | contains("nowhere"))'
	says 2 status --check
	has '.class == "critical" and .recordings[0].state == "held"'
}

@test "a wrong command line or configuration prints a document, wherever --json is" {
	says 64
	has '.command == null'
	says 64 no-such-command
	says 64 --no-such-flag finalize "$REC"
	says 64 finalize
	has '.command == "finalize"'
	says 64 upload
	says 64 config --tries many
	says 64 help no-such-command
	echo "tries = many" >"$DIR/bad.conf"
	says 78 status --config "$DIR/bad.conf"
	has '.error | contains("bad.conf:1")'
	says 78 check --config "$DIR/bad.conf"
	has '.failed > 0'
}

@test "a sweep prints a line for each visit as it ends, and the document last" {
	another_recording second
	faults "upload *.mp4 1 status 413"
	run -65 --separate-stderr "$BIN" sweep --json --jobs 1
	printf '%s\n' "$output" >"$DIR/json"
	assert_equal "${#lines[@]}" 3
	valid "$DIR/json"
	jq -es '(.[0:2] | map(.state) | sort) == ["done", "held"] and
		all(.[0:2][]; .visit | startswith("/")) and
		(.[2] | .command == "sweep" and .delivered == 1 and
			.held == 1 and .exitCode == 65)' "$DIR/json"
	says 0 sweep
	has '.delivered == 0 and .held == 1'
}

@test "watch prints a line for each visit, and the document at its end" {
	"$BIN" watch --json >"$DIR/json" 2>"$DIR/log" 3>&- &
	PID=$!
	wait_for grep -q '"visit"' "$DIR/json"
	kill "$PID"
	wait "$PID"
	valid "$DIR/json"
	jq -es 'length == 2 and .[0].state == "done" and
		(.[1] | .command == "watch" and .exitCode == 0)' "$DIR/json"
}

@test "run by root, the owners' results appear in the order of the arguments" {
	((EUID == 0)) || skip "not root"
	local first=$REC
	another_recording second
	hand_over 1000
	timeout 60 "$DIR/bin" upload --json "$REC" "$first" "$TOP/none" \
		>"$DIR/json" 2>"$DIR/err" || assert_equal $? 66
	valid "$DIR/json"
	has '.recordings | map(.exitCode) == [0, 0, 66] and
		.[0].session == "second" and .[1].state == "done"'
	timeout 60 "$DIR/bin" finalize --json "$REC" >"$DIR/json"
	valid "$DIR/json"
	has '.session == "second" and .state == "done"'
}

@test "a reader may be slow, but a full disk is an error" {
	local i
	for ((i = 0; i < 300; i++)); do
		mkdir "$DIR/recordings/recording-$i"
		cp "$REC/metadata.json" "$DIR/recordings/recording-$i"
	done
	"$BIN" status --json "$DIR/recordings" | { sleep 2; jq -e . >/dev/null; }
	for i in help config "status $DIR/recordings"; do
		# shellcheck disable=SC2086
		run bash -c '"$@" >/dev/full' - "$BIN" $i
		assert_equal "$status" 75
		assert_output_has "standard output: cannot write: No space left"
	done
}
