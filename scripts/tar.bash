# What is released has the same bytes wherever it is made.
#
# shellcheck shell=bash

changelog=packaging/debian/changelog
version=$(sed -n '1s/.*(\([^)]*\)).*/\1/p' "$changelog")
[ -n "$version" ] || { echo "$changelog has no version" >&2; exit 1; }
SOURCE_DATE_EPOCH=$(date -d "$(sed -n 's/^ -- .*>  //p;T;q' "$changelog")" +%s)
export SOURCE_DATE_EPOCH

# tar_gz FOLDER NAME FILE: with the changelog's date; only the owner's execute
# bit of a file is kept, as in git.
tar_gz() {
	chmod -R u=rwX,go=rX "$1/$2"
	tar -C "$1" --format=ustar --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
		--owner=0 --group=0 --numeric-owner -cf - "$2" |
		gzip -9n >"$3"
}
