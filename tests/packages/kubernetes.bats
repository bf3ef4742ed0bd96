# The Kubernetes manifests, against the schemas that the cluster's own API
# publishes; and the loop of the sidecar, run.

load ../lib
load npm

setup() {
	common_setup
	MANIFESTS=$ROOT/packaging/kubernetes
}

teardown() {
	[ -z "${SIDECAR_PID-}" ] || kill -KILL "$SIDECAR_PID" 2>/dev/null || true
	common_teardown
}

manifest() {
	with_npm node "$ROOT/tests/packages/manifest.cjs" "$@"
}

@test "the manifests are valid for Kubernetes" {
	run -0 manifest "$MANIFESTS"/*.yaml
	assert_equal "$output" "4 manifests"

	# It does see a wrong value, a wrong type and a typing error.
	local edit
	for edit in s/Forbid/Forbidden/ 's/backoffLimit: 0/backoffLimit: none/' \
		s/backoffLimit/backOffLimit/; do
		sed "$edit" "$MANIFESTS/cronjob.yaml" >"$DIR/wrong.yaml"
		run -1 manifest "$DIR/wrong.yaml"
	done
}

# value FILE KIND JQ: something of a manifest.
value() {
	with_npm node -e '
		const yaml = require("js-yaml"), fs = require("fs");
		yaml.loadAll(fs.readFileSync(process.argv[1], "utf8"), (doc) =>
			console.log(JSON.stringify(doc)));' "$MANIFESTS/$1" |
		jq -r "select(.kind == \"$2\") | $3"
}

@test "a Job runs once, never beside another, and leaves retries to the next" {
	assert_equal "$(value cronjob.yaml CronJob '[.spec.concurrencyPolicy,
		.spec.jobTemplate.spec.backoffLimit,
		.spec.jobTemplate.spec.template.spec.restartPolicy] | join(" ")')" \
		"Forbid 0 Never"
}

@test "each variable of the ConfigMap is a setting" {
	local variables
	variables=$(value settings.yaml ConfigMap '.data | to_entries[] |
		.key + "=" + .value' |
		sed "s|=/run/secrets/.*|=$DIR/secret|")
	echo s3cret >"$DIR/secret"
	mapfile -t variables <<<"$variables"
	env -i JIBRI_FINALIZE_CONFIG=/dev/null "${variables[@]}" "$BIN" config --json >"$DIR/config"
	jq -r '.settings[].origin' "$DIR/config" | sed 's/ .*//' |
		grep -v '^default$' | sort >"$DIR/set"
	printf '%s\n' "${variables[@]%%=*}" | sort | diff - "$DIR/set"
}

# The sidecar's command and its environment as the manifest has them.
start_sidecar() {
	mkdir -p "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	local command variables
	mapfile -t command < <(value sidecar.yaml Deployment \
		'.spec.template.spec.initContainers[0].command[]')
	mapfile -t variables < <(value sidecar.yaml Deployment \
		'.spec.template.spec.initContainers[0].env[] |
			.name + "=" + .value')
	env "${variables[@]}" PATH="$DIR/bin:$PATH" \
		JIBRI_FINALIZE_RECORDINGS_DIR="$DIR/recordings" \
		JIBRI_FINALIZE_SWEEP_RETRY_DELAY=100ms \
		JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=200ms \
		"${command[@]}" >"$DIR/said" 2>&1 3>&- &
	SIDECAR_PID=$!
}

has_ended() {
	! kill -0 "$SIDECAR_PID" 2>/dev/null
}

@test "a sidecar that is told to end first delivers what is waiting" {
	start_sandbox
	recording
	faults 'upload * * status 500'
	start_sidecar
	wait_for test -s "$REC/.jibri-finalize"
	local attempts
	attempts=$(requests upload)
	kill -TERM "$SIDECAR_PID"
	more_uploads() { (($(requests upload) > attempts + 1)); }
	wait_for more_uploads
	run -1 has_ended

	faults
	wait_for has_ended
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "a sidecar that is told to end leaves at once when nothing is waiting" {
	start_sandbox
	recording
	run_finalize 0
	start_sidecar
	sleep 1
	run -1 has_ended
	kill -TERM "$SIDECAR_PID"
	wait_for has_ended
	wait "$SIDECAR_PID"
}
