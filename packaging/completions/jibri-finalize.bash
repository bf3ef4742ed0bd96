# bash completion for jibri-finalize, written by scripts/docs.
# shellcheck shell=bash

# Add the sessions below recordings-dir, as $1 is configured, that begin with
# $2. Names that need quoting in a shell have to be given by path.
_jibri_finalize_sessions() {
	local dir name
	dir=$("$1" config --json 2>/dev/null |
		sed -n '/"recordings-dir"/{n;s/.*"value": "\(.*\)".*/\1/p;}')
	[ -n "$dir" ] || return
	for name in "$dir"/*/; do
		name=${name%/}
		name=${name##*/}
		case $name in
		*[!A-Za-z0-9._-]*) ;;
		"$2"*) COMPREPLY+=("$name") ;;
		esac
	done
}

_jibri_finalize() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command='' flags='' words='' kind='' joint='' word settings
	local sessions=''

	# "--flag=value" arrives as three words.
	if [ "$cur" = = ]; then
		cur='' joint='='
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD-2]} joint='='
	fi
	COMPREPLY=()
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		finalize | upload | verify | notify | pack | sweep | watch | status | show | pause | resume | forget | check | config | help)
			command=$word
			break
			;;
		esac
	done
	settings='--file-service-url
	--file-service-parts
	--parts-from
	--part-hosts
	--meeting-service-url
	--store
	--s3-url
	--s3-bucket
	--s3-region
	--s3-access-key
	--s3-access-key-file
	--s3-secret-key-file
	--s3-session-token-file
	--s3-key
	--s3-addressing
	--s3-part-size
	--webhook-url
	--webhook-files
	--webhook-secret-file
	--webhook-secret-previous-file
	--webhook-auth
	--failed-webhook
	--started-webhook
	--token-file
	--file-service-token-file
	--meeting-service-token-file
	--oauth-token-url
	--oauth-client-id
	--oauth-client-secret-file
	--oauth-scope
	--base-path
	--room-format
	--room-from-media
	--meeting-id-keys
	--redact
	--exclude
	--locking
	--parallel
	--checksum
	--tries
	--retry-delay
	--retry-delay-max
	--retry-for
	--deadline
	--connect-timeout
	--stall-timeout
	--answer-timeout
	--limit-rate
	--expect-continue
	--ca-file
	--tls-cert
	--tls-key
	--tls-key-password-file
	--tls-pin
	--require-tls
	--proxy
	--proxy-auth-file
	--strict-permissions
	--trust
	--confine
	--recordings-dir
	--jibri-config
	--defer
	--jobs
	--splay
	--max-time
	--settle
	--sweep-retry-delay
	--sweep-retry-delay-max
	--give-up
	--watch-interval
	--drain-for
	--live
	--live-limit-rate
	--retention
	--retention-verify
	--min-free
	--metrics-file
	--metrics-push-url
	--work-dir
	--unpack-ratio
	--log-file
	--log-format
	--log-level
	--progress'
	case $command in
	finalize | '')
		flags="--config --force --json --dry-run
			--quiet --verbose --help --version $settings"
		words=''
		kind=-d
		[ -z "$command" ] || sessions=yes
		;;
	upload)
		flags="--config --force --json --room
			--session --meeting-id --only --no-webhook
			--dry-run --quiet --verbose --help
			--version $settings"
		words=''
		kind=-f
		[ -z "$command" ] || sessions=yes
		;;
	verify)
		flags="--config --json --deep --quiet
			--verbose --help --version $settings"
		words=''
		kind=-d
		[ -z "$command" ] || sessions=yes
		;;
	notify)
		flags="--config --force --json --room
			--session --error --dry-run --quiet
			--verbose --help --version $settings"
		words='started stopped failed'
		kind=-d
		[ -z "$command" ] || sessions=yes
		;;
	pack)
		flags="--config --json --output --unredacted
			--dry-run --quiet --verbose --help
			--version $settings"
		words=''
		kind=-f
		[ -z "$command" ] || sessions=yes
		;;
	sweep)
		flags="--config --json --held --dry-run
			--quiet --verbose --help --version $settings"
		words=''
		kind=-d
		;;
	watch)
		flags="--config --json --quiet --verbose
			--help --version $settings"
		words=''
		kind=-d
		;;
	status)
		flags="--config --json --state --older-than
			--sort --limit --utc --watch
			--check --all --quiet --verbose
			--help --version $settings"
		words=''
		kind=-d
		;;
	show)
		flags="--config --json --utc --log
			--quiet --verbose --help --version $settings"
		words=''
		kind=-d
		[ -z "$command" ] || sessions=yes
		;;
	pause)
		flags="--config --json --dry-run --for
			--quiet --verbose --help --version $settings"
		words=''
		kind=-d
		;;
	resume)
		flags="--config --json --dry-run --quiet
			--verbose --help --version $settings"
		words=''
		kind=-d
		;;
	forget)
		flags="--config --json --reset --yes
			--dry-run --quiet --verbose --help
			--version $settings"
		words=''
		kind=-d
		[ -z "$command" ] || sessions=yes
		;;
	check)
		flags="--config --json --dry-run --write
			--quiet --verbose --help --version $settings"
		words=''
		kind=''
		;;
	config)
		flags="--config --json --sample --quiet
			--verbose --help --version $settings"
		words=''
		kind=''
		;;
	help)
		flags="--config --json --all --quiet
			--verbose --help --version"
		words='finalize upload verify notify pack sweep watch status show pause resume forget check config help
			file-service-url file-service-parts parts-from part-hosts
			meeting-service-url store s3-url s3-bucket
			s3-region s3-access-key s3-secret-key s3-session-token
			s3-key s3-addressing s3-part-size webhook-url
			webhook-files webhook-secret webhook-secret-previous webhook-auth
			failed-webhook started-webhook token file-service-token
			meeting-service-token oauth-token-url oauth-client-id oauth-client-secret
			oauth-scope base-path room-format room-from-media
			meeting-id-keys redact exclude locking
			parallel checksum tries retry-delay
			retry-delay-max retry-for deadline connect-timeout
			stall-timeout answer-timeout limit-rate expect-continue
			ca-file tls-cert tls-key tls-key-password
			tls-pin require-tls proxy proxy-auth
			strict-permissions trust confine recordings-dir
			jibri-config defer jobs splay
			max-time settle sweep-retry-delay sweep-retry-delay-max
			give-up watch-interval drain-for live
			live-limit-rate retention retention-verify min-free
			metrics-file metrics-push-url work-dir unpack-ratio
			log-file log-format log-level progress'
		kind=''
		;;
	esac
	[ -n "$command" ] || words='finalize upload verify notify pack sweep watch status show pause resume forget check config help'
	case $prev$joint in
	--webhook-files=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--started-webhook=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--room-from-media=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--locking=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--expect-continue=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--require-tls=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--strict-permissions=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--confine=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--defer=)
		flags='' kind='' sessions='' words='yes no'
		;;
	--live=)
		flags='' kind='' sessions='' words='yes no'
		;;
	esac
	case $prev in
	--file-service-parts)
		flags='' kind='' sessions='' words='auto no'
		;;
	--store)
		flags='' kind='' sessions='' words='file-service s3'
		;;
	--s3-addressing)
		flags='' kind='' sessions='' words='path host'
		;;
	--failed-webhook)
		flags='' kind='' sessions='' words='at-once final never'
		;;
	--checksum)
		flags='' kind='' sessions='' words='sha256 none'
		;;
	--trust)
		flags='' kind='' sessions='' words='owner any'
		;;
	--retention-verify)
		flags='' kind='' sessions='' words='list deep'
		;;
	--log-format)
		flags='' kind='' sessions='' words='text json'
		;;
	--log-level)
		flags='' kind='' sessions='' words='error warning info debug trace'
		;;
	--progress)
		flags='' kind='' sessions='' words='auto always never'
		;;
	--config | \
	--output | \
	-o | \
	--s3-access-key-file | \
	--s3-secret-key-file | \
	--s3-session-token-file | \
	--webhook-secret-file | \
	--webhook-secret-previous-file | \
	--token-file | \
	--file-service-token-file | \
	--meeting-service-token-file | \
	--oauth-client-secret-file | \
	--ca-file | \
	--tls-cert | \
	--tls-key | \
	--tls-key-password-file | \
	--proxy-auth-file | \
	--jibri-config | \
	--metrics-file | \
	--log-file)
		flags='' words='' sessions='' kind=-f
		;;
	--room | \
	--session | \
	--meeting-id | \
	--only | \
	--error | \
	--for | \
	--state | \
	--older-than | \
	--sort | \
	--limit | \
	--file-service-url | \
	--parts-from | \
	--part-hosts | \
	--meeting-service-url | \
	--s3-url | \
	--s3-bucket | \
	--s3-region | \
	--s3-access-key | \
	--s3-key | \
	--s3-part-size | \
	--webhook-url | \
	--webhook-auth | \
	--oauth-token-url | \
	--oauth-client-id | \
	--oauth-scope | \
	--base-path | \
	--room-format | \
	--meeting-id-keys | \
	--redact | \
	--exclude | \
	--parallel | \
	--tries | \
	--retry-delay | \
	--retry-delay-max | \
	--retry-for | \
	--deadline | \
	--connect-timeout | \
	--stall-timeout | \
	--answer-timeout | \
	--limit-rate | \
	--tls-pin | \
	--proxy | \
	--recordings-dir | \
	--jobs | \
	--splay | \
	--max-time | \
	--settle | \
	--sweep-retry-delay | \
	--sweep-retry-delay-max | \
	--give-up | \
	--watch-interval | \
	--drain-for | \
	--live-limit-rate | \
	--retention | \
	--min-free | \
	--metrics-push-url | \
	--work-dir | \
	--unpack-ratio)
		flags='' words='' sessions='' kind=''
		;;
	esac
	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$cur")
		return
		;;
	esac
	[ -z "$kind" ] || compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen $kind -W "$words" -- "$cur")
	[ -z "$sessions" ] ||
		_jibri_finalize_sessions "${COMP_WORDS[0]}" "$cur"
}

complete -F _jibri_finalize jibri-finalize
