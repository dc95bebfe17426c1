#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ICMP errors about protected traffic: what they quote decides. And ICMP that
# the module sends itself about what it discards.
# rig: timeout=600
# covers: TN8 AR14 I2

. "$(dirname "$0")/esp_lib"
python3 -c 'import scapy.all' 2>/dev/null || skip "no scapy"
command -v nft >/dev/null || skip "no nft"

# Does a connected socket at a hear of an error about its datagram to b?
hears() {	# DPORT [SECONDS]
	a timeout 20 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$A', 6000))
sock.connect(('$B', $1))
sock.settimeout(${2:-5})
sock.send(b'who is there')
print('sent', flush=True)
try:
    sock.recv(100)
except ConnectionRefusedError:
    print('refused')
except TimeoutError:
    print('nothing')" >"$tmp/heard"
	grep -q refused "$tmp/heard"
}

# An unreachable port, forged by a router on the link: in clear, or under an SA
# by having scapy send it from inside b. Quotes QSRC QDST QSPORT QDPORT.
forge() {	# NAMESPACE SRC DST QSRC QDST QSPORT QDPORT
	in_ns "$1" python3 - "${@:2}" 2>/dev/null <<-'END'
	import socket, sys
	from scapy.all import IP, UDP, ICMP, raw
	src, dst, qsrc, qdst, qsport, qdport = sys.argv[1:]
	quote = IP(src=qsrc, dst=qdst) / UDP(sport=int(qsport),
	                                     dport=int(qdport)) / b"who is there"
	packet = raw(IP(src=src, dst=dst) / ICMP(type=3, code=3) / quote)
	sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	sock.sendto(packet, (dst, 0))
	END
}

# Only UDP is protected; ICMP is bypassed. The error about UDP is protected.
both() {
	world
	ip -n a addr add 10.8.0.11/24 dev va
	mobx_a gcm128 selector proto udp
	mobx_b gcm128 selector proto udp
	ma policy add order 10 action protect remote $B proto udp
	mb policy add order 10 action protect remote $A proto udp
	ma policy add order 20 action bypass proto icmp
	mb policy add order 20 action bypass proto icmp
}

both
a ping -qc 1 -W 5 $B >/dev/null
check $? "ICMP as such is bypassed"
capture
hears 9
check $? "an error about protected traffic comes"
! clear_captured
check $? "under protection, since it quotes what was protected"
[ "$(stat a in-icmp)$(stat a in-selector)" = 00 ]
check $? "its SA is for UDP, and takes it"

# Padding that hides lengths is for UDP, which tells its own, and not for an
# error about it.
ma sa add dir in spi 0x1f01 peer 1 $(suite gcm128 B) force selector proto udp
mb sa add dir out spi 0x1f01 peer 1 $(suite gcm128 B) force tfc 600 selector proto udp
a nft -f - <<-END
	table ip t {
		counter long { }
		chain c {
			type filter hook input priority 0;
			ip protocol icmp ip length > 200 counter name long
		}
	}
END
hears 9 && [ "$(ma -j -s sa show dir in spi 0x1f01 | python3 -c '
import json, sys
print(json.load(sys.stdin)[0]["packets"])')" = 1 ]
check $? "an SA that pads takes the error, too"
[ "$(a nft list counter ip t long | awk '/packets/ { print $2 }')" = 0 ]
check $? "and leaves it as long as it was"
a nft delete table ip t

# Out of the SA, about a packet to a host that is not b, or from an address that
# is not the SA's: b protects them, since it would have to protect the answers.
before=$(stat a in-icmp)
forge b $B $A $A 10.8.0.99 6000 9
forge b $B $A 10.8.0.11 $B 6000 9
two_more() { [ "$(stat a in-icmp)" = $((before + 2)) ]; }
wait_for 5 two_more
check $? "out of an SA, about what it never carried: dropped and counted"
before=$(stat a in-protected)
forge b $B $A $A $B 6000 9
taken() { [ "$(stat a in-protected)" = $((before + 1)) ]; }
wait_for 5 taken
check $? "about what it carries: taken"

# In clear, from anywhere, about protected traffic.
both
a timeout 30 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('$A', 6000))
sock.connect(('$B', 9999))
print('ready', flush=True)
sock.settimeout(4)
try:
    sock.recv(100)
except ConnectionRefusedError:
    print('refused', flush=True)
except TimeoutError:
    print('nothing', flush=True)" >"$tmp/heard" &
wait_for 20 grep -q ready "$tmp/heard"
mb policy flush
mb peer flush
before=$(stat a in-icmp)
forge b 10.8.0.77 $A $A $B 6000 9999
one_more() { [ "$(stat a in-icmp)" = $((before + 1)) ]; }
wait_for 5 one_more
check $? "in clear, about protected traffic: dropped and counted"
wait_for 10 grep -q nothing "$tmp/heard"
check $? "the socket hears nothing of it"
wait

# Everything is protected, and yet an error about our ESP comes through.
world
mobx_a gcm128
ma policy add order 10 action protect
python3 - $A $B >"$tmp/esp" <<-'END'
	import sys
	from scapy.all import IP, ICMP, raw
	a, b = sys.argv[1:]
	esp = IP(src=a, dst=b, proto=50) / bytes.fromhex("0000200200000001")
	print(raw(IP(src="10.8.0.77", dst=a) /
	          ICMP(type=3, code=4, nexthopmtu=1000) / esp).hex())
	END
b python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
sock.sendto(bytes.fromhex('$(cat "$tmp/esp")'), ('$A', 0))"
mtu() { ma peer show 1 | grep -q 'mtu 1000'; }
wait_for 5 mtu
check $? "an error about ESP that was too long passes a policy for everything"
forge b 10.8.0.77 $A $A $B 6000 9
[ "$(stat a in-clear-discarded)" -ge 1 ]
check $? "one about anything else does not"
ma policy show | grep -q 'ICMP, an ESP packet was too long'
check $? "the exemption is shown"

# What is discarded on its way out, told to who sent it through us.
world
ip netns add c
ip link add vc netns c type veth peer name va2 netns a
ip -n c addr add 10.8.5.2/24 dev vc
ip -n a addr add 10.8.5.1/24 dev va2
ip -n c link set vc up
ip -n a link set va2 up
ip -n c route add default via 10.8.5.1
ip -n b route add 10.8.5.0/24 via $A
a sysctl -qw net.ipv4.ip_forward=1
ma policy add order 10 action discard remote $B
in_ns c ping -c 2 -i 0.3 -W 1 $B >"$tmp/ping" 2>&1
! grep -q 'Packet filtered' "$tmp/ping"
check $? "by default nobody is told of a discarded packet"
ma policy default icmp on
in_ns c ping -c 2 -i 0.3 -W 1 $B >"$tmp/ping" 2>&1
grep -q 'From 10.8.5.1.*Packet filtered' "$tmp/ping"
check $? "switched on, the sender hears that it was prohibited"
ma policy default icmp off
in_ns c ping -c 2 -i 0.3 -W 1 $B >"$tmp/ping" 2>&1
! grep -q 'Packet filtered' "$tmp/ping"
check $? "and off again"
ip netns del c
finish
