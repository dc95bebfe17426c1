#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The fuzzers, a short run of each; make fuzz-esp and make fuzz-netlink are the
# long ones.
# rig: timeout=360
# covers: ES13 ES21 I5

cd "$(dirname "$0")/../.." || exit 1
n=0 failed=0
for what in esp netlink; do
	[ -x build/fuzz/$what ] || { echo "1..0 # SKIP no build/fuzz/$what"; exit 4; }
done
for what in "esp ${MOBX_FUZZ_ESP:-6000}" "netlink ${MOBX_FUZZ_NETLINK:-12000}"; do
	n=$((n + 1))
	if selftests/fuzz/run ${what% *} $RANDOM ${what#* } | sed 's/^\(not \)\?ok/# &/'
	   [ "${PIPESTATUS[0]}" = 0 ]; then
		echo "ok $n - ${what% *}"
	else
		echo "not ok $n - ${what% *}"
		failed=1
	fi
done
echo "1..$n"
exit $failed
