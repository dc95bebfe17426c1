#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The rig tells the truth: output, exit status, files that come back, time
# limit, and a kernel that complains is never a success.

top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export MOBX_OUT=$dir/out
n=0 bad=0

check() {
	local what=$1

	n=$((n + 1))
	shift
	if "$@"; then
		echo "ok $n - $what"
	else
		sed 's/^/# /' "$dir/stdout" "$dir/stderr"
		echo "not ok $n - $what (status $status)"
		bad=1
	fi
}

vm() {
	selftests/vm/run "$@" >"$dir/stdout" 2>"$dir/stderr"
	status=$?
}

echo 1..20
for kernel in 6.1 uml; do
	vm -k $kernel -- sh -c 'printf "a\r\n\001b\n"; echo c >&2
		echo "$0 $1" >$MOBX_OUT/file; echo lost >/etc/mobx-rig-test
		sleep 1000 & exit 7' 'x y' '*'
	check "$kernel: the job's exit status is ours" test "$status" = 7
	printf 'a\r\n\001b\n' >"$dir/want"
	check "$kernel: standard output comes unchanged" \
		cmp -s "$dir/stdout" "$dir/want"
	check "$kernel: standard error stays apart" grep -qx c "$dir/stderr"
	check "$kernel: files in MOBX_OUT come back, arguments arrive whole" \
		grep -qx 'x y \*' "$dir/out/file"
	check "$kernel: nothing else stays" test ! -e /etc/mobx-rig-test
	rm -f "$dir/out/file"

	vm -k $kernel -t 12 -- sleep 1000
	check "$kernel: a job without end is ended" test "$status" = 124

	vm -k $kernel -- sh -c \
		'echo "WARNING: CPU: 0 PID: 1 at rig test" >/dev/kmsg'
	check "$kernel: what the kernel complains of is a failure" \
		test "$status" = 125
done

complaint() {
	printf 'a\n%s\nb\n' "$1" | selftests/vm/complaint >"$dir/stdout"
	status=$?
}

complaint "mobx: IPsec for hosts that move"
check "what a kernel says is no complaint" test "$status" = 1
complaint "BUG: KASAN: use-after-free in mobx_input_hook"
check "that it found a bug is one" test "$status" = 0
complaint "unreferenced object 0xffff888004a1c000 (size 64):"
check "and so is memory that nobody points to" test "$status" = 0
race() {	# IN
	complaint "=====
BUG: KCSAN: data-race in tick / $1

write to 0xffff888004a1c000 of 8 bytes by interrupt on cpu 0:
 tick+0x1/0x2

read to 0xffff888004a1c000 of 8 bytes by task 1 on cpu 1:
 $1+0x1/0x2
 tock+0x1/0x2
 mobx_input_hook+0x1/0x2 [mobx]

====="
}
race "mobx_output_hook [mobx]"
check "a data race of the module is one" test "$status" = 0
race tack
check "one of the kernel's own is none" test "$status" = 1

vm -k 5.4 -- true
check "an unknown kernel is refused" test "$status" = 2
exit $bad
