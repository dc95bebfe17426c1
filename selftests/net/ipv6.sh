#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# ESP over IPv6 in transport mode against the kernel's own XFRM: every small
# size, fragments, streams; extension headers; what is exempt; nothing in clear
# before the first SA; path MTU on the link and behind a narrow one.
# rig: timeout=600
# covers: ES1 ES8 ES9 TN4 TN5 AR1 AR9 AR15

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
modprobe -a esp6 xfrm_user

# The ends of what is tested are the addresses of IPv6.
in6() {
	A=10.8.0.1 B=10.8.0.2
	world6
	A=$A6 B=$B6
}

# Nobody may see a clear packet on the wire: whatever is not ESP, ND or MLD.
watch_clear() {
	ip netns exec b tcpdump -nUi vb -w "$tmp/clear.pcap" 'ip6 and not proto 50
		and not (icmp6 and ip6[40] >= 130 and ip6[40] <= 137)
		and not ip6[6] = 0 and not ip6 proto 44' \
		2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
}

# Without an SA: held, dropped, in both directions; neighbours find each other.
hold() {
	in6
	ma policy add order 10 action protect remote fd00:8::/64
	ip -n a neigh flush dev va
	watch_clear
	! a ping -qc 2 -i 0.2 -W 1 $B >/dev/null
	check $? "no SA: ping gets no answer"
	[ "$(stat a out-held)" = 2 ]
	check $? "its packets were held"
	! b ping -qc 1 -W 1 $A >/dev/null
	check $? "nor does one from outside in clear"
	[ "$(stat a in-clear-discarded)" = 1 ]
	check $? "it was dropped on its way in"
	wait_for 5 test "$(ip -n b neigh show $A | grep -c lladdr)" = 1
	check $? "neighbour discovery passes"
	# First, for it may have to load ciphers, and nothing waits that long.
	xfrm_b gcm128
	a ping -c 12 -i 0.5 -W 3 $B >"$tmp/ping" &
	sleep 0.5
	mobx_a gcm128
	wait $!
	one_waited "$tmp/ping"
	check $? "what waited leaves under the SA that comes"
	# What b itself sent in clear before it had policies is not meant.
	clear_seen >/dev/null
	! grep -v "$B > $A: ICMP6, echo request" "$tmp/clear.txt" | sed 's/^/# /' |
		grep .
	check $? "nothing in clear"
}

default_discard() {
	in6
	ma policy default discard
	! a ping -qc 1 -W 1 $B >/dev/null && ! b ping -qc 1 -W 1 $A >/dev/null
	check $? "default discard: no ping either way"
	[ "$(stat a out-discarded)" -ge 1 ] && [ "$(stat a in-discarded)" -ge 1 ]
	check $? "and counted"
	ma policy add order 5 action bypass remote $B proto ipv6-icmp
	a ping -qc 1 -W 1 $B >/dev/null
	check $? "a bypass policy lets it pass"
	ma policy show | grep -q 'DHCPv6'
	check $? "exemptions are listed"
	ma policy flush
	ma policy default bypass
}

