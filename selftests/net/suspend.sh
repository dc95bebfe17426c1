#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A host that is suspended, for real, to memory, until its clock wakes it. Both ends
# are on it, so both sleep. What has happened to links and keys meanwhile is found
# out at once and not with the next liveness check, which is hours away.
# rig: timeout=240
# covers: MB31 I7

. "$(dirname "$0")/agent_lib"

[ "$(cat /sys/power/mem_sleep 2>/dev/null)" != "" ] &&
	[[ $(uname -r) == *-uml ]] && [ -e /dev/rtc0 ] ||
	skip "this machine's devices do not survive being suspended"

# What CLOCK_BOOTTIME is ahead of CLOCK_MONOTONIC: all sleep there was, in seconds.
asleep() {
	python3 -c 'from time import *
print(int(clock_gettime(CLOCK_BOOTTIME) - clock_gettime(CLOCK_MONOTONIC)))'
}

suspend() {	# SECONDS
	local before

	before=$(asleep)
	rtcwake -m mem -s "$1" >"$tmp/rtcwake" 2>&1 &&
		[ $(($(asleep) - before)) -ge $(($1 - 2)) ]
}

path_is() {	# NAMESPACE ADDRESS STATE PRIMARY
	mobx "$1" -j conn list 2>/dev/null | jq -e --arg a "$2" --arg s "$3" \
		--argjson p "$4" '.[].paths[] |
		select((.local == $a or .remote == $a) and .state == $s and
		.primary == $p)' >/dev/null
}
slept() { [ "$(grep -c 'the host was asleep' "$tmp/$1.log")" = "$2" ]; }
ike() { mobx m -j conn list | jq -c '.[].ike | [.spi_i, .spi_r]'; }
child() { mobx m -j conn list | jq -c '.[].children[].spi_in'; }
pings() {	# FROM
	m ping -q -I "$1" -c 5 -i 0.1 -W 2 10.7.3.2 | grep -q ' 5 received'
}

platform
mobile_conf "$tmp/m.conf"
server_conf "$tmp/s.conf"
sed -i 's/dpd-delay = 1/dpd-delay = 7200 rekey-seconds = 60/' "$tmp"/[ms].conf
start s
start m
wait_for 30 both_up && wait_for 10 path_is s 10.7.2.2 valid false
check $? "both ends come up, by two paths"
watch_clear
pings 10.7.1.2
check $? "traffic flows before"

before=$(ike) && keys=$(child)
suspend 5
check $? "the host sleeps for 5 s"
wait_for 3 slept m 1 && wait_for 3 slept s 1
check $? "both agents say so"
pings 10.7.1.2 && [ "$(ike)" = "$before" ] && [ "$(child)" = "$keys" ]
check $? "traffic goes on under the keys of before"

# The access point dies while nobody looks; carrier stays.
r tc qdisc add dev radio root netem loss 100%
suspend 5
wait_for 3 path_is m 10.7.2.2 valid true && wait_for 2 path_is s 10.7.2.2 valid true
check $? "the path in use died meanwhile: the other one takes over"
pings 10.7.2.2 && [ "$(ike)" = "$before" ]
check $? "traffic flows by it, the IKE SA is the one of before"
r tc qdisc del dev radio root

# Keys age during sleep: of 60 s, and a quarter more, nothing is left.
keys=$(child)
suspend 80
check $? "the host sleeps for longer than keys may be used"
renewed() { [ "$(child)" != "$keys" ] && is_up m && is_up s; }
wait_for 5 renewed && pings 10.7.2.2
check $? "the Child SA is another one, and traffic flows"
[ "$(ike)" = "$before" ]
check $? "in the same IKE SA"
nothing_clear
check $? "nothing was in clear"
finish
