#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A policy protects before there is any SA, path or peer: packets wait, the
# daemon is told, nothing leaves or enters in clear.
# rig: timeout=600
# covers: AR1 AR2 AR9 AR15 I2

. "$(dirname "$0")/esp_lib"
PORT=4242

# Datagrams FIRST to LAST from a, each its number; then what b has got so far.
send() {	# FIRST LAST
	a python3 - "$1" "$2" $B $PORT <<-'END'
	import socket, sys
	first, last, address, port = sys.argv[1:]
	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for number in range(int(first), int(last) + 1):
	    sock.sendto(b"%d\n" % number, (address, int(port)))
	END
}

listen() {
	: >"$tmp/got"
	ip netns exec b python3 -u - $B $PORT >>"$tmp/got" <<-'END' &
	import socket, sys
	sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	sock.bind((sys.argv[1], int(sys.argv[2])))
	print("ready", flush=True)
	while True:
	    print(sock.recv(2000).decode().strip(), flush=True)
	END
	listener=$!
	wait_for 30 grep -q ready "$tmp/got"
	: >"$tmp/got"
}

last_is() { [ "$(tail -n 1 "$tmp/got")" = "$1" ]; }

# What b has received by now, and forget it.
got() {	# NUMBERS...
	local all

	wait_for 5 last_is "${*: -1}"
	all=$(tr '\n' ' ' <"$tmp/got")
	: >"$tmp/got"
	[ "$all" = "$* " ] || { echo "# got $all"; return 1; }
}

# Nothing waits for longer than three seconds, in which a slow machine starts few
# programs and makes no keys. So commands wait for their lines.
commands_wait() {
	exec {say}> >("$mobx" -n a -b -) {route}> >(ip -n a -batch -)
}

commands_end() {
	exec {say}>&- {route}>&-
}

more_than() { [ "$(stat a "$1")" -gt "$2" ]; }

# No peer at all, and nobody who makes one.
nobody() {
	world
	ma policy add order 10 action protect remote $B
	"$mobx" -n a monitor >"$tmp/events" &
	monitor=$!
	sleep 1
	capture
	! a ping -qc 5 -i 0.05 -W 1 $B >/dev/null
	check $? "no SA: ping gets no answer"
	[ "$(stat a out-held)" -ge 5 ]
	check $? "its packets were held"
	[ "$(stat a acquires)" -le 2 ] && [ "$(stat a acquires)" -ge 1 ]
	check $? "one acquire a second, not one a packet"
	wait_for 5 grep -q acquire "$tmp/events"
	check $? "the daemon heard of it"
	kill $monitor
	wait_for 8 more_than out-hold-dropped 4
	check $? "they were dropped in the end"
	b ping -qc 2 -i 0.1 -W 1 $A >/dev/null
	check "$((! $?))" "nor does a ping from outside in clear get an answer"
	[ "$(stat a in-clear-discarded)" -ge 2 ]
	check $? "it was dropped on its way in"
	tcpdump -nr "$tmp/wire.pcap" "src $A" 2>/dev/null >"$tmp/sent.txt"
	[ ! -s "$tmp/sent.txt" ]
	check $? "nothing at all left"
	kill $watcher
	wait $watcher 2>/dev/null
}

# Neither end has an SA; then b has them.
again() {
	ma peer flush
	mb peer flush
	mobx_b gcm128
}

