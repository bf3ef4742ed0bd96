# The containers, without Docker: the steps of the Dockerfile on a tree made by
# debootstrap, and the result in namespaces as restricted as
# docker-jitsi-meet's.

# Jibri's image is made of this Debian.
# shellcheck disable=SC2034 # machine.bash has it.
SUITE=trixie
load ../lib
load machine
load npm

setup() {
	common_setup
	OVERRIDE=$ROOT/packaging/docker/docker-compose.override.yml
}

teardown() {
	end_child "${CONTAINER_PID-}" KILL
	common_teardown
}

# --- docker build ------------------------------------------------------------

# run_in STAGE DIRECTORY COMMAND: a RUN of the Dockerfile.
run_in() {
	in_tree "$DIR/image/$1" sh -ec "cd $2; $3" >"$DIR/image/log" 2>&1 ||
		{ tail -n 30 "$DIR/image/log" >&2; return 1; }
}

# copy STAGE WORDS: a COPY of the Dockerfile.
copy() {
	local stage=$1 from=$DIR/context words
	read -ra words <<<"$2"
	if [[ ${words[0]} = --from=* ]]; then
		from=$DIR/image/${words[0]#--from=}
		words=("${words[@]:1}")
	fi
	mkdir -p "$DIR/image/$stage${words[1]}"
	# shellcheck disable=SC2086
	if [ "${words[0]}" = . ]; then
		cp -a "$from/." "$DIR/image/$stage${words[1]}"
	else
		cp -a "$from"${words[0]} "$DIR/image/$stage${words[1]}"
	fi
}

# image TREE: run the Dockerfile's steps on it; the last stage is called "last".
# A stage that only adds metadata to another one shares its tree.  IMAGE_USER is
# the user; HEALTH, ENTRYPOINT and COMMAND are those of the stage "sweeper".
image() {
	local verb rest stage directory
	mkdir -p "$DIR/image"
	while read -r verb rest; do
		case $verb in
		FROM)
			stage=last directory=/
			[[ $rest != *" AS "* ]] || stage=${rest##* AS }
			if [ -d "$DIR/image/${rest%% *}" ]; then
				ln -s "${rest%% *}" "$DIR/image/$stage"
			else
				cp -a "$1" "$DIR/image/$stage"
			fi
			;;
		USER) IMAGE_USER=$rest ;;
		WORKDIR)
			directory=$rest
			mkdir -p "$DIR/image/$stage$rest"
			;;
		COPY) copy "$stage" "$rest" || return 1 ;;
		RUN) run_in "$stage" "$directory" "$rest" || return 1 ;;
		ARG) declare -g "${rest?}" ;;
		HEALTHCHECK) said_of_sweeper HEALTH "$stage" "${rest#* CMD }" ;;
		ENTRYPOINT) said_of_sweeper ENTRYPOINT "$stage" "$rest" ;;
		CMD) said_of_sweeper COMMAND "$stage" "$rest" ;;
		*)
			echo "the test does not know $verb" >&2
			return 1
			;;
		esac
	done < <(grep -v '^#' "$ROOT/packaging/docker/Dockerfile" |
		sed ':a; /\\$/{N; s/\\\n//; ba}' | grep .)
	IMAGE_USER=$(eval "echo $IMAGE_USER")
}

# said_of_sweeper ARRAY STAGE JSON: no other stage may have this metadata.
said_of_sweeper() {
	[ "$2" = sweeper ] || { echo "$1 of $2" >&2; return 1; }
	mapfile -t "$1" < <(jq -r '.[]' <<<"$3")
}

# What .dockerignore does not exclude goes to the daemon.
context() {
	mkdir "$DIR/context"
	tar -C "$ROOT" --anchored --exclude-from=<(sed 's|^|./|' \
		"$ROOT/packaging/docker/Dockerfile.dockerignore") -c . |
		tar -C "$DIR/context" -x
}

# --- docker run --------------------------------------------------------------

