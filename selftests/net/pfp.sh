#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Policies and SAs: values that an SA takes from the packet, several SAs with
# the same selectors, packets that are none of their SA's, SAs without a policy.
# rig: timeout=600
# covers: AR4 AR6 AR8 AR10

. "$(dirname "$0")/esp_lib"

# Datagrams from one port of a to one of b; what came is told by the ports.
send() {	# SPORT DPORT
	a python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(('$A', $1))
sock.sendto(b'$1 $2\n', ('$B', $2))"
}

listen() {
	ip netns exec b python3 -u - $B 7001 7002 >"$tmp/got" <<-'END' &
	import selectors, socket, sys
	choose = selectors.DefaultSelector()
	for port in sys.argv[2:]:
	    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	    sock.bind((sys.argv[1], int(port)))
	    choose.register(sock, selectors.EVENT_READ)
	print("ready", flush=True)
	while True:
	    for key, _ in choose.select():
	        print(key.fileobj.recv(2000).decode().strip(), flush=True)
	END
	listener=$!
	wait_for 20 grep -q ready "$tmp/got"
}

came() { wait_for "${2:-10}" grep -q "^$1$" "$tmp/got"; }

sa_a() {	# dir SPI SELECTOR...
	local dir=$1 spi=$2 k=A
	shift 2

	[ "$dir" = in ] && k=B
	ma sa add dir "$dir" spi "$spi" peer 1 $(suite gcm128 $k) force "$@"
}

# One SA for each pair of ports, asked for by an event that names them.
populate() {
	world
	mobx_b gcm128
	mb policy add order 10 action protect remote $A proto udp
	mb sa add dir in spi 0x2003 peer 1 $(suite gcm256 A) force
	ma peer add 1 local $A remote $B
	ma policy add order 10 action protect peer 1 remote 10.8.0.0/24 \
		proto udp pfp remote,sport,dport
	ma policy show order 10 | grep -q 'pfp remote,sport,dport'
	check $? "pfp is shown"
	listen
	"$mobx" -n a -j monitor sa >"$tmp/events" 2>/dev/null &
	monitor=$!
	sleep 2
	send 6001 7001
	wait_for 10 grep -q '"sport": *6001' "$tmp/events"
	check $? "an acquire with the ports of the packet"
	grep '"sport": *6001' "$tmp/events" | grep -q '"pfp": *"remote,sport,dport"'
	check $? "says which of them the SA is to take"
	# An SA for more than that does not serve.
	sa_a out 0x2002
	sleep 1
	! grep -q '^6001 7001$' "$tmp/got"
	check $? "an SA without selectors does not serve"
	send 6001 7001
	sa_a out 0x2004 selector proto udp dport 7001
	sleep 1
	! grep -q '^6001 7001$' "$tmp/got"
	check $? "nor does one for any port of ours"
	ma sa flush
	send 6001 7001
	sa_a out 0x2002 selector proto udp sport 6001 dport 7001
	came '6001 7001'
	check $? "one for the packet's values does"
	send 6002 7002
	wait_for 10 grep -q '"sport": *6002' "$tmp/events"
	check $? "other ports ask for an SA of their own"
	! grep -q '^6002 7002$' "$tmp/got"
	check $? "and do not use the first"
	ma sa add dir out spi 0x2003 peer 1 $(suite gcm256 A) force \
		selector proto udp sport 6002 dport 7002
	came '6002 7002'
	check $? "until they have it"
	[ "$(ma -s sa show spi 0x2003 peer 1 dir out | grep -o 'packets [0-9]*')" = "packets 1" ]
	check $? "each serves its own"
	a python3 -c "
import socket
for port in (6003, 6004):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('$A', port))
    sock.sendto(b'x', ('$B', 7001))"
	wait_for 5 grep -q '"sport": *6003' "$tmp/events" &&
		wait_for 5 grep -q '"sport": *6004' "$tmp/events"
	check $? "two at once ask for two SAs"
	kill $monitor $listener
	wait $monitor $listener 2>/dev/null
	unprotect
}

# Two SAs with the same selectors: whichever the other end uses, we take.
twins() {
	local spi

	world
	mobx_b gcm128
	mb sa add dir in spi 0x2003 peer 1 $(suite gcm256 A) force
	mb policy add order 10 action protect remote $A
	ma peer add 1 local $A remote $B
	sa_a in 0x1001
	ma policy add order 10 action protect remote $B
	listen
	sa_a out 0x2002
	send 6001 7001
	came '6001 7001'
	check $? "the first of two SAs with the same selectors"
	ma sa add dir out spi 0x2003 peer 1 $(suite gcm256 A) force
	send 6002 7001
	came '6002 7001'
	check $? "and the second"
	ma sa delete dir out spi 0x2003 peer 1
	send 6003 7001
	came '6003 7001'
	check $? "and the first again"
	for spi in 0x2002 0x2003; do
		[ "$(mb -s sa show dir in spi $spi | grep -o 'packets [0-9]*')" != "packets 0" ]
		check $? "b has received on $spi"
	done
	kill $listener
	wait $listener 2>/dev/null
	unprotect
}

# a sends on an SA what b has not agreed to.
mismatch() {
	world
	mobx_b gcm128 selector proto udp dport 6001 sport 7001
	mobx_a gcm128
	ma policy add order 10 action protect remote $B
	listen
	"$mobx" -n b -j monitor sa >"$tmp/events" 2>/dev/null &
	monitor=$!
	sleep 2
	send 6001 7001
	came '6001 7001'
	check $? "a packet that fits the selectors of its SA"
	send 6001 7002
	send 6002 7001
	wait_for 5 grep -q selector-mismatch "$tmp/events"
	check $? "one that does not raises an event"
	grep selector-mismatch "$tmp/events" | head -n 1 |
		grep -q '"dport": *6001'
	check $? "with its ports"
	[ "$(stat b in-selector)" = 2 ] && ! grep -q '6002\|7002' "$tmp/got"
	check $? "they were dropped and counted"
	[ "$(grep -c selector-mismatch "$tmp/events")" -le 2 ]
	check $? "one event a second"
	kill $monitor $listener
	wait $monitor $listener 2>/dev/null
	unprotect
}

gone() { ! ma sa show dir out spi 0x2002 peer 1 2>/dev/null | grep -q spi; }

# What becomes of SAs when their policy goes.
uncovered() {
	world
	mobx_a gcm128
	ma policy add order 10 action protect remote $B
	ma policy delete order 10
	! gone
	check $? "by default an SA outlives its policy"
	ma policy default uncovered remove
	ma policy default | grep -q 'uncovered remove'
	check $? "the other way is told"
	ma policy add order 10 action protect remote $B
	ma policy add order 11 action protect remote 10.8.0.0/16 proto tcp
	ma policy add order 12 action protect remote 10.9.0.0/16
	ma policy delete order 12
	ma policy delete order 10
	sleep 0.5
	! gone
	check $? "an SA that another policy covers stays"
	ma policy delete order 11
	wait_for 5 gone
	check $? "one that none covers goes"
	ma sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force \
		selector proto tcp
	ma policy add order 10 action protect remote $B proto udp
	ma policy delete order 10
	sleep 0.5
	! gone
	check $? "one that the policy never covered does not"
	ma policy add order 10 action protect remote $B
	ma policy flush
	wait_for 5 gone
	check $? "a flush counts as well"
}

populate
twins
mismatch
uncovered
finish
