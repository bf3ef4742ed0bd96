#!/usr/bin/env -S zsh -f
# Usage: complete.zsh DIR DUMP "LINE": print what zsh offers after LINE, one per
# line.  DIR has the completion; the file DUMP saves time.
#
# A separate zsh on a pseudo-terminal completes the line; what it would add is
# printed instead.
zmodload zsh/zpty
export TERM=vt100

zpty z zsh -f -i
zpty -w z "fpath=($1 \$fpath); PROMPT=; autoload -Uz compinit; compinit -u -C -d $2"
zpty -w z 'compadd() {
	local -a hits
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	builtin compadd -A hits "$@"
	(( $#hits )) && print -lr -- "${(@)hits/#/OFFER }"
	builtin compadd "$@"
}'
zpty -w z 'leave() { zle -I; print; print END; exit }; zle -N leave'
zpty -w z 'bindkey "^I" complete-word; bindkey "^E" leave'
zpty -w z 'stty -echo'
zpty -w z "print READY"
zpty -r z line $'*\nREADY*'
zpty -n -w z "$3"$'\t'
zpty -n -w z $'\x05'
zpty -r z line '*END*'
print -r -- "$line" | tr -d '\r' | sed -n 's/^.*OFFER //p' | sort -u
