# The container, without Docker: the steps of the Dockerfile on a tree made by
# debootstrap, and the result in namespaces as restricted as
# docker-jitsi-meet's.

load ../lib
load machine
load npm

setup() {
	common_setup
	OVERRIDE=$ROOT/packaging/docker/docker-compose.override.yml
}

teardown() {
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

# image TREE: what the Dockerfile makes of it, step by step; the last stage is
# called "last", and IMAGE_USER is its user.
image() {
	local verb rest stage directory
	mkdir -p "$DIR/image"
	while read -r verb rest; do
		case $verb in
		FROM)
			stage=last directory=/
			[[ $rest != *" AS "* ]] || stage=${rest##* AS }
			cp -a "$1" "$DIR/image/$stage"
			;;
		USER) IMAGE_USER=$rest ;;
		WORKDIR)
			directory=$rest
			mkdir -p "$DIR/image/$stage$rest"
			;;
		COPY) copy "$stage" "$rest" || return 1 ;;
		RUN) run_in "$stage" "$directory" "$rest" || return 1 ;;
		ARG) declare -g "${rest?}" ;;
		*)
			echo "the test does not know $verb" >&2
			return 1
			;;
		esac
	done < <(grep -v '^#' "$ROOT/packaging/docker/Dockerfile" |
		sed ':a; /\\$/{N; s/\\\n//; ba}' | grep .)
	IMAGE_USER=$(eval "echo $IMAGE_USER")
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
# 256 MB of /tmp mounted noexec, and the recordings.
container() {
	local variables
	mapfile -t variables < <(environment "$1")
	shift
	unshare --mount --pid --fork --kill-child bash -ec '
		root=$1 user=$2 storage=$3
		shift 3
		mount --bind "$root" "$root"
		mount -t tmpfs -o size=256m,noexec,nosuid,mode=1777 none "$root/tmp"
		mkdir -p "$root/storage"
		mount --bind "$storage" "$root/storage"
		mount -t proc proc "$root/proc"
		mount -o remount,bind,ro "$root"
		exec chroot "$root" setpriv --reuid "$user" --regid "$user" \
			--clear-groups --bounding-set=-all --no-new-privs \
			env -i "$@"
	' container "$DIR/image/last" "$IMAGE_USER" "$DIR/storage" \
		"${variables[@]}" "$@"
}

@test "the Dockerfile's image delivers a recording from a read-only root, as user 1000 without a name" {
	need_root
	context
	image "$(base_tree bare)"
	start_sandbox
	assert_equal "$IMAGE_USER" 1000

	mkdir -p "$DIR/storage/recordings"
	REC=$DIR/storage/recordings/$SESSION
	mkdir "$REC"
	recording
	chown -R 1000:1000 "$DIR/storage"

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
	run -0 container jibri "$hook" "/storage/recordings/$SESSION"
	is_stored metadata.json "$MEDIA"
	assert_equal "$(webhooks)" "STOPPED $ROOM $SESSION"
	assert_equal "$(stat -c %u "$REC/.jibri-finalize")" 1000
}