# What waits goes out when an SA comes; of too many, the newest.
comes() {
	local sas

	world
	sas=$(sas_of_a gcm128)
	ma policy add order 10 action protect remote $B
	mobx_b gcm128
	mb policy add order 10 action protect remote $A
	listen
	capture
	commands_wait
	send 1 5
	check $? "sending while there is no SA is no error"
	echo "$sas" >&$say
	got 1 2 3 4 5
	check $? "what waited came, once, in order"
	again
	send 1 30
	echo "$sas" >&$say
	got $(seq 15 30)
	check $? "of thirty the newest sixteen"
	again
	send 1 3
	echo "route del 10.8.0.0/24 dev va" >&$route
	sleep 0.2
	# All that waits is looked at anew.
	echo "policy add order 90 action bypass remote 192.0.2.0/24" >&$say
	sleep 0.5
	echo "route add 10.8.0.0/24 dev va src $A" >&$route
	sleep 0.2
	echo "$sas" >&$say
	got 1 2 3
	check $? "it waits on where there is no route for a moment"
	commands_end
	ma policy del order 90
	kill $listener
	again
	ip netns exec b timeout 30 python3 -c "
import socket
sock = socket.create_server(('$B', 4243))
print('ready', flush=True)
peer, _ = sock.accept()
peer.sendall(peer.recv(100))" >"$tmp/server" &
	wait_for 30 grep -q ready "$tmp/server"
	ip netns exec a timeout 20 python3 -c "
import socket
sock = socket.create_connection(('$B', 4243), 15)
sock.sendall(b'x')
raise SystemExit(sock.recv(1) != b'x')" &
	client=$!
	sleep 2
	mobx_a gcm128
	wait $client
	check $? "a TCP connection begun without an SA is there once it comes"
	! clear_captured
	check $? "nothing in clear"
}

# Paths decide as well: unknown, deprecated, removed, beyond their credit.
paths() {
	local held state p="path local $A remote $B primary"

	world
	mobx_b gcm128
	mb policy add order 10 action protect remote $A
	mobx_a gcm128
	ma policy add order 10 action protect remote $B
	listen
	capture
	commands_wait
	for state in deprecated removed; do
		echo "peer set 1 path local $A remote 10.8.0.9 primary" \
			"path local $A remote $B state $state" >&$say
		sleep 0.5
		held=$(stat a out-held)
		send 1 1
		echo "peer set 1 $p" >&$say
		got 1 && [ "$(stat a out-held)" = $((held + 1)) ]
		check $? "a packet for a $state path is held until it is valid"
	done
	echo "peer set 1 $p state tentative credit 150" >&$say
	sleep 0.5
	held=$(stat a out-held)
	send 1 3
	echo "peer set 1 $p state valid" >&$say
	got 1 2 3 && [ "$(stat a out-held)" = $((held + 2)) ]
	check $? "a tentative path takes its credit; the rest comes later"
	commands_end
	ma peer set 1 $p state tentative credit 1
	send 9 9
	wait_for 8 more_than out-no-credit 0
	check $? "or is dropped and counted as beyond credit"
	! clear_captured
	check $? "nothing in clear"
	kill $listener
}

# Sources that the host does not own: spoofed ones, and those of others.
sources() {
	world
	ma policy add order 10 action protect remote $B
	capture
	a python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_IP, 19, 1)
sock.bind(('10.8.0.77', 0))
sock.sendto(b'x', ('$B', $PORT))"
	[ "$(stat a out-no-source)$(stat a out-held)" = 10 ]
	check $? "nothing is held for a source that the host does not own"
	ip netns add c
	ip link add vc netns c type veth peer name va2 netns a
	ip -n c addr add 10.8.5.2/24 dev vc
	ip -n a addr add 10.8.5.1/24 dev va2
	ip -n c link set vc up
	ip -n a link set va2 up
	ip -n c route add default via 10.8.5.1
	ip -n b route add 10.8.5.0/24 via $A
	a sysctl -qw net.ipv4.ip_forward=1
	! in_ns c ping -qc 2 -i 0.1 -W 1 $B >/dev/null
	check $? "forwarded packets that a policy protects do not pass"
	[ "$(stat a out-no-source)" -ge 3 ]
	check $? "they were dropped and counted"
	b ping -qc 2 -i 0.1 -W 1 10.8.5.2 >/dev/null
	[ "$(stat a in-clear-discarded)" -ge 2 ]
	check $? "nor do clear ones the other way"
	tcpdump -nr "$tmp/wire.pcap" "src $A or src 10.8.0.77 or src 10.8.5.2" \
		2>/dev/null >"$tmp/sent.txt"
	[ ! -s "$tmp/sent.txt" ]
	check $? "nothing at all left"
	kill $watcher
	wait $watcher 2>/dev/null
	ip netns del c
}

