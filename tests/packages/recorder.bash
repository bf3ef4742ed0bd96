# A machine that records: Jibri's user and configuration, and this package as an
# operator installs it.
#
# shellcheck shell=bash

# recorder_start: boot a machine with the user and log directory that Jibri's
# package makes, with recordings, and a configuration that calls us.
recorder_start() {
	machine_start
	machine groupadd jitsi
	machine useradd --system --create-home jibri
	machine usermod -a -G jibri,jitsi,audio,video jibri
	machine install -d -g jitsi -m 775 /var/log/jitsi/jibri
	machine install -d -o jibri -g jibri /srv/recordings
	mkdir -p "$MACHINE/etc/jitsi/jibri"
	cat >"$MACHINE/etc/jitsi/jibri/jibri.conf" <<-'EOT'
		jibri {
		  recording {
		    recordings-directory = "/srv/recordings"
		    finalize-script = "/usr/bin/jibri-finalize"
		  }
		}
	EOT
	machine apt-get -qq update
}

# apt_get ARGUMENT...: what it says goes to $DIR/apt.
apt_get() {
	machine apt-get -y -o Dpkg::Use-Pty=0 "$@" >"$DIR/apt" 2>&1 </dev/null ||
		{ tail -n 20 "$DIR/apt" >&2; return 1; }
}

# install_deb [FILE]: this package, or another.
install_deb() {
	cp "${1:-$(this_deb)}" "$MACHINE/root/jibri-finalize.deb"
	apt_get install /root/jibri-finalize.deb
}

# an_operator: has sudo; standard input is the script of the editor.
an_operator() {
	cat >"$MACHINE/usr/local/bin/sudo" <<-'EOT'
		#!/bin/sh
		[ "$1" = -u ] || exec "$@"
		user=$2
		shift 2
		exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"
	EOT
	{ echo '#!/bin/sh' && cat; } >"$MACHINE/usr/local/bin/editor"
	chmod 755 "$MACHINE"/usr/local/bin/{sudo,editor}
}

# configure [LINE...]: the services, the secret, the recordings, and more.
configure() {
	printf '%s\n' "file-service-url = $URL" "meeting-service-url = $URL" \
		'webhook-secret-file = /etc/jitsi/jibri/secret' \
		'recordings-dir = /srv/recordings' "$@" \
		>"$MACHINE/etc/jitsi/jibri/finalize.conf"
	machine install -g jibri -m 0640 /dev/stdin /etc/jitsi/jibri/secret \
		<<<"$CANARY"
}

# lacks_a_sweeper LINE FILE: it is check, which comes before the command that
# starts a sweeper, and in FILE it reports nothing else.
lacks_a_sweeper() {
	[[ $1 == *' check' ]] &&
		[ "$(awk '/^(warning|failed) / { print $2 }' "$2")" = sweeper: ]
}

# put SESSION [ROOM]: a recording of Jibri's, some time ago; from here on it is
# SESSION.
put() {
	# shellcheck disable=SC2034 # lib.bash uses it.
	SESSION=$1
	REC=$MACHINE/srv/$1
	mkdir "$REC"
	cp "$ROOT/tests/data/video.mp4" "$REC/$MEDIA"
	metadata "https://meet.example.org/${2:-$ROOM}"
	touch -d @1767323045 "$REC"/* "$REC"
	machine chown -R jibri: "/srv/$1"
	# Nobody there has seen it as root's.
	mv "$REC" "$MACHINE/srv/recordings"
	REC=$MACHINE/srv/recordings/$1
}

# as_jibri COMMAND...: as Jibri's unit starts it: its user, no environment.
as_jibri() {
	machine setpriv --reuid jibri --regid jibri --init-groups env -i "$@"
}

is_announced() {
	webhooks | grep -qx "STOPPED $ROOM $1"
}
