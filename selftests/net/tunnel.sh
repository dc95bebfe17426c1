#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tunnel mode between two gateways, against the kernel's own XFRM, for all four
# combinations of inner and outer IP: forwarded and local traffic, fragments,
# streams, nothing in clear; path MTU; a tunnel that moves; and traffic that
# waits for it.
#
#	h ---- lan a === link === lan b ---- k
# rig: timeout=900
# covers: AR11 TN3 TN4 TN5 TN6 TN9 I1 I2

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
modprobe esp4
modprobe esp6

cable() {	# NAMESPACE DEVICE ADDRESS6 ADDRESS4, twice
	ip link add $2 netns $1 type veth peer name $6 netns $5
	ip -n $1 addr add $3/64 dev $2 nodad
	ip -n $1 addr add $4/24 dev $2
	ip -n $5 addr add $7/64 dev $6 nodad
	ip -n $5 addr add $8/24 dev $6
	ip -n $1 link set dev $2 up
	ip -n $5 link set dev $6 up
}

gateways() {	# MTU of the lans
	local ns

	for ns in a b h k; do
		ip netns del $ns 2>/dev/null
		ip netns add $ns
		ip -n $ns link set lo up
	done
	for ns in a b; do
		in_ns $ns sysctl -qw net.ipv4.ip_forward=1 \
			net.ipv6.conf.all.forwarding=1
	done
	cable a va fd00:8::1 10.8.0.1 b vb fd00:8::2 10.8.0.2
	cable h ha fd00:1::2 10.1.0.2 a ah fd00:1::1 10.1.0.1
	cable k kb fd00:2::2 10.2.0.2 b bk fd00:2::1 10.2.0.1
	ip -n h link set ha mtu $1
	ip -n a link set ah mtu $1
	ip -n k link set kb mtu $1
	ip -n b link set bk mtu $1
	ip -n h route add default via 10.1.0.1
	ip -n h -6 route add default via fd00:1::1
	ip -n k route add default via 10.2.0.1
	ip -n k -6 route add default via fd00:2::1
	ip -n a route add 10.2.0.0/24 via 10.8.0.2
	ip -n a -6 route add fd00:2::/64 via fd00:8::2
	ip -n b route add 10.1.0.0/24 via 10.8.0.1
	ip -n b -6 route add fd00:1::/64 via fd00:8::1
}

family() {	# OUTER INNER: 4 or 6
	A=10.8.0.1 B=10.8.0.2 H=10.1.0.2 K=10.2.0.2
	left=10.1.0.0/24 right=10.2.0.0/24 AI=10.1.0.1
	[ $1 = 6 ] && A=fd00:8::1 B=fd00:8::2
	[ $2 = 6 ] && H=fd00:1::2 K=fd00:2::2 left=fd00:1::/64 \
		right=fd00:2::/64 AI=fd00:1::1
}

tunnel_a() {	# SUITE [OPTIONS of the outbound SA]
	local name=$1
	shift

	ma -b - <<-END
		peer add 1 local $A remote $B
		sa add dir in spi 0x1001 peer 1 mode tunnel $(suite "$name" B) force selector local $left remote $right
		sa add dir out spi 0x2002 peer 1 mode tunnel $(suite "$name" A) force $* selector local $left remote $right
	END
}

tunnel_b() {	# SUITE
	mb -b - <<-END
		peer add 1 local $B remote $A
		sa add dir out spi 0x1001 peer 1 mode tunnel $(suite "$1" B) force selector local $right remote $left
		sa add dir in spi 0x2002 peer 1 mode tunnel $(suite "$1" A) force selector local $right remote $left
		policy add order 10 action protect peer 1 mode tunnel local $right remote $left
	END
}

policy_a() {	# PEER
	ma policy add order 10 action protect peer $1 mode tunnel \
		local $left remote $right
}

