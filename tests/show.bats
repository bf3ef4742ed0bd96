#!/usr/bin/env bats
# One recording on one screen, and by its session.

load lib
setup() {
	common_setup
	export JIBRI_FINALIZE_RECORDINGS_DIR=$DIR/recordings
	start_sandbox
	recording
}
teardown() { common_teardown; }

# show [ARGUMENT...]: of the recording; what it says fits 80 columns, but for
# commands to be copied.
show() {
	run_command 0 show "$REC" "$@"
}

fits() {
	assert_equal "$(grep -v '^  jibri-finalize ' <<<"$output" |
		grep -E '.{81}')" ""
}

# shown JQ: of the JSON document.
shown() {
	jq -r "$1" <<<"$("$BIN" show "$REC" --json)"
}

@test "a delivered recording is shown with its files, attempts and webhooks" {
	run_finalize 0
	show
	fits
	assert_output_has "$SESSION: done"
	assert_output_has "  room       $ROOM (from metadata.json)"
	assert_output_has "  meeting    123 (from the journal)"
	assert_output_has "Artifacts: 2 of 2 stored"
	assert_output_has "Attempts: 1"
	assert_equal "$(shown '[.artifacts[].state] | join(" ")')" \
		"stored stored"
	assert_equal "$(shown '.artifacts[] | select(.path == "metadata.json").sha256')" \
		"$(sha256sum "$REC/metadata.json" | cut -d ' ' -f 1)"
	assert_equal "$(shown '.artifacts[].id')" \
		"$(journal 'select(.event == "stored") | [.path, .id] | @tsv' |
			sort | cut -f 2)"
	assert_output_has "$(journal 'select(.event == "announced").id')"
	assert_equal "$(shown '.webhooks[] | .event + " " + .id')" \
		"$(journal 'select(.event == "announced") | "STOPPED " + .id')"
	assert_equal "$(shown '.history[].result')" done
}
