#!/usr/bin/env bats
# What injected code can do in a delivery: send this recording, and nothing
# else.

load lib

setup() {
	[ "${SAN:-}" != 1 ] || skip "the sanitizers look into /proc and trace"
	common_setup
	start_sandbox
	recording
	TOP=$DIR/recordings
	SHIM=${BUILD:-$ROOT/build}/preload-intruder.so
	"$BIN" check --json >"$DIR/check" || true
	HAS=$(jq -r '.findings[] | select(.check == "confine") | .text' \
		"$DIR/check")
	# Its targets: another recording, and a place outside.
	mkdir "$DIR/other"
	echo private >"$DIR/other/letter"
	export INTRUDER_READ=$DIR/other/letter INTRUDER_WRITE=$DIR/other/new
}

teardown() {
	[ -z "${DIR:-}" ] || common_teardown
}

needs_kernel() {
	[[ $HAS == *"seccomp, Landlock"* ]] || skip "$HAS"
}

# intruded COMMAND...: what the intruder got, a line each.
intruded() {
	env LD_PRELOAD="$SHIM" timeout 60 "$@" >"$DIR/out" 2>&1 </dev/null ||
		{ cat "$DIR/out" >&2; return 1; }
	sed -n 's/^intruder: //p' "$DIR/out"
}

refused() {
	printf '%s\n' "shadow: EACCES" "read: EACCES" "write: EACCES" \
		"mode: EPERM" "owner: EPERM" "length: EPERM" \
		"exec: EPERM" "ptrace: EPERM" "unshare: EPERM" "clone: EPERM" \
		"newer: ENOSYS" "type: EPERM" "type more: EPERM" "paste: EPERM" \
		"raw: EPERM" "socket: done" "local: EPERM" "memory: EPERM" \
		"limit: EPERM"
	# By hand, only root drops the right to signal other processes.
	if ((EUID == 0)); then
		echo "kill: EPERM"
	else
		printf '%s\n' "kill: done" "root: EPERM"
	fi
}

@test "injected code in a delivery opens no other file and starts no program" {
	needs_kernel
	assert_equal "$(intruded "$BIN" "$REC")" "$(refused)"
	is_stored metadata.json "$MEDIA"
	[ ! -e "$DIR/other/new" ]
}

@test "with confine = no the injected code succeeds, so this test can fail" {
	JIBRI_FINALIZE_CONFINE=no intruded "$BIN" "$REC" >"$DIR/got"
	is_stored metadata.json "$MEDIA"
	grep -qx "read: done" "$DIR/got"
	grep -qx "write: done" "$DIR/got"
	grep -qx "mode: done" "$DIR/got"
	grep -qx "owner: done" "$DIR/got"
	grep -qx "length: done" "$DIR/got"
	grep -qx "exec: done" "$DIR/got"
	grep -qx "ptrace: done" "$DIR/got"
	grep -qx "type: ENOTTY" "$DIR/got"
	grep -qx "local: done" "$DIR/got"
	grep -qx "memory: done" "$DIR/got"
	grep -qx "limit: done" "$DIR/got"
	run ! grep -q ENOSYS "$DIR/got" # where the kernel has it
}

@test "each visit of a sweep reaches its own recording and no other" {
	needs_kernel
	cp -a "$REC" "$TOP/other"
	export INTRUDER_READ=$TOP/other/metadata.json
	export INTRUDER_WRITE=$TOP/other/new
	intruded "$BIN" sweep --jobs 1 "$TOP" >"$DIR/got"
	# Two visits; the one to "other" may open its own files.
	assert_equal "$(grep -c "shadow: EACCES" "$DIR/got")" 2
	assert_equal "$(grep -c "exec: EPERM" "$DIR/got")" 2
	assert_equal "$(grep -c "read: EACCES" "$DIR/got")" 1
	assert_equal "$(grep -c "read: done" "$DIR/got")" 1
	is_stored metadata.json "$MEDIA"
}