xfrm_tunnel_b() {	# SUITE
	local way words

	# af-unspec: inner and outer addresses may be of two families.
	suite_xfrm "$1" B
	ip -n b xfrm state add src $B dst $A proto esp spi 0x1001 reqid 1 \
		mode tunnel flag af-unspec "${words[@]}"
	suite_xfrm "$1" A
	ip -n b xfrm state add src $A dst $B proto esp spi 0x2002 reqid 1 \
		mode tunnel replay-window 32 flag af-unspec "${words[@]}"
	ip -n b xfrm policy add src $right dst $left dir out \
		tmpl src $B dst $A proto esp reqid 1 mode tunnel
	for way in in fwd; do
		ip -n b xfrm policy add src $left dst $right dir $way \
			tmpl src $A dst $B proto esp reqid 1 mode tunnel
	done
}

# What a sends is ESP, and what IP itself needs, down to the error about a
# neighbour solicitation for an address that has gone; of what arrives a tap
# shows the inner packets as well.
watch_clear() {
	ip netns exec a tcpdump -nUi va -Q out -w "$tmp/clear.pcap" \
		'(ip and not proto 50 and not (ip[6:2] & 0x1fff > 0)) or
		(ip6 and not ip6 proto 50 and not ip6 proto 44 and not ip6[6] = 0
		and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 137)
		and not (icmp6 and ip6[40] = 1 and ip6[54] = 58
			and ip6[88] = 135))' \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
}

h() { in_ns h "$@"; }
k() { in_ns k "$@"; }

exchange() {	# SUITE OUTER INNER
	local what="$1, IPv$3 in IPv$2"

	gateways 1400
	family $2 $3
	watch_clear
	tunnel_a $1 && policy_a 1 && xfrm_tunnel_b $1
	check $? "$what: SAs and policies"
	h ping -qc 3 -i 0.1 -W 2 $K >/dev/null
	check $? "$what: forwarded, mobx first"
	k ping -qc 3 -i 0.1 -W 2 $H >/dev/null
	check $? "$what: forwarded, XFRM first"
	a ping -qc 2 -i 0.1 -W 2 -I $AI $K >/dev/null
	check $? "$what: from the gateway itself"
	"$echo" h k $K datagrams
	check $? "$what: datagrams of every small size, and fragments, to XFRM"
	"$echo" k h $H datagrams
	check $? "$what: datagrams of every small size, and fragments, from XFRM"
	"$echo" h k $K stream
	check $? "$what: a stream to XFRM and back"
	"$echo" a k $K stream $AI
	check $? "$what: a stream of the gateway itself"
	! clear_seen
	check $? "$what: nothing in clear"
	[ "$(stat a in-integrity)$(stat a in-malformed)$(stat a in-padding)" = 000 ]
	check $? "$what: nothing of it was taken for damaged"
	[ "$(stat a in-selector)$(stat a in-clear-discarded)" = 00 ]
	check $? "$what: nor for somebody else's"
}

# What a sender hears, and that exactly that much fits the link.
mtu() {	# OUTER INNER LARGEST-INNER
	local what="IPv$2 in IPv$1" head=28

	[ $2 = 6 ] && head=48
	gateways 1500
	family $1 $2
	tunnel_a gcm128
	tunnel_b gcm128
	policy_a 1
	! h ping -c 1 -W 2 -s $(($3 - head + 1)) -M do $K >"$tmp/ping" 2>&1 &&
		grep -qi "mtu[=: ]*$3" "$tmp/ping"
	check $? "$what: one octet too many, and the sender hears $3"
	[ "$(stat a out-too-big)" = 1 ]
	check $? "$what: counted"
	# To look for K the far gateway needs its link-local address, which the
	# kernel looks for duplicates of for up to two seconds.
	h ping -qc 1 -W 6 -s $(($3 - head)) -M do $K >/dev/null
	check $? "$what: $3 octets pass"
	[ "$(stat a out-fragmented)" = 0 ]
	check $? "$what: in one piece"
	"$echo" h k $K stream
	check $? "$what: a stream finds what fits"
	[ "$(stat a out-fragmented)" = 0 ]
	check $? "$what: and nothing of it is fragmented"
	a ping -qc 1 -W 2 -s 1300 -M do -I $AI $K >/dev/null &&
		! a ping -c 1 -W 2 -s $(($3 - head + 1)) -M do -I $AI $K \
			>"$tmp/ping" 2>&1 &&
		grep -qi "mtu[=: ]*$3" "$tmp/ping"
	check $? "$what: the gateway itself hears it too"
}