# environment SERVICE: the variables that compose passes, NAME=VALUE; a NAME
# alone has its value from here.
environment() {
	local entry
	while read -r entry; do
		[[ $entry = *=* ]] || entry=$entry=${!entry}
		printf '%s\n' "$entry"
	done < <(with_npm node -e '
		const yaml = require("js-yaml"), fs = require("fs");
		const doc = yaml.load(fs.readFileSync(process.argv[1], "utf8"));
		for (const entry of doc.services[process.argv[2]].environment)
			console.log(entry);' "$OVERRIDE" "$1")
}

# container SERVICE COMMAND...: a read-only root, a user without name or home,
# 256 MB of /run, the same of /tmp mounted noexec, and the recordings.  The
# command is the first process of its PID namespace.
container() {
	local variables
	mapfile -t variables < <(environment "$1")
	shift
	unshare --mount --pid --fork --kill-child bash -ec '
		root=$1 user=$2 storage=$3
		shift 3
		mount --bind "$root" "$root"
		mount -t tmpfs -o size=256m,noexec,nosuid,mode=1777 none "$root/tmp"
		mount -t tmpfs -o size=256m,mode=1777 none "$root/run"
		mkdir -p "$root/storage"
		mount --bind "$storage" "$root/storage"
		mount -t proc proc "$root/proc"
		mount -o remount,bind,ro "$root"
		exec chroot "$root" setpriv --reuid "$user" --regid "$user" \
			--clear-groups --bounding-set=-all --no-new-privs \
			env -i "$@"
	' container "$(realpath "$DIR/image/last")" "$IMAGE_USER" "$DIR/storage" \
		"${variables[@]}" "$@"
}

# The bare Debian, with the link of Jibri's image.
jibri_tree() {
	cp -a "$(base_tree bare)" "$DIR/jibri"
	mkdir "$DIR/jibri/etc/jitsi"
	ln -s /run/jibri/config "$DIR/jibri/etc/jitsi/jibri"
}

# put SESSION: a recording of Jibri's in the volume.
put() {
	SESSION=$1
	REC=$DIR/storage/recordings/$1
	mkdir -p "$REC"
	recording
	# The new ctime would reopen a recording that is done.
	chown 1000:1000 "$DIR/storage" "$DIR/storage/recordings"
	chown -R 1000:1000 "$REC"
}

# start_sweeper: the small image, as compose starts it.
start_sweeper() {
	container jibri-finalize "${ENTRYPOINT[@]}" "${COMMAND[@]}" \
		>"$DIR/said" 2>&1 3>&- &
	CONTAINER_PID=$!
	wait_for sweeper_pid
}

# The first process of the container: unshare is outside of it.
sweeper_pid() {
	pgrep -P "$(pgrep -P "$CONTAINER_PID" -x unshare)" -x jibri-finalize
}

# What Docker would run there, from time to time.
health() {
	local pid variables
	pid=$(sweeper_pid)
	mapfile -t variables < <(environment jibri-finalize)
	nsenter --target "$pid" --mount --pid --root --wd -- \
		setpriv --reuid "$IMAGE_USER" --regid "$IMAGE_USER" \
		--clear-groups env -i "${variables[@]}" "${HEALTH[@]}"
}

# stops_within_10s CODE
stops_within_10s() {
	local begin=$SECONDS code=0
	kill -TERM "$(sweeper_pid)"
	wait "$CONTAINER_PID" || code=$?
	CONTAINER_PID=
	assert_equal "$code" "$1"
	((SECONDS - begin <= 10))
}

@test "the Dockerfile's images keep the link of Jibri's, deliver from a read-only root, stay, tell their health and stop" {
	need_root
	context
	jibri_tree
	image "$DIR/jibri"
	start_sandbox
	assert_equal "$IMAGE_USER" 1000

	# F15: where the link leads is made when the container starts.
	assert_equal "$(readlink "$DIR/image/last/etc/jitsi/jibri")" \
		/run/jibri/config
	[ ! -e "$DIR/image/last/etc/jitsi/jibri" ]

	put one
	# The restrictions are in effect.
	run container jibri sh -c 'id -un'
	assert_output_has 'cannot find name for user ID 1000'
	run container jibri sh -c 'touch /etc/x'
	assert_output_has 'Read-only file system'
	run container jibri sh -c 'cp /bin/true /tmp && /tmp/true'
	assert_output_has 'Permission denied'
	run -0 container jibri df -m --output=size /tmp
	assert_equal "${lines[1]// /}" 256

	# Jibri gets this variable as its finalize-script.
	local hook
	hook=$(environment jibri |
		sed -n 's/^JIBRI_FINALIZE_RECORDING_SCRIPT_PATH=//p')
	run -0 container jibri "$hook" /storage/recordings/one
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM one"
	assert_equal "$(stat -c %u "$REC/.jibri-finalize")" 1000

	# The sweeper keeps running, and delivers what Jibri never called for.
	start_sweeper
	wait_for health
	put two
	is_announced() { webhooks | grep -qx "STOPPED $ROOM $1"; }
	wait_for is_announced two
	both_are_done() { [[ $(health) == "OK - 2 done"* ]]; }
	wait_for both_are_done
	put three
	metadata https://meet.example.org/no-such-room
	touch -d '1 minute ago' "$REC/metadata.json"
	wait_for grep -q '"failed"' "$REC/.jibri-finalize"
	run -2 health
	assert_output_has 'CRITICAL - 1 held'
	# The held one is left.
	stops_within_10s 75
}

# --- docker compose ----------------------------------------------------------

# theirs: what matters of docker-jitsi-meet's two files at commit cd378f0.
theirs() {
	cat >"$DIR/docker-compose.yml" <<-'EOT'
		version: "3.5"
		services:
		  jicofo:
		    image: jitsi/jicofo:stable
		    networks:
		      meet.jitsi:
		networks:
		  meet.jitsi:
	EOT
	cat >"$DIR/jibri.yml" <<-'EOT'
		version: "3.5"
		services:
		  jibri:
		    image: jitsi/jibri:stable
		    read_only: true
		    tmpfs:
		      - /run:size=256M,mode=1750,exec
		      - /tmp:size=256M,mode=1777,noexec
		    volumes:
		      - ${CONFIG}/jibri:/config:Z
		      - ${CONFIG}/storage/jibri:/storage:Z
		    shm_size: 2gb
		    environment:
		      - DISPLAY=:0
		      - JIBRI_FINALIZE_RECORDING_SCRIPT_PATH
		      - JIBRI_RECORDING_DIR
		      - PUBLIC_URL
		    depends_on:
		      - jicofo
		    networks:
		      meet.jitsi:
	EOT
}

# composed JQ: the result of JQ for the three files merged by compose.
composed() {
	(cd "$DIR" && CONFIG=/cfg FILE_SERVICE_URL=http://files \
		MEETING_SERVICE_URL=http://meetings WEBHOOK_SECRET=secret \
		docker-compose -f docker-compose.yml -f jibri.yml \
		-f "$OVERRIDE" config) >"$DIR/composed" || return 1
	python3 -c 'import json, sys, yaml
print(json.dumps(yaml.safe_load(sys.stdin)))' <"$DIR/composed" |
		jq -r "$1"
}

@test "compose takes the override beside docker-jitsi-meet's files, and both containers share the volume" {
	theirs
	# Z is a label for one container alone.
	assert_equal "$(composed '.services | to_entries[] | .key as $s |
		.value.volumes[]? | $s + " " + .')" "$(printf '%s\n' \
		'jibri /cfg/jibri:/config:Z' \
		'jibri /cfg/storage/jibri:/storage:z' \
		'jibri-finalize /cfg/storage/jibri:/storage:z')"
	assert_equal "$(composed '.services.jibri | [.image, (.read_only | tostring),
		(.tmpfs | length | tostring), .environment.DISPLAY,
		.environment.JIBRI_FINALIZE_RECORDING_SCRIPT_PATH,
		.environment.FILE_SERVICE_URL] | join(" ")')" \
		"jibri-with-finalize:$(version) true 2 :0 /usr/bin/jibri-finalize http://files"
	assert_equal "$(composed '.services["jibri-finalize"] |
		.environment.JIBRI_FINALIZE_RECORDINGS_DIR')" \
		"$(composed .services.jibri.environment.JIBRI_RECORDING_DIR)"
	assert_equal "$(composed '[.services.jibri, .services["jibri-finalize"] |
		.networks | keys[]] | unique | join(" ")')" meet.jitsi

	# An unknown key is refused.
	sed 's/read_only/read_olny/' "$OVERRIDE" >"$DIR/wrong.yml"
	OVERRIDE=$DIR/wrong.yml run ! composed .
}
