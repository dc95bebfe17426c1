#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are not like others: frames that are only bridged, a datagram
# that ESP makes too long for an IP header, one whose device goes while it
# waits.
# rig: timeout=300 alone kernel=6.1
# covers: I2

. "$(dirname "$0")/esp_lib"
PORT=4242

listen() {	# NAMESPACE
	ip netns exec "$1" timeout 60 python3 -u -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$B', $PORT))
print('ready')
while True:
    print(len(sock.recv(70000)))" >"$tmp/got" &
	wait_for 10 grep -q ready "$tmp/got"
}

send() {	# NAMESPACE OCTETS
	in_ns "$1" python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.sendto(bytes($2), ('$B', $PORT))"
}

# Two hosts c and d have the addresses of a and b; a is the bridge between.
bridged() {
	local ns

	modprobe br_netfilter || skip "no br_netfilter"
	world
	mobx_a gcm128
	ma policy add order 10 action protect remote $B
	ip -n a link add br0 type bridge
	a sysctl -qw net.bridge.bridge-nf-call-iptables=1
	for ns in c d; do
		ip netns add $ns
		ip link add v netns $ns type veth peer name p$ns netns a
		ip -n a link set p$ns master br0 up
		ip -n $ns link set v up
	done
	ip -n c addr add $A/24 dev v
	ip -n d addr add $B/24 dev v
	ip -n a link set br0 up
	listen d
	send c 10
	wait_for 3 test -s "$tmp/got"
	send c 20
	wait_for 5 bridged_dropped
	check $? "bridged frames that must be protected are dropped"
	! grep -qx '[12]0' "$tmp/got"
	check $? "none came through"
	ma policy add order 5 action bypass remote $B proto udp dport $PORT
	send c 30
	wait_for 5 grep -qx 30 "$tmp/got"
	check $? "others do"
	ip netns del c
	ip netns del d
}

bridged_dropped() {
	[ "$(stat a out-discarded)" -ge 2 ]
}

long() {
	world
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
	listen b
	! send a 65507 2>"$tmp/error"
	check $? "a datagram that ESP makes too long is refused"
	send a 65400
	wait_for 10 grep -qx 65400 "$tmp/got"
	check $? "one that just fits arrives"
	[ "$(stat a out-crypto-error)" = 1 ] && ! grep -q 65507 "$tmp/got"
	check $? "the other one did not, and was counted"
}

# The address stays with the host; the link comes back.
gone() {
	world
	ip -n a addr add $A/32 dev lo
	ma policy add order 10 action protect remote $B
	ma peer add 1 local $A remote $B
	ma sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
	mobx_b gcm128
	listen b
	send a 40
	ip -n a link del va
	# Looks at what waits, and finds nothing better to do.
	ma peer add 2 local $A remote 10.8.9.9
	ip link add va netns a type veth peer name vb netns b
	ip -n b addr add $B/24 dev vb
	ip -n b link set vb up
	ip -n a addr add $A/24 dev va
	ip -n a link set va up
	ma sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force
	wait_for 5 grep -qx 40 "$tmp/got" ||
		[ "$(stat a out-hold-dropped)" = 1 ]
	check $? "what waited while its link went and came leaves by the new one"
	[ "$(stat a out-bypassed)$(stat a out-no-source)" = 00 ]
	check $? "under an SA"
}

bridged
long
gone
finish
