#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two agents that spoil what they send (--impair, which builds for tests have):
# one datagram in ten is lost, others come twice, late, out of order or damaged.
# They set up, rekey and move all the same, and nothing is ever in clear; and an
# agent that leaves something out of its messages is taken as one that lacks it.
# rig: timeout=400
# covers: I2 K2 K3

. "$(dirname "$0")/agent_lib"

out=$("$mobxd" --impair drop=10% 2>&1)
[ $? = 2 ] && [[ $out == *"this build has none"* ]]
check $? "the mobxd that is installed cannot be impaired, and says so"
mobxd=$top/build/impair/mobxd
[ -x "$mobxd" ] || skip "no build/impair/mobxd"
out=$("$mobxd" --impair drop=10%,lose=1 2>&1)
[ $? = 2 ] && [[ $out == *'"lose" is none; drop,'* ]]
check $? "a switch that is none is named"

platform
# Enough tries for one message that is unlucky time and again.
patient='retransmit-first-ms = 100'
mobile_conf "$tmp/m.conf" "$patient"
server_conf "$tmp/s.conf" "$patient"
sed -i 's/retransmit-tries = 4/retransmit-tries = 8/' "$tmp"/[ms].conf

spoilt="drop=10%,duplicate=10%,delay=20%:300ms,corrupt=3%"
watch_clear
mobxd_options=(--impair "$spoilt,seed=11")
start s
mobxd_options=(--impair "$spoilt,seed=12")
start m
wait_for 40 both_up
check $? "loss, duplicates, delay, damage: both ends come up"
pings() { m ping -q -c "${1:-5}" -i 0.1 -W 5 10.7.3.2 >/dev/null; }
pings
check $? "traffic both ways"

spi() { mobx m -j conn list | jq -r '.[0].ike.spi_i'; }
esp() { mobx m -j sa show | jq -r '.[] | select(.dir == "out") | .spi' | sort; }
# A peer that answers too late may cost the IKE SA: another try has to do.
again() {	# COMMAND...
	local i

	for i in 1 2 3; do
		wait_for 40 both_up && "$@" >/dev/null 2>&1 && return
	done
	return 1
}

changed() { [ "$("$1")" != "$2" ] && both_up; }
for what in spi esp; do
	words='' name="the IKE SA"
	[ $what = spi ] || { words=children name="its Child SA"; }
	for round in 1 2 3; do
		before=$($what)
		again mobx m conn rekey server $words &&
			wait_for 40 changed $what "$before"
		check $? "rekey $round: $name is replaced"
	done
	pings
	check $? "rekey: traffic flows on with new keys for $name"
done

primary() {
	mobx m -j path show |
		jq -e --arg a "$1" '.[] | select(.primary and .local == $a)'
}

for addr in 10.7.2.2 10.7.1.2 10.7.2.2 10.7.1.2; do
	again mobx m path use server $addr && wait_for 40 primary $addr >/dev/null
	check $? "move: to $addr"
	pings
	check $? "move: traffic flows at $addr"
done
for what in drop duplicate delay corrupt; do
	grep -q "event=impair.*$what: " "$tmp/m.log" &&
		grep -q "event=impair.*$what: " "$tmp/s.log"
	check $? "it was not for want of $what"
done
nothing_clear
check $? "nothing in clear"

# -------------------------------------------------------------- left out

kill -TERM "$pid_m" "$pid_s"
wait "$pid_m" "$pid_s"
mobxd_options=()
start s
mobxd_options=(--impair omit=MOBIKE_SUPPORTED,omit=INITIAL_CONTACT)
start m
wait_for 40 both_up && pings
check $? "omit: up without what was left out"
[ "$(mobx s -j conn list | jq '[.[].mobike] | any')" = false ]
check $? "omit: the peer takes it for a host without MOBIKE"
nothing_clear
check $? "omit: nothing in clear"
finish