df() {
	gateways 1500
	family 4 4
	tunnel_a gcm128
	tunnel_b gcm128
	policy_a 1
	h ping -qc 1 -W 2 -s 1472 -M dont $K >/dev/null
	check $? "without DF a packet of 1500 passes"
	[ "$(stat a out-fragmented)" = 1 ] && [ "$(stat a out-too-big)" = 0 ]
	check $? "in fragments"
	ma sa del dir out spi 0x2002 peer 1
	ma sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) \
		force df clear seq 100 selector local $left remote $right
	ma sa show dir out spi 0x2002 | grep -q 'df clear'
	check $? "df clear is shown"
	h ping -qc 1 -W 2 -s 1472 -M do $K >/dev/null
	check $? "df clear: with DF it passes too"
}

# A narrow link below the tunnel, on the way between the gateways.
narrow() {
	gateways 1500
	family 4 4
	ip netns del m 2>/dev/null
	ip netns add m
	in_ns m sysctl -qw net.ipv4.ip_forward=1
	cable a am fd00:81::1 10.81.0.1 m ma fd00:81::2 10.81.0.2
	cable b bm fd00:82::1 10.82.0.1 m mb fd00:82::2 10.82.0.2
	ip -n m link set mb mtu 1300
	ip -n b link set bm mtu 1300
	ip -n a route add 10.82.0.0/24 via 10.81.0.2
	ip -n b route add 10.81.0.0/24 via 10.82.0.2
	A=10.81.0.1 B=10.82.0.1
	tunnel_a gcm128
	tunnel_b gcm128
	policy_a 1
	# The first teaches the path, the second the sender: 1300 - 20 - 34.
	h ping -qc 1 -W 1 -s 1400 -M do $K >/dev/null 2>&1
	h ping -qc 1 -W 1 -s 1400 -M do $K >"$tmp/ping" 2>&1
	ma peer show 1 | grep -q 'mtu 1300'
	check $? "the MTU of a narrow link was learnt for the path"
	h ip route get $K | grep -q 'mtu 1246'
	check $? "and the sender told: $(h ip route get $K | grep -o 'mtu [0-9]*')"
	"$echo" h k $K stream
	check $? "a stream through it"
	# Another pair of addresses, over the wide link.
	mb peer set 1 path local 10.8.0.2 remote 10.8.0.1 primary
	ma peer set 1 path local 10.8.0.1 remote 10.8.0.2 primary
	h ip route flush cache
	h ping -qc 1 -W 2 -s 1400 -M do $K >/dev/null
	check $? "another path has its own MTU"
	ip netns del m
}

