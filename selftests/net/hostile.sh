#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A peer that knows its keys and keeps to no rule, and one that does, of the same
# server: each thing that the former sends gets the answer that RFC 7296 wants,
# nothing of it is left behind, and the latter does not notice.
# rig: timeout=300
# covers: K1 K3 K6 K10 K11 K12 K13 K14 K15 K17 K20 K24 K26 K27 K28 K33 C6 E7

. "$(dirname "$0")/hostile_lib"

platform
ip netns add x
trap 'ip netns del x 2>/dev/null; cleanup' EXIT
ip -n x link set lo up
link x evil 4
ip -n x route add default via 10.7.4.1
configure

start s
wait_for 30 mobx s conn list
start m
wait_for 60 both_up
result=$?
check $result "the honest peer is up"
[ $result = 0 ] || finish
strangers_gone() {
	[ "$(mobx s -j conn list |
		jq -r '.[] | select(.name == "strangers").state')" = down ]
}
sas() { mobx s -j sa show | jq -S 'map([.spi, .dir]) | sort'; }
# An earlier try of the honest peer may have come to nothing.
wait_for 30 eval '[ "$(mobx s -j sa show | jq length)" = 2 ]'
check $? "the server has its pair of SAs"
before=$(sas) ike=$(ike_of) worker=$(worker_of "$pid_s")
ip netns exec m ping -q -i 0.05 10.7.3.2 >"$tmp/ping" &
background+=($!)
ping=$!

first=$tests
while read -r result name; do
	check "$result" "$name"
done < <(in_ns x python3 "$top/selftests/net/hostile_peer.py" \
	10.7.4.2 10.7.3.2 2>"$tmp/peer.log")
# As many as hostile_peer.py has; a part that ends early says so in one line.
[ $((tests - first)) = 81 ] && [ ! -s "$tmp/peer.log" ]
check $? "every case has been tried"

wait_for 5 strangers_gone
check $? "the hostile peer has no IKE SA"
[ -n "$before" ] && [ "$(sas)" = "$before" ]
check $? "no SA is left behind"
[ "$(worker_of "$pid_s")" = "$worker" ]
check $? "the agent is the same process"
[ -n "$ike" ] && [ "$(ike_of)" = "$ike" ] && both_up
check $? "the honest peer has the IKE SA that it had"
kill -INT "$ping"
wait "$ping"
grep -q " 0% packet loss" "$tmp/ping"
check $? "and has lost no packet"
finish