# Super-packets of more than 64 KB, which have a header that is not for the wire.
big() {	# MODE
	local ns counted

	in6
	for ns in a b; do
		ip -n $ns link set v$ns gso_max_size 150000 gro_max_size 150000 ||
			return
		# As long as they may be, whatever the round trip.
		ip netns exec $ns sysctl -qw net.ipv4.tcp_tso_rtt_log=20
	done
	if [ $1 = transport ]; then
		mobx_a gcm128
		mobx_b gcm128
	else
		ma -b - <<-END
			peer add 1 local 10.8.0.1 remote 10.8.0.2
			sa add dir in spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force
			sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force
		END
		mb -b - <<-END
			peer add 1 local 10.8.0.2 remote 10.8.0.1
			sa add dir in spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force
			sa add dir out spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force
		END
	fi
	ma policy add order 10 action protect mode $1 peer 1 remote $B
	mb policy add order 10 action protect mode $1 peer 1 remote $A
	a nft -f - <<-END
	table ip6 t {
		counter big { }
		chain c {
			type filter hook output priority 0;
			meta l4proto tcp meta length gt 65575 counter name big
		}
	}
	END
	b timeout 60 python3 -c "
import hashlib, socket
server = socket.create_server(('::', 4243), family=socket.AF_INET6)
print('ready', flush=True)
sock = server.accept()[0]
digest = hashlib.sha256()
while data := sock.recv(1 << 20):
    digest.update(data)
sock.send(digest.digest())" >"$tmp/big" &
	wait_for 10 grep -q ready "$tmp/big"
	a timeout 50 python3 -c "
import hashlib, os, socket
sock = socket.create_connection(('$B', 4243))
data = os.urandom(1 << 22)
sock.sendall(data)
sock.shutdown(socket.SHUT_WR)
assert sock.recv(99) == hashlib.sha256(data).digest()"
	check $? "$1 mode: a stream of super-packets beyond 64 KB arrives"
	counted=$(a nft -j list counter ip6 t big |
		sed 's/.*"packets": \([0-9]*\).*/\1/')
	# When one is lost, what follows is shorter.
	[ "$counted" -gt 5 ]
	check $? "$1 mode: it is made of such: $counted"
	[ "$(stat a out-crypto-error)$(stat b in-integrity)$(stat b in-malformed)" = 000 ]
	check $? "$1 mode: none was taken for damaged"
}

mtu() {
	in6
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
	# 1500 less IPv6's 40, ESP's 8 + 8 + 2 + 16, to a multiple of 4.
	a ping -qc 1 -W 2 -s 1452 -M dont $B >/dev/null
	check $? "a packet as long as the link, which ESP makes longer, arrives"
	[ "$(route_mtu $B)" = 1466 ]
	check $? "the route says what fits: $(route_mtu $B)"
	a ping -qc 1 -W 2 -s 1418 -M do $B >/dev/null
	check $? "that much fits in one piece"
	[ "$(stat a out-fragmented)" = 1 ]
	check $? "only the first one was fragmented"
	! a ping -c 1 -W 2 -s 1419 -M do $B >"$tmp/ping" 2>&1 &&
		grep -qi "mtu[=: ]*1466" "$tmp/ping"
	check $? "one octet more is refused, and the sender told"
	"$echo" a b $B stream
	check $? "a stream there and back"
	[ "$(stat a out-fragmented)" -le 12 ]
	check $? "without fragments: $(stat a out-fragmented)"
	# At the least that IPv6 has, the inner MTU cannot become smaller.
	ip -n a link set va mtu 1280
	ip -n b link set vb mtu 1280
	ip -n a -6 route flush cache
	a ping -qc 2 -i 0.2 -W 2 -s 1232 -M do $B >/dev/null
	check $? "1280 octets pass a link of 1280, in fragments"
	[ "$(route_mtu $B || echo 1280)" -ge 1280 ]
	check $? "no route is told less than 1280: $(route_mtu $B)"
	"$echo" a b $B stream
	check $? "a stream over such a link"
}

route_mtu() { ip -n a -6 route get $1 | grep -o ' mtu [0-9]*' | tr -dc 0-9 | grep .; }

# a --- r --- narrow --- q --- b
routed() {
	local ns

	A=10.8.0.1 B=10.8.0.2
	world
	A=fd00:8::1 B=fd00:9::2
	ip -n b link del vb
	for ns in r q; do
		ip netns del $ns 2>/dev/null
		ip netns add $ns
		in_ns $ns sysctl -qw net.ipv6.conf.all.forwarding=1
	done
	cable a va fd00:8::1 r ra fd00:8::fe
	cable r rq fd00:88::1 q qr fd00:88::2
	cable q qb fd00:9::fe b vb fd00:9::2
	ip -n r link set rq mtu 1400
	ip -n q link set qr mtu 1400
	ip -n a -6 route add default via fd00:8::fe
	ip -n r -6 route add default via fd00:88::2
	ip -n q -6 route add default via fd00:88::1
	ip -n b -6 route add default via fd00:9::fe
	wait_for 10 a ping -qc 1 -W 1 $B
}

