#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two agents and a mobile that moves: softly without losing a packet, by force
# when a link goes away, with the address of its only link changing; nothing is
# in clear.
# rig: timeout=600 alone
# covers: I2 I4 I7 MB35

. "$(dirname "$0")/agent_lib"

platform
mobile_conf "$tmp/m.conf"
server_conf "$tmp/s.conf"
r tc qdisc add dev wire root netem delay 5ms 2>/dev/null
start s
start m
wait_for 30 both_up
check $? "both ends come up"
watch_clear

# The path of an own address as the agent has it: state and whether primary.
path_is() {	# NAMESPACE ADDRESS STATE PRIMARY
	mobx "$1" -j conn list 2>/dev/null | jq -e --arg a "$2" --arg s "$3" \
		--argjson p "$4" '.[].paths[] |
		select((.local == $a or .remote == $a) and .state == $s and
		.primary == $p)' >/dev/null
}
move_kind() { mobx m -j conn list | jq -r '.[].last_move.kind'; }
spis() { mobx m -j conn list | jq -c '.[].children'; }

radio=10.7.1.2 wlan=10.7.2.2 other=10.7.2.77 third=10.7.2.78

wait_for 10 path_is m $wlan valid false && path_is m $radio valid true &&
	wait_for 5 path_is s $wlan valid false
check $? "each link is a path, proven at both ends"
before=$(spis)

# Both paths carry packets, one after the other and during the move.
m ping -q -I $radio -c 150 -i 0.02 10.7.3.2 >"$tmp/ping.radio" &
old=$!
m ping -q -I $wlan -c 150 -i 0.02 10.7.3.2 >"$tmp/ping.wlan" &
new=$!
sleep 1
mobx m path use server $wlan
check $? "path use"
path_is m $wlan valid true && path_is s $wlan valid true
check $? "soft: both ends have the new primary"
wait $old $new
grep -q ' 150 received' "$tmp/ping.radio" &&
	grep -q ' 150 received' "$tmp/ping.wlan" &&
	! grep -q duplicates "$tmp/ping.radio" "$tmp/ping.wlan"
check $? "soft: no packet lost on either path, none twice"
[ "$(move_kind)" = soft ]
check $? "soft: is reported as such"

ip -n m link set wlan down
wait_for 5 path_is m $radio valid true && wait_for 5 path_is s $radio valid true
check $? "hard: the link in use goes down, the other path takes over"
[ "$(move_kind)" = hard ]
check $? "hard: is reported as such"
m ping -q -c 3 -i 0.1 -W 2 10.7.3.2 | grep -q ' 3 received'
check $? "hard: traffic flows"
gone_at_server() { ! path_is s $wlan valid false; }
wait_for 5 gone_at_server
check $? "hard: the dead path is withdrawn"

ip -n m link set wlan up
ip -n m route replace default via 10.7.2.1 dev wlan metric 200
ip -n m route replace default via 10.7.2.1 table 2
wait_for 10 path_is m $wlan valid false && wait_for 5 path_is s $wlan valid false
check $? "a link that comes back is a path again"

mobx m path del server $wlan && ! path_is s $wlan valid false
check $? "path del"
sleep 1
! path_is m $wlan valid false
check $? "path del: lasts"
err=$(mobx m path del server $radio 2>&1)
[ $? = 2 ] && [[ $err == *only* ]]
check $? "path del: not the last one"
err=$(mobx m path use server 192.0.2.1 2>&1)
[ $? = 2 ] && [[ $err == *"address of this host"* ]]
check $? "path use: an address that does not reach the peer is named"
mobx m path add server $wlan && path_is s $wlan valid false
check $? "path add"

# One link only, and its address changes.
m sysctl -qw net.ipv4.conf.wlan.promote_secondaries=1
ip -n m link set radio down
wait_for 5 path_is s $wlan valid true
ip -n m addr add $other/24 dev wlan
ip -n m rule add from $other lookup 2
ip -n m addr del $wlan/24 dev wlan
ip -n m route replace default via 10.7.2.1 dev wlan metric 200
ip -n m route replace default via 10.7.2.1 table 2
wait_for 10 path_is m $other valid true && wait_for 5 path_is s $other valid true
check $? "the address of the only link changes"
m ping -q -c 3 -i 0.1 -W 2 10.7.3.2 | grep -q ' 3 received'
check $? "traffic flows from the new address"

# The same over a slow link, whose neighbours the kernel forgets with its last
# address: nobody is looked for, so it takes one round trip and not two.
m tc qdisc add dev wlan root netem delay 100ms
r tc qdisc add dev wlan root netem delay 100ms
sleep 2
ip -n m rule add from $third lookup 2
ip -n m -batch - <<-END
	addr del $other/24 dev wlan
	addr add $third/24 dev wlan
	route replace default via 10.7.2.1 dev wlan metric 200
	route replace default via 10.7.2.1 dev wlan table 2
END
wait_for 10 path_is m $third valid true && wait_for 5 path_is s $third valid true
check $? "the address changes on a slow link"
took=$(grep event=move "$tmp/m.log" | tail -n 1 | sed 's/.* t_update_us=\([0-9]*\).*/\1/')
[ "$took" -gt 190000 ] && [ "$took" -lt 330000 ]
check $? "in one round trip: $took us of 200,000"
m tc qdisc del dev wlan root
r tc qdisc del dev wlan root

[ "$(spis)" = "$before" ]
check $? "through all of this the SAs are the same"
nothing_clear
check $? "nothing in clear"
# How long they took, for who reads the log.
grep -h "event=move" "$tmp"/*.log | sed "s/^/# /"
finish
