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

@test "the manifests are what Kubernetes takes" {
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

@test "a Job is tried once, never beside another, and leaves the retry to the next" {
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
	jq -r '.[].origin' "$DIR/config" | sed 's/ .*//' |
		grep -v '^default$' | sort >"$DIR/set"
	printf '%s\n' "${variables[@]%%=*}" | sort | diff - "$DIR/set"
}