cable() {	# NAMESPACE DEVICE ADDRESS, twice
	ip link add $2 netns $1 type veth peer name $5 netns $4
	ip -n $1 addr add $3/64 dev $2 nodad
	ip -n $4 addr add $6/64 dev $5 nodad
	ip -n $1 link set $2 up
	ip -n $4 link set $5 up
}

narrow() {
	routed
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
	a ping -qc 1 -W 2 $B >/dev/null
	check $? "behind two routers"
	"$echo" a b $B stream
	check $? "a stream through a narrower link"
	ma peer show 1 | grep -q 'mtu 1400'
	check $? "its MTU was learnt for the path, from ICMPv6 about ESP"
	[ "$(route_mtu $B)" = 1366 ]
	check $? "and the inner one told: $(route_mtu $B)"
	a ping -qc 1 -W 2 -s 1318 -M do $B >/dev/null
	check $? "that much fits in one piece"
	ip netns del r
	ip netns del q
}

# Headers that say they are longer than the packet, or than its first piece.
lies() {
	in6
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
	in_ns a python3 - $B <<-'END'
		import socket, sys
		for kind in (43, 60):
		    sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, kind)
		    for after in (17, 58, 59, 253, 43, 60):
		        for more in (6, 100, 1300, 2046, 3000, 9000):
		            sock.sendto(bytes((after, 255)) + bytes(more),
		                        (sys.argv[1], 0))
	END
	check $? "headers that do not end where they should are sent"
	[ "$(stat a out-protected)" -ge 72 ] && [ "$(stat a out-bypassed)" = 0 ]
	check $? "all are protected"
	a ping -qc 2 -i 0.2 -W 1 $B >/dev/null
	check $? "and nothing is broken"
}

# A packet from c in somebody's name: a datagram, or the news that ESP was too long.
pretend() {	# FROM TO PORT|icmp
	in_ns c python3 - "$@" <<-'END'
		import ipaddress, socket, struct, sys
		src, dst, what = sys.argv[1:]
		a, b = (ipaddress.ip_address(x).packed for x in (src, dst))
		def add(data):
		    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
		    while n >> 16:
		        n = (n & 0xffff) + (n >> 16)
		    return n
		if what == "icmp":
		    proto = 58
		    data = struct.pack("!BBHI", 2, 0, 0, 1300) + struct.pack(
		        "!IHBB", 6 << 28, 100, 50, 64) + b + a + bytes(8)
		    sum_ = add(a + b + struct.pack("!II", len(data), proto) + data)
		    data = data[:2] + struct.pack("!H", 0xffff ^ sum_) + data[4:]
		else:
		    proto = 17
		    data = struct.pack("!HHHH", 1, int(what), 12, 0) + b"hi!!"
		if len(a) == 16:
		    family, level, header = socket.AF_INET6, 255, struct.pack(
		        "!IHBB", 6 << 28, len(data), proto, 64)
		else:
		    family, level, header = socket.AF_INET, 255, struct.pack(
		        "!BBHHHBBH", 0x45, 0, 20 + len(data), 0, 0, 64, proto, 0)
		sock = socket.socket(family, socket.SOCK_RAW, level)
		sock.sendto(header + a + b + data, (dst, 0))
	END
}

# It is dropped and counted, and does not leave under an SA of a's.
not_ours() {	# NAME FROM TO PORT|icmp
	local name=$1 protected discarded
	shift

	protected=$(stat a out-protected)
	discarded=$(stat a in-clear-discarded)
	pretend "$@"
	wait_for 3 discarded_is $((discarded + 1))
	check $? "$name is dropped and counted"
	[ "$(stat a out-protected)" = "$protected" ]
	check $? "and not protected as if it were a's own"
}

discarded_is() { [ "$(stat a in-clear-discarded)" = "$1" ]; }

