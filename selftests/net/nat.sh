#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Address translation beside protection: a gateway masquerades a network behind
# it and protects what it sends as its own; a server redirects what came out of
# ESP to a host behind it.
#
#	c 10.8.5.2 --- 10.8.5.1 a 10.8.0.1 === 10.8.0.2 b 10.8.6.1 --- 10.8.6.2 d
# rig: timeout=600
# covers: I2 AR9

. "$(dirname "$0")/esp_lib"
command -v nft >/dev/null || skip "no nft"

behind() {	# GATEWAY HOST NETWORK
	ip netns del "$2" 2>/dev/null
	ip netns add "$2"
	ip link add "v$2" netns "$2" type veth peer name "b$2" netns "$1"
	ip -n "$2" addr add "$3.2/24" dev "v$2"
	ip -n "$1" addr add "$3.1/24" dev "b$2"
	ip -n "$2" link set "v$2" up
	ip -n "$1" link set "b$2" up
	ip -n "$2" route add default via "$3.1"
	in_ns "$1" sysctl -qw net.ipv4.ip_forward=1
}

echo_at() {	# NAMESPACE PORT
	ip netns exec "$1" timeout 60 python3 -u -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('', $2))
print('ready', flush=True)
while True:
    data, source = sock.recvfrom(2000)
    sock.sendto(source[0].encode(), source)" >"$tmp/echo.$1" &
	wait_for 20 grep -q ready "$tmp/echo.$1"
}

# What the echo says where the datagram came from.
ask() {	# NAMESPACE ADDRESS PORT
	in_ns "$1" timeout 20 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
sock.connect(('$2', $3))
for _ in range(5):
    sock.send(b'from where?')
    print(sock.recv(100).decode())" | sort -u
}

world
behind a c 10.8.5
behind b d 10.8.6
mobx_a gcm128
mobx_b gcm128
ma policy add order 10 action protect remote $B
mb policy add order 10 action protect remote $A
a nft -f - <<-'END'
	table ip nat {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			oifname "va" masquerade
		}
	}
	END
b nft -f - <<-'END'
	table ip nat {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			ip daddr 10.8.0.2 udp dport 5353 dnat to 10.8.6.2:4242
		}
	}
	END
echo_at b 4242
echo_at d 4242
ip netns exec b tcpdump -nUi vb -w "$tmp/wire.pcap" ip 2>"$tmp/tcpdump.log" &
watcher=$!
wait_for 5 grep -q listening "$tmp/tcpdump.log"

[ "$(ask c $B 4242)" = $A ]
check $? "masqueraded behind a, protected to b, and the answers find back"
[ "$(ask a $B 4242)" = $A ]
check $? "beside a's own"
[ "$(ask a $B 5353)" = $A ]
check $? "redirected by b to the host behind it, and its answers are protected"
[ "$(ask c $B 5353)" = $A ]
check $? "both at once"
b timeout 60 python3 -c "
import socket
server = socket.create_server(('$B', 4243))
print('ready', flush=True)
peer, source = server.accept()
total = 0
while data := peer.recv(65536):
    total += len(data)
peer.sendall(b'%d' % total)" >"$tmp/server" &
wait_for 20 grep -q ready "$tmp/server"
[ "$(in_ns c timeout 40 python3 -c "
import socket
sock = socket.create_connection(('$B', 4243), 10)
sock.sendall(b'x' * 1000000)
sock.shutdown(socket.SHUT_WR)
print(sock.recv(100).decode())")" = 1000000 ]
check $? "a megabyte of TCP, segmented late, masqueraded and protected"

sleep 0.3
kill $watcher
wait $watcher 2>/dev/null
tcpdump -nr "$tmp/wire.pcap" 'not proto 50' 2>/dev/null >"$tmp/clear.txt"
[ ! -s "$tmp/clear.txt" ] || { sed 's/^/# /' "$tmp/clear.txt" | head; false; }
check $? "nothing in clear between the gateways"
[ "$(stat a in-clear-discarded)$(stat b in-clear-discarded)" = 00 ]
check $? "nothing was taken for clear"
# Without SAs it waits and goes nowhere, translated or not.
ma sa flush
ip netns exec b tcpdump -nUi vb -w "$tmp/wire.pcap" ip 2>"$tmp/tcpdump.log" &
watcher=$!
wait_for 5 grep -q listening "$tmp/tcpdump.log"
[ -z "$(ask c $B 4242 2>/dev/null)" ]
check $? "without an SA no answer"
kill $watcher
wait $watcher 2>/dev/null
tcpdump -nr "$tmp/wire.pcap" "src 10.8.5.2 or src $A" 2>/dev/null >"$tmp/clear.txt"
[ ! -s "$tmp/clear.txt" ]
check $? "and nothing leaves"
ip netns del c
ip netns del d
finish