@test "the other commands are confined too, and reach what they need" {
	needs_kernel
	INTRUDER_WRITE=$DIR/other/new
	assert_equal "$(intruded "$BIN" upload "$REC")" "$(refused)"
	run_command 0 verify --deep "$REC"
	(cd "$DIR/other" && run_command 0 pack "$REC" && run_command 0 pack \
		--output "$DIR/new.tar.gz" "$REC")
	[ -e "$DIR/other/$SESSION.tar.zst" ]
	rm -rf "$SB/store" "$SB/records.jsonl"
	assert_equal "$(cd "$DIR" && intruded "$BIN" upload new.tar.gz |
		grep -v "read: \|write: ")" "$(refused | grep -v \
		"read: \|write: ")"
	run_command 0 notify started "$REC"
	run_command 0 forget --reset --yes "$REC"
}

@test "name lookup, libmagic, the hashing thread and TLS work within the confinement" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-days 2 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
		-keyout "$DIR/key" -out "$DIR/pem" 2>/dev/null
	stop_sandbox
	start_sandbox --tls "$DIR/pem" "$DIR/key"
	export FILE_SERVICE_URL=${URL/127.0.0.1/localhost}
	export MEETING_SERVICE_URL=$FILE_SERVICE_URL
	sparse "$REC/large.mp4" 20000000
	printf '%%PDF-1.4\n' >"$REC/paper"
	run_finalize 0 --ca-file "$DIR/pem"
	refute_output_has warning
	is_stored large.mp4 metadata.json paper "$MEDIA"
	assert_equal "$(jq -r 'select(.path == "paper").type' \
		"$REC/.jibri-finalize")" application/pdf
}

@test "a running delivery has no_new_privs, a seccomp filter and a limit" {
	local pid
	needs_kernel
	export JIBRI_FINALIZE_ANSWER_TIMEOUT=20s
	faults 'upload * 1 slow-store 2'
	"$BIN" "$REC" >"$DIR/out" 2>&1 3>&- &
	pid=$!
	wait_for grep -q upload "$SB/requests.jsonl"
	grep -Eq '^NoNewPrivs:\s*1' "/proc/$pid/status"
	grep -Eq '^Seccomp:\s*2' "/proc/$pid/status"
	grep -Eq '^Max data size +1073741824' "/proc/$pid/limits"
	wait "$pid"
}

@test "check says what the kernel offers, and whether it is used" {
	JIBRI_FINALIZE_CONFINE=no run "$BIN" check
	assert_output_has "confine: off; this kernel has "
	[[ $HAS == "this kernel has "* ]]
}

@test "missing confinement is one warning a run and a finding of check, unless confine = no" {
	needs_kernel
	local kind missing
	cp -a "$REC" "$TOP/other"
	for kind in seccomp landlock "seccomp landlock"; do
		export WITHOUT=$kind LD_PRELOAD=${SHIM/intruder/without}
		missing=Landlock
		[[ $kind == landlock ]] || missing=seccomp
		rm -rf "$TOP"/*/.jibri-finalize
		run -0 "$BIN" sweep --jobs 2 "$TOP"
		assert_equal "$(grep -c "confine is only partly in effect: no $missing (Operation not permitted)" \
			<<<"$output")" 1
		run -1 "$BIN" check --json
		assert_equal "$(jq -r '.findings[] | select(.check == "confine") |
			.result + " " + (.fix | .[:8])' <<<"$output")" \
			"warning Let the "
		export JIBRI_FINALIZE_CONFINE=no
		run -0 "$BIN" upload --force "$REC"
		refute_output_has confine
		unset JIBRI_FINALIZE_CONFINE
	done
}

@test "log-level = debug names refused system calls, in visits too" {
	needs_kernel
	local line="confine: system call [0-9]* (ioctl) was refused"
	cp -a "$REC" "$TOP/other"
	intruded "$BIN" --log-level debug sweep "$TOP" >"$DIR/got"
	assert_equal "$(grep -c "$line" "$DIR/out")" 6
	intruded "$BIN" --log-level debug upload --force "$REC" >"$DIR/got"
	assert_equal "$(<"$DIR/got")" "$(refused)"
	assert_equal "$(grep -c "$line" "$DIR/out")" 3
}