# A router with SAs, and its neighbour c, on a link in a VRF or in none.
neighbour() {	# [VRF]
	in6
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	ip netns add c
	ip link add vc netns c type veth peer name vac netns a
	if [ $# -gt 0 ]; then
		ip -n a link add $1 type vrf table 20 || return
		ip -n a link set $1 up
		ip -n a link set vac master $1
	fi
	ip -n a addr add fd00:9::1/64 dev vac nodad
	ip -n c addr add fd00:9::2/64 dev vc nodad
	ip -n a link set vac up
	ip -n c link set vc up
	ip -n c -6 route add default via fd00:9::1
	a sysctl -qw net.ipv6.conf.all.forwarding=1
	wait_for 5 in_ns c ping -qc 1 -W 1 fd00:9::1
	check $? "a router and its neighbour"
}

# The neighbour takes a's name for what it has a send on.
stranger() {
	neighbour
	not_ours "what says it is from the router itself" $A $B 4242
	exec {ike}> >("$top/selftests/net/encap_sock" 500 a >"$tmp/ike")
	wait_for 10 grep -q ready "$tmp/ike"
	check $? "a has a socket for IKE"
	not_ours "such a packet for the port of a's IKE socket" $A $B 500
	not_ours "such news about ESP" $A $B icmp
	exec {ike}>&-
	# Its own address, which a was to have, too.
	ma peer set 1 path local $A remote $B primary \
		path local fd00:9::2 remote $B
	ip -n a addr add fd00:9::2/64 dev vac
	wait_for 5 duplicate
	check $? "a neighbour that has an address of a's is found"
	not_ours "what comes from that address" fd00:9::2 $B 4242
	ip netns del c
}

duplicate() { ip -n a addr show dev vac | grep -q dadfailed; }

# The same from a VRF, by whose routes it would be sent on.
stranger_vrf() {
	neighbour blue || { echo "# no VRF in this kernel"; ip netns del c; return; }
	ma peer set 1 path local $A remote $B primary \
		path local 10.8.0.1 remote 10.8.0.2
	ma policy add order 11 action protect remote 10.8.0.2
	ip -n a -6 route add fd00:8::/64 dev va table 20
	ip -n a -6 neigh add fd00:8::99 lladdr 02:00:00:00:00:99 dev va
	ip -n a addr add 10.9.0.1/24 dev vac
	ip -n a route add 10.8.0.0/24 dev va table 20
	# As is usual with VRFs: otherwise each knows the addresses outside of it, too.
	ip -n a rule add pref 32765 lookup local
	ip -n a rule del pref 0
	a sysctl -qw net.ipv4.ip_forward=1
	ip -n c addr add 10.9.0.2/24 dev vc
	ip -n c route add default via 10.9.0.1
	not_ours "VRF: what says it is from the router itself" $A $B 4242
	not_ours "VRF: such a packet of IPv4" 10.8.0.1 10.8.0.2 4242
	before=$(stat a in-clear-discarded)
	pretend $A fd00:8::99 4242
	wait_for 3 sent_on
	check $? "VRF: what no SA would take is sent on"
	[ "$(stat a in-clear-discarded)" = "$before" ]
	check $? "VRF: and not counted"
	ip netns del c
}

sent_on() {
	[ "$(awk '/Ip6OutForwDatagrams/ { print $2 }' <(a cat /proc/net/snmp6))" -gt 0 ]
}

# Where the host takes packets of IPv4 with an address of its own as source.
stranger_local() {
	neighbour
	ma peer set 1 path local $A remote $B primary \
		path local 10.8.0.1 remote 10.8.0.2
	ma policy add order 11 action protect remote 10.8.0.2
	ip -n a addr add 10.9.0.1/24 dev vac
	a sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.accept_local=1
	ip -n c addr add 10.9.0.2/24 dev vc
	ip -n c route add default via 10.9.0.1
	not_ours "accept_local: what says it is from the router itself" \
		10.8.0.1 10.8.0.2 4242
	ip netns del c
}

for name in gcm128 cbc-sha1 null-sha1; do
	meet_xfrm $name in6
done
hold
default_discard
big transport
big tunnel
lies
stranger
stranger_vrf
stranger_local
mtu
narrow
finish