# The order of policies, and what nothing matches.
order() {
	local out in

	world
	ma policy add order 20 action protect remote $B
	ma policy add order 10 action bypass remote $B proto icmp
	a ping -qc 1 -W 2 $B >/dev/null
	check $? "bypass before protect: in clear"
	[ "$(stat a out-bypassed)" = 1 ]
	check $? "and counted"
	ma policy delete order 10
	ma policy add order 30 action bypass remote $B proto icmp
	! a ping -qc 1 -W 1 $B >/dev/null
	check $? "bypass behind protect: not"
	ma policy add order 5 action discard remote $B proto icmp
	# What was held has been discarded then as well.
	out=$(stat a out-discarded)
	! a ping -qc 1 -W 1 $B >"$tmp/ping" 2>&1
	check $? "discard"
	[ "$(stat a out-discarded)" -gt "$out" ]
	check $? "and counted"
	ma policy flush
	ma policy default discard
	out=$(stat a out-discarded) in=$(stat a in-discarded)
	! a ping -qc 1 -W 1 $B >"$tmp/ping" 2>&1 &&
		! b ping -qc 1 -W 1 $A >/dev/null
	check $? "default discard: no ping either way"
	[ "$(stat a out-discarded)" -gt "$out" ] &&
		[ "$(stat a in-discarded)" -gt "$in" ]
	check $? "and counted"
	a ping -qc 1 -W 2 127.0.0.1 >/dev/null
	check $? "but to itself"
	ma policy default bypass
	a ping -qc 1 -W 2 $B >/dev/null
	check $? "default bypass: in clear"
}
# In a VRF the source is an address of the VRF, and no less the host's.
in_vrf() {
	world_vrf || { echo "# no VRF in this kernel"; return; }
	for to in $B $B6; do
		ma policy flush
		ma policy add order 10 action protect remote $to
		held=$(stat a out-held)
		! a ping -qc 1 -W 1 -I red $to >/dev/null
		more_than out-held "$held"
		check $? "VRF: what is for $to waits"
	done
	[ "$(stat a out-no-source)" = 0 ]
	check $? "VRF: none has a source that is not the host's"
}

# Routes lead from one VRF into another: the source is the first one's, the device
# the second one's.
leaks() {
	world_vrf || return
	ip link add vc netns a type veth peer name vd netns b
	ip -n a link set vc up
	ip -n b link set vd up
	ip -n a addr add 10.8.7.1/32 dev lo
	ip -n a addr add fd00:7::1/128 dev lo
	ip -n a route add $B dev va
	ip -n a -6 route add $B6 dev va
	ip -n a route add 10.8.9.9 dev vc table 10
	ip -n a -6 route add fd00:9::9 dev vc table 10
	ma policy add order 10 action protect
	waits "out of the default VRF" 10.8.7.1 $B
	waits "out of the default VRF" fd00:7::1 $B6
	waits "into the default VRF" $A 10.8.9.9 -I red
	waits "into the default VRF" $A6 fd00:9::9 -I red
}

waits() {	# NAME FROM TO [OPTIONS of ping]
	local name=$1 from=$2 to=$3 held
	shift 3

	held=$(stat a out-held)
	! a ping -qc 1 -W 1 "$@" -I $from $to >/dev/null
	more_than out-held "$held" && [ "$(stat a out-no-source)" = 0 ]
	check $? "a route that leads $name: what is for $to waits"
}

nobody
comes
paths
sources
order
in_vrf
leaks
finish