# The policy is there before the tunnel; and the tunnel moves.
wait_and_move() {
	gateways 1400
	family 4 4
	watch_clear
	ma policy add order 10 action protect mode tunnel local $left remote $right
	check $? "a tunnel policy without a peer"
	! h ping -qc 1 -W 1 $K >/dev/null
	check $? "no tunnel: nothing passes"
	[ "$(stat a out-held)" = 1 ]
	check $? "what is forwarded waits as well"
	# First, for it may have to load ciphers, and nothing waits that long.
	tunnel_b gcm128
	h ping -c 12 -i 0.5 -W 4 $K >"$tmp/ping" &
	sleep 0.5
	tunnel_a gcm128
	wait $!
	one_waited "$tmp/ping"
	check $? "what waited leaves by the tunnel that comes"
	ip -n a addr add 10.8.0.11/24 dev va
	h ping -qi 0.02 -c 100 -W 2 $K >"$tmp/ping" &
	sleep 0.7
	# Make before break: who is to be sent to takes it first.
	ma peer set 1 path local $A remote $B primary path local 10.8.0.11 remote $B
	mb peer set 1 path local $B remote 10.8.0.11 primary path local $B remote $A
	ma peer set 1 path local 10.8.0.11 remote $B primary path local $A remote $B
	wait $!
	grep -q ' 0% packet loss' "$tmp/ping"
	check $? "a tunnel moves without loss: $(grep -o '[0-9.]*% packet loss' "$tmp/ping")"
	mb peer set 1 path local fd00:8::2 remote fd00:8::1 primary path local $B remote 10.8.0.11
	ma peer set 1 path local fd00:8::1 remote fd00:8::2 primary path local 10.8.0.11 remote $B
	h ping -qc 3 -i 0.1 -W 2 $K >/dev/null
	check $? "to another family, too"
	ip -n a addr del fd00:8::1/64 dev va
	! h ping -qc 1 -W 1 $K >/dev/null
	check $? "an address that is gone sends nothing"
	ma peer set 1 path local 10.8.0.1 remote 10.8.0.2 primary
	mb peer set 1 path local 10.8.0.2 remote 10.8.0.1 primary
	h ping -qc 1 -W 4 $K >/dev/null
	check $? "until the tunnel has another"
	! clear_seen
	check $? "nothing in clear"
}

have_come() { [ "$(grep -c came "$tmp/member.b")" -ge $1 ]; }

# What a sends to a group, among whose members are a itself and the far gateway.
group() {	# GROUP FAMILY
	local what="IPv$2 group" ns
	local left=0.0.0.0/0 right=$1/32 sent

	[ $2 = 6 ] && left=::/0 right=$1/128
	gateways 1400
	for ns in a b; do
		[ $2 = 6 ] || ip -n $ns route add $1 dev v$ns
	done
	A=10.8.0.1 B=10.8.0.2
	tunnel_a gcm128
	policy_a 1
	tunnel_b gcm128
	mb policy flush
	for ns in a b; do
		ip netns exec $ns timeout 30 python3 "$tmp/member" $1 v$ns \
			>"$tmp/member.$ns" &
		wait_for 10 grep -q ready "$tmp/member.$ns"
	done
	sent=$(stat a out-protected)
	a python3 -c "
import socket
family = socket.AF_INET6 if ':' in '$1' else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
if family == socket.AF_INET6:
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                    socket.if_nametoindex('va'))
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 4)
for i in range(3):
    sock.sendto(b'x', ('$1', 4242))"
	wait_for 5 have_come 3
	sleep 0.3
	[ "$(stat a out-protected)" = $((sent + 3)) ]
	check $? "$what: each datagram leaves once, $(($(stat a out-protected) - sent)) of 3"
	[ "$(grep -c came "$tmp/member.a")" = 3 ]
	check $? "$what: a member on this host has it once"
	[ "$(grep -c came "$tmp/member.b")" = 3 ]
	check $? "$what: and one behind the tunnel"
}

cat >"$tmp/member" <<-END
import socket, struct, sys
group, dev = sys.argv[1], socket.if_nametoindex(sys.argv[2])
family = socket.AF_INET6 if ':' in group else socket.AF_INET
sock = socket.socket(family, socket.SOCK_DGRAM)
sock.bind((group, 4242))
address = socket.inet_pton(family, group)
if family == socket.AF_INET6:
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                    address + struct.pack('@i', dev))
else:
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                    struct.pack('@4s4si', address, bytes(4), dev))
print('ready', flush=True)
while True:
    sock.recv(9)
    print('came', flush=True)
END
group 239.8.0.1 4
group ff05::8 6
exchange gcm128 4 4
exchange cbc-sha1 6 6
exchange gcm128 6 4
exchange null-sha1 4 6
# 1500 less 20 or 40, less 8 + 8 + 2 + 16, to a multiple of 4.
mtu 4 4 1446
mtu 6 6 1426
mtu 6 4 1426
mtu 4 6 1446
df
narrow
wait_and_move
ip netns del h
ip netns del k
finish
