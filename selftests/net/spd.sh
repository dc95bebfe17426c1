#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SPD: what selectors match, the order of policies, ten thousand of them.
# rig: timeout=600
# covers: AR2 AR3 AR5 TN7

. "$(dirname "$0")/esp_lib"
PORT=4242

# Does a datagram come from a to b, in clear?
comes() {	# SPORT DPORT
	local listener result

	ip netns exec b timeout 60 python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('', $2))
print('ready', flush=True)
sock.recv(9000)
print('came', flush=True)" >"$tmp/comes" &
	listener=$!
	wait_for 20 grep -q ready "$tmp/comes"
	a python3 -c "
import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(('', $1))
try:
    sock.sendto(b'x' * ${size:-1}, ('$B', $2))
except PermissionError:
    pass"
	wait_for 1 grep -q came "$tmp/comes"
	result=$?
	kill $listener 2>/dev/null
	return $result
}

passes() { check "$(comes $1 $2; echo $?)" "$3"; }
stops() { check "$(! comes $1 $2; echo $?)" "$3"; }
reaches() { a ping -qc 1 -W 1 "$1" >/dev/null 2>&1; }

world
for i in 3 4 5 6; do
	ip -n b addr add 10.8.0.$i/24 dev vb
done

ma policy add order 10 action discard remote 10.8.0.3-10.8.0.5
for i in 2 3 4 5 6; do
	reaches 10.8.0.$i
	got=$?
	case $i in
	3|4|5) [ $got != 0 ]; check $? "10.8.0.$i is in the range" ;;
	*) check $got "10.8.0.$i is not" ;;
	esac
done
ma policy flush
ma policy add order 10 action discard local 10.8.0.0-10.8.0.1 remote 10.8.0.3/32
! reaches 10.8.0.3 && reaches 10.8.0.4
check $? "a range of own addresses"
ma policy show >"$tmp/saved"
grep -q 'local 10.8.0.0/31 remote 10.8.0.3 ' "$tmp/saved" ||
	grep -q 'local 10.8.0.0/31 remote 10.8.0.3$' "$tmp/saved"
check $? "a range that is a prefix is shown as one"
ma policy flush
ma -b "$tmp/saved"
check $? "what is shown can be loaded"
! reaches 10.8.0.3 && reaches 10.8.0.4
check $? "and means the same"
ma policy flush

ma policy add order 10 action discard proto udp sport 1000-1009 dport $PORT
stops 1000 $PORT "the first port of a range"
stops 1009 $PORT "the last"
passes 999 $PORT "the one below"
passes 1010 $PORT "the one above"
passes 1005 4243 "another port of the other end"
ma policy flush

# Echo is type 8 code 0, its answer 0/0; unreachable ports 3/3.
ma policy add order 10 action discard proto icmp type 8
! reaches $B
check $? "an ICMP type"
ma policy flush
ma policy add order 10 action discard proto icmp type 8 code 1-255
reaches $B
check $? "another code of that type"
ma policy flush
ma policy add order 10 action discard proto icmp type 3-7 code 4-255
reaches $B
check $? "a range of types that ends before it"
ma policy flush
ma policy add order 10 action discard proto icmp type 3-8 code 0
! reaches $B
check $? "a range of types and codes that ends with it"
ma policy flush

# A raw socket sends the second half of a datagram: no ports in sight.
fragment() {
	a python3 -c "
import socket, struct
head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28, 7, 1, 64, 17, 0,
                   socket.inet_aton('$A'), socket.inet_aton('$B'))
sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
sock.setsockopt(socket.IPPROTO_IP, 22, 1)  # IP_NODEFRAG
try:
    sock.sendto(head + b'12345678', ('$B', 0))
except PermissionError:
    pass"
}
discarded() {	# POLICY...: is the fragment discarded under it?
	local before

	ma policy flush
	ma policy add "$@"
	before=$(stat a out-discarded)
	fragment
	[ "$(stat a out-discarded)" -gt "$before" ]
}
discarded order 10 action discard proto udp sport opaque dport opaque
check $? "opaque: a packet that shows no ports"
passes 1000 $PORT "but none that does"
discarded order 10 action discard proto udp dport 53
check $? "it may be for any port that is discarded"
ma policy default discard
discarded order 10 action bypass proto udp dport 53
check $? "and is none that a bypass for a port lets go"
! discarded order 10 action bypass proto udp
check $? "unless it is for all ports"
ma policy default bypass
ma policy flush

# Fragments are looked at as the datagram that they are of, so that those behind
# the first are what its ports say.
size=4000
ip netns exec b tcpdump -nUi vb -w "$tmp/wire.pcap" \
	'ip[6:2] & 0x3fff != 0' 2>"$tmp/tcpdump.log" &
watcher=$!
wait_for 5 grep -q listening "$tmp/tcpdump.log"
fragments() { tcpdump -nr "$tmp/wire.pcap" 2>/dev/null | wc -l; }
three_left() { [ "$(fragments)" -ge 3 ]; }
ma policy add order 10 action bypass remote $B proto udp dport $PORT
ma policy add order 20 action discard remote $B
stops 1000 5000 "a datagram in fragments for a port that is not let out"
passes 1000 $PORT "for one that is"
wait_for 5 three_left
check $? "all of them leave"
[ "$(fragments)" = 3 ]
check $? "and none of the first"
ma policy flush
mb policy add order 10 action bypass remote $A proto udp sport $PORT
mb policy add order 20 action discard remote $A
stops 1000 5000 "for a port that is not let in"
passes 1000 $PORT "for one that is"
mb policy flush
kill $watcher
wait $watcher 2>/dev/null
size=1

# Ten thousand, the decisive one last.
for i in $(seq 10000); do
	echo "policy add order $i action discard remote 10.$((9 + i / 4096)).$((i / 16 % 256)).$((i % 16 * 16))/28 proto udp dport $((i % 7))"
done >"$tmp/many"
begin=$(date +%s%N)
ma -b "$tmp/many"
check $? "ten thousand policies added"
half=$(date +%s%N)
[ "$(ma policy show | grep -c '^policy order')" = 10000 ]
check $? "ten thousand policies shown"
end=$(date +%s%N)
echo "# added in $(((half - begin) / 1000000)) ms, shown in $(((end - half) / 1000000)) ms"
# Quadratic behaviour would need minutes here.
[ $((end - half)) -lt 20000000000 ]
check $? "at once"
passes 1000 $PORT "none of them matches"
ma policy add order 20000 action discard remote $B proto udp dport $PORT
stops 1000 $PORT "the last one does"
ma policy add order 0 action bypass remote $B
passes 1000 $PORT "but one before the first wins"
ma policy delete order 0
stops 1000 $PORT "until it goes"
ma policy flush
passes 1000 $PORT "all flushed"
finish
