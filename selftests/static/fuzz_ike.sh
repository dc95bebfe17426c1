#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each of libFuzzer's targets for a moment, from the corpus of the tree: what a
# change has broken shows in the first seconds. make fuzz-ike goes on for longer.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
moment=$([ "${MOBX_LONG:-0}" = 1 ] && echo 120 || echo 12)
n=0 bad=0

check() {
	local target=$1 result=$2

	n=$((n + 1))
	case $result in
	ok,*)
		echo "ok $n - fuzz $target: $result"
		;;
	*)
		tail -n 40 "build/fuzz-ike/$target.log" | sed 's/^/# /'
		echo "not ok $n - fuzz $target: $result"
		bad=1
		;;
	esac
}

while read -r target result; do
	case $target in
	*:)
		check "${target%:}" "$result"
		;;
	*)
		echo "# $target $result"
		;;
	esac
done < <(make -s --no-print-directory fuzz-ike SECONDS=$moment 2>&1)
echo "1..$n"
[ $n -gt 0 ] || echo "# nothing was built, or run"
[ $bad = 0 ] && [ $n -gt 0 ]
