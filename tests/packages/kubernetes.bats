# The Kubernetes manifests, against the schemas that the cluster's own API
# publishes; and the sidecar and its probes, run in namespaces.

load ../lib
load machine
load npm

setup() {
	common_setup
	MANIFESTS=$ROOT/packaging/kubernetes
	KEEPERS=()
}

teardown() {
	((${#KEEPERS[@]} == 0)) || kill -KILL "${KEEPERS[@]}" 2>/dev/null || true
	exec 7>&-
	common_teardown
}

manifest() {
	with_npm node "$ROOT/tests/packages/manifest.cjs" "$@"
}

@test "the manifests are valid for Kubernetes" {
	run -0 manifest "$MANIFESTS"/{cronjob,settings,sidecar}.yaml
	assert_equal "$output" "4 manifests"

	# It detects a wrong value, a wrong type and a typing error.
	local edit
	for edit in s/Forbid/Forbidden/ 's/backoffLimit: 0/backoffLimit: none/' \
		s/backoffLimit/backOffLimit/; do
		sed "$edit" "$MANIFESTS/cronjob.yaml" >"$DIR/wrong.yaml"
		run -1 manifest "$DIR/wrong.yaml"
	done
}

# value FILE KIND JQ: the result of JQ for a manifest.
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

# --- the chart's values ------------------------------------------------------

# chart_takes FILE: values that the template of the chart's Jibri reads.
chart_takes() {
	with_npm node -e '
		const known = `enabled image.repository image.tag persistence.enabled
			persistence.existingClaim podSecurityContext.fsGroup
			podSecurityContext.fsGroupChangePolicy
			custom.other._finalize_sh extraSecretsFrom extraVolumes
			extraVolumeMounts`.split(/\s+/);
		const yaml = require("js-yaml"), fs = require("fs");
		const walk = (value, path) =>
			value && value.constructor === Object
				? Object.entries(value).flatMap(([key, below]) =>
					walk(below, [...path, key]))
				: [path.join(".")];
		const paths = walk(yaml.load(fs.readFileSync(process.argv[1], "utf8")), []);
		const wrong = paths.filter((path) =>
			!known.some((name) => path === "jibri." + name));
		console.log(wrong.join("\n"));
		process.exit(wrong.length || !paths.length ? 1 : 0);' "$1"
}

@test "the chart's values are those that its template reads, and its script hands the recording over" {
	chart_takes "$MANIFESTS/helm-values.yaml"
	sed s/existingClaim/existingclaim/ "$MANIFESTS/helm-values.yaml" \
		>"$DIR/wrong.yaml"
	run -1 chart_takes "$DIR/wrong.yaml"

	# As the chart makes a file of it.
	with_npm node -e '
		const yaml = require("js-yaml"), fs = require("fs");
		const doc = yaml.load(fs.readFileSync(process.argv[1], "utf8"));
		process.stdout.write(doc.jibri.custom.other._finalize_sh);' \
		"$MANIFESTS/helm-values.yaml" |
		sed "s|/usr/bin/jibri-finalize|$BIN|" >"$DIR/finalize.sh"
	grep -q "^exec $BIN " "$DIR/finalize.sh"
	chmod 755 "$DIR/finalize.sh"
	start_sandbox
	recording
	run -0 "$DIR/finalize.sh" "$REC"
	is_stored metadata.json "$MEDIA"
}

@test "CronJob, sidecar and values mean the same directory of the same claim" {
	local dir
	dir=$(value settings.yaml ConfigMap .data.JIBRI_FINALIZE_RECORDINGS_DIR)
	assert_equal "$dir" /storage/recordings
	assert_equal "$(value cronjob.yaml CronJob '.spec.jobTemplate.spec.template.spec |
		.containers[0].volumeMounts[0].mountPath + " " +
		.volumes[0].persistentVolumeClaim.claimName')" \
		"/storage $(sed -n 's/^ *existingClaim: //p' \
			"$MANIFESTS/helm-values.yaml")"
	assert_equal "$(value sidecar.yaml Deployment '[.spec.template.spec |
		(.initContainers[0], .containers[0]) | .volumeMounts[0] |
		.name + .mountPath] | unique | join(" ")')" storage/storage
}

# --- the sidecar -------------------------------------------------------------

# of_sidecar JQ: the result of JQ for its container.
of_sidecar() {
	value sidecar.yaml Deployment ".spec.template.spec.initContainers[0] | $1"
}

# sidecar_environment: into VARIABLES; short pauses stand for long ones.
sidecar_environment() {
	mapfile -t VARIABLES < <(of_sidecar '.env[] | .name + "=" + .value' |
		sed "s|=/run/jibri-finalize/|=$DIR/state/|")
	VARIABLES+=(PATH="$DIR/bin:$PATH"
		JIBRI_FINALIZE_RECORDINGS_DIR="$DIR/recordings"
		JIBRI_FINALIZE_WATCH_INTERVAL=1s
		JIBRI_FINALIZE_SWEEP_RETRY_DELAY=100ms
		JIBRI_FINALIZE_SWEEP_RETRY_DELAY_MAX=200ms)
}

# start_sidecar NAME: as the first process of its container.  The one that keeps
# it is outside, so that its end is seen.
start_sidecar() {
	local command
	need_root
	mkdir -p "$DIR/bin" "$DIR/state"
	ln -sfn "$BIN" "$DIR/bin/jibri-finalize"
	mapfile -t command < <(of_sidecar '.command[]')
	sidecar_environment
	env "${VARIABLES[@]}" unshare --pid --fork --kill-child --mount-proc \
		"${command[@]}" >"$DIR/said.$1" 2>&1 3>&- 7>&- &
	KEEPERS+=($!)
	wait_for sidecar_pid "${#KEEPERS[@]}"
}

# sidecar_pid N: of the Nth, counted from 1.
sidecar_pid() {
	pgrep -P "${KEEPERS[$1 - 1]}"
}

has_ended() {
	! kill -0 "${KEEPERS[$1 - 1]}" 2>/dev/null
}

# end_sidecar N
end_sidecar() {
	kill -TERM "$(sidecar_pid "$1")"
}

# ended_as CODE [N]
ended_as() {
	local code=0
	wait_for has_ended "${2:-1}"
	wait "${KEEPERS[${2:-1} - 1]}" || code=$?
	assert_equal "$code" "$1"
}

# probe NAME: its exit code.
probe() {
	local command
	# With a terminator, as one of the words has lines.
	mapfile -d '' command < <(of_sidecar ".$1.exec.command[] | . + \"\\u0000\"" |
		sed -z 's/^\n//')
	env "${VARIABLES[@]}" "${command[@]}"
}

@test "the sidecar has time for drain-for before Kubernetes kills it, and some to spare" {
	local grace drain
	grace=$(value sidecar.yaml Deployment \
		.spec.template.spec.terminationGracePeriodSeconds)
	drain=$(of_sidecar '.env[] | select(.name == "JIBRI_FINALIZE_DRAIN_FOR") |
		.value')
	((grace > ${drain%h} * 3600 + 600 && ${drain%h} > 0))
}

@test "a sidecar that is told to end first delivers what is waiting" {
	start_sandbox
	recording
	faults 'upload * * status 500'
	start_sidecar one
	wait_for test -s "$REC/.jibri-finalize"
	local attempts
	attempts=$(requests upload)
	end_sidecar 1
	more_uploads() { (($(requests upload) > attempts + 1)); }
	wait_for more_uploads
	run -1 has_ended 1

	faults
	ended_as 0
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks | tail -n 1)" "STOPPED $ROOM $SESSION"
}

@test "a sidecar that is told to end leaves at once when nothing is waiting" {
	start_sandbox
	recording
	run_finalize 0
	start_sidecar one
	wait_for test -s "$DIR/state/metrics.prom"
	run -1 has_ended 1
	end_sidecar 1
	ended_as 0
}

# A recorder that writes until finish_live.
start_live() {
	another_recording live
	rm "$REC/metadata.json"
	exec 7>"$REC/$MEDIA"
	head -c 1000 "$ROOT/tests/data/video.mp4" >&7
}

finish_live() {
	tail -c +1001 "$ROOT/tests/data/video.mp4" >&7
	exec 7>&-
	SESSION=live REC=$DIR/recordings/live metadata "https://meet.example.org/$ROOM"
}

is_delivered() {
	webhooks | grep -qx "STOPPED $ROOM $1"
}

@test "a sidecar that is told to end with one held, one live and one due delivers all but the held one, and names that" {
	start_sandbox
	another_recording held
	metadata https://meet.example.org/no-such-room
	touch -d '1 minute ago' "$REC/metadata.json"
	run_finalize 65
	start_live
	another_recording due
	faults 'upload * * status 500'
	start_sidecar one
	wait_for test -s "$REC/.jibri-finalize"

	end_sidecar 1
	faults
	wait_for is_delivered due
	# What is being recorded is waited for.
	sleep 1
	run -1 has_ended 1
	finish_live
	# F4: it ends, and names what is lost with the volume.
	ended_as 75
	is_delivered live
	grep -q "$DIR/recordings/held: not delivered" "$DIR/said.one"
	run ! grep -E '(due|live): not delivered' "$DIR/said.one"
}

@test "without a recordings directory the sidecar waits for it, and ends when it is told to" {
	start_sandbox
	rm -rf "$DIR/recordings"
	start_sidecar one
	wait_for grep -q 'no such recordings directory' "$DIR/said.one"
	probe livenessProbe
	run -1 has_ended 1
	end_sidecar 1
	ended_as 0

	# The directory comes with Jibri.
	start_sidecar two
	recording_later
	wait_for is_delivered "$SESSION"
	end_sidecar 2
	ended_as 0 2
}

recording_later() {
	mkdir -p "$REC"
	recording
}

@test "two replicas on one volume deliver each recording once" {
	local i
	start_sandbox
	start_sidecar one
	start_sidecar two
	for i in 1 2 3 4 5 6; do another_recording "r$i"; done
	for i in 1 2 3 4 5 6; do wait_for is_delivered "r$i"; done
	end_sidecar 1
	end_sidecar 2
	ended_as 0 1
	ended_as 0 2
	assert_equal "$(find "$SB/store" -type f | wc -l)" 12
	assert_equal "$(webhooks | sort | uniq -d)" ""
}

@test "the probes tell a sweeper that hangs and a recording that is held, and nothing else" {
	start_sandbox
	recording
	faults 'upload * * status 500'
	start_sidecar one
	wait_for test -s "$DIR/state/metrics.prom"
	wait_for test -s "$REC/.jibri-finalize"
	# One that waits, or is due again, changes neither.
	probe livenessProbe
	run -0 probe readinessProbe
	assert_output_has 'OK - 1 '

	another_recording held
	metadata https://meet.example.org/no-such-room
	touch -d '1 minute ago' "$REC/metadata.json"
	wait_for grep -q '"failed"' "$REC/.jibri-finalize"
	run -2 probe readinessProbe
	assert_output_has 'CRITICAL - 1 held'
	probe livenessProbe

	# It writes its numbers every five minutes.
	touch -d '20 minutes ago' "$DIR/state/metrics.prom"
	run -1 probe livenessProbe
	rm "$DIR/state/metrics.prom"
	run ! probe livenessProbe
}

@test "a Job that leaves something waiting ends with 75, and the next one delivers it" {
	local command
	start_sandbox
	recording
	mapfile -t command < <(value cronjob.yaml CronJob '.spec.jobTemplate.spec |
		.template.spec.containers[0].command[]')
	mkdir "$DIR/bin"
	ln -s "$BIN" "$DIR/bin/jibri-finalize"
	faults 'upload * * status 503'
	job() {
		env PATH="$DIR/bin:$PATH" JIBRI_FINALIZE_TRIES=1 \
			JIBRI_FINALIZE_SWEEP_RETRY_DELAY=10ms \
			JIBRI_FINALIZE_RECORDINGS_DIR="$DIR/recordings" \
			"${command[@]}"
	}
	run -75 job
	faults
	sleep 0.1
	run -0 job
	is_stored metadata.json "$MEDIA"
}
