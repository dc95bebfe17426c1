#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# make install puts everything where Debian expects it, make uninstall takes
# all of it away again, and what is installed runs.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
n=0 bad=0

check() {
	local what=$1

	n=$((n + 1))
	shift
	if "$@" >"$root.log" 2>&1; then
		echo "ok $n - $what"
	else
		sed 's/^/# /' "$root.log"
		echo "not ok $n - $what"
		bad=1
	fi
	rm -f "$root.log"
}

present() {
	local f missing=0

	for f; do
		[ -e "$root/$f" ] || { echo "missing: $f"; missing=1; }
	done
	return $missing
}

units_parse() {
	# Names of programs are those of the real root; here only syntax counts.
	! systemd-analyze verify --man=no "$root"/lib/systemd/system/*.service \
		2>&1 | grep -E '(Unknown|Failed to parse|Invalid|Missing)'
}

dkms_builds() {
	local krel=/usr/src/linux-headers-$(scripts/kernel-release 6.1)

	make -C "$krel" M="$(echo "$root"/usr/src/mobx-*)" modules &&
		test -s "$root"/usr/src/mobx-*/mobx.ko &&
		! grep -q @VERSION@ "$root"/usr/src/mobx-*/dkms.conf
}

nothing_left() {
	! find "$root" ! -type d | grep .
}

echo 1..6
check "make install honours DESTDIR" \
	make -s --no-print-directory install DESTDIR="$root"
check "what users expect is there" present usr/sbin/mobxd usr/sbin/mobx \
	lib/systemd/system/mobxd.service \
	lib/systemd/system/mobx-policy.service \
	usr/share/bash-completion/completions/mobx \
	usr/share/man/man8/mobx.8 usr/share/man/man8/mobxd.8 \
	usr/share/man/man5/mobxd.conf.5 etc/mobx/mobxd.conf.example \
	etc/mobx/policy.conf.example
check "the command runs" "$root/usr/sbin/mobx" -V
if command -v systemd-analyze >/dev/null; then
	check "systemd reads the units" units_parse
else
	n=$((n + 1))
	echo "ok $n - systemd reads the units # SKIP no systemd-analyze here"
fi
check "the sources for DKMS build" dkms_builds
make -s -C "/usr/src/linux-headers-$(scripts/kernel-release 6.1)" \
	M="$(echo "$root"/usr/src/mobx-*)" clean >/dev/null 2>&1
make -s --no-print-directory uninstall DESTDIR="$root" >/dev/null
check "make uninstall leaves nothing" nothing_left
exit $bad
