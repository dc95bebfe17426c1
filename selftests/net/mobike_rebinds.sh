#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two agents, datagrams by both links of the mobile in both directions, and one
# hard move after the other while they flow: on no link anything is in clear or
# under a pair of addresses that is not of that link, and neither a sequence number
# nor an IV is there twice. MOBX_LONG=1 makes ten thousand moves.
# rig: timeout=900 alone
# covers: MX2 MX4 I1 I2 I3

. "$(dirname "$0")/agent_lib"

S=10.7.3.2 radio=10.7.1.2 wlan=10.7.2.2
helper="$(dirname "$0")/mobike_rebinds"
moves=100 seconds=25 rate=200
[ -z "${MOBX_LONG:-}" ] || { moves=10000 seconds=700 rate=4000; }

protect='protect { order = 101 proto = "udp" DIR = "10.7.3.0/24" }'

platform
mobile_conf "$tmp/m.conf" "${protect//DIR/remote}"
server_conf "$tmp/s.conf" "${protect//DIR/local}"

declare -A dump
for dev in radio wlan wire; do
	ip netns exec r tcpdump -i $dev -p -s 128 -B 16384 -w "$tmp/$dev.pcap" \
		ip 2>"$tmp/tcpdump.$dev" &
	dump[$dev]=$!
	background+=($!)
done
for dev in radio wlan wire; do
	wait_for 20 grep -q listening "$tmp/tcpdump.$dev"
done

start s
start m
two_paths() { [ "$(mobx m path show | grep -c ' valid')" = 2 ]; }
wait_for 40 both_up && wait_for 20 two_paths
check $? "up, both links are paths"

ip netns exec s "$helper" serve $S "$tmp/got" &
background+=($!)
wait_for 10 test -s "$tmp/got"
ip netns exec m "$helper" flood $S $rate $radio $wlan &
flood=$!
background+=($!)
flows() { [ "$(cat "$tmp/got")" -gt 100 ]; }
wait_for 20 flows
check $? "datagrams flow"

before=$(cat "$tmp/got")
made=$(ip netns exec m "$helper" move "$tmp/m/control" $moves $seconds \
	$radio $wlan 2>"$tmp/move.log")
[ "${made:-0}" -ge $((moves / 5)) ]
check $? "hard moves while they flow (made ${made:-none})"
now=$(cat "$tmp/got")
# A busy machine moves faster than it sends.
[ $((4 * (now - before))) -gt "${made:-0}" ]
check $? "and they flow on ($((now - before)) datagrams meanwhile)"
is_up m && two_paths && [ "$(grep -c ike-up "$tmp/m.log")" -le 1 ]
check $? "by the IKE SA that there was, and both paths"

kill $flood
sleep 1
for dev in radio wlan wire; do
	kill "${dump[$dev]}"
	wait_for 10 gone "${dump[$dev]}"
done
"$helper" audit $S radio="$tmp/radio.pcap"=$radio wlan="$tmp/wlan.pcap"=$wlan \
	wire="$tmp/wire.pcap"=$radio,$wlan >"$tmp/audit.log"
sed 's/^/# /' "$tmp/audit.log"
[ "$(grep -c ' 0 wrong' "$tmp/audit.log")" = 3 ]
check $? "captures: nothing in clear, mixed or twice on any link"
! grep -q ' 0 packets' "$tmp/audit.log"
check $? "captures: there is ESP on each of them"
finish
