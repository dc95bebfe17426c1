#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Path MTU: upper layers learn what fits, from the first packet on and when a
# link in the middle is narrower; nothing is lost for it but what the narrow
# link itself has dropped; another path starts with its own.
# rig: timeout=480
# covers: TN4 TN5 TN9

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
C=10.8.9.2

# a --- 10.8.0.0/24 --- r --- narrow, 10.8.8.0/24 --- q --- 10.8.9.0/24 --- b
routed() {
	local ns

	world
	ip -n b link del vb
	for ns in r q; do
		ip netns add $ns
		in_ns $ns sysctl -qw net.ipv4.ip_forward=1
	done
	cable a va $A r ra 10.8.0.254
	cable r rq 10.8.8.1 q qr 10.8.8.2
	cable q qb 10.8.9.254 b vb $C
	ip -n r link set rq mtu 1300
	ip -n q link set qr mtu 1300
	ip -n a route add default via 10.8.0.254
	ip -n r route add default via 10.8.8.2
	ip -n q route add default via 10.8.8.1
	ip -n b route add default via 10.8.9.254
}

cable() {	# NAMESPACE DEVICE ADDRESS, twice
	ip link add $2 netns $1 type veth peer name $5 netns $4
	ip -n $1 addr add $3/24 dev $2
	ip -n $4 addr add $6/24 dev $5
	ip -n $1 link set $2 up
	ip -n $4 link set $5 up
}

protect_c() {
	ma -b - <<-END
		peer add 1 local $A remote $C
		sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force
		sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
		policy add order 10 action protect remote $C
	END
	mb -b - <<-END
		peer add 1 local $C remote $A
		sa add dir out spi 0x1001 peer 1 $(suite gcm128 B) force
		sa add dir in spi 0x2002 peer 1 $(suite gcm128 A) force
		policy add order 10 action protect remote $A
	END
}

route_mtu() { ip -n a route get $1 | sed -n 's/.* mtu \([0-9]*\).*/\1/p'; }

# On the link itself: 1500 less ESP's 8 + 8 + 2 + 16 = 1466.
world
mobx_a gcm128
mobx_b gcm128
ma policy add order 10 action protect remote $B
mb policy add order 10 action protect remote $A
a ping -qc 1 -W 2 -s 1472 -M dont $B >/dev/null
check $? "a packet as long as the link, which ESP makes longer, arrives"
[ "$(route_mtu $B)" = 1466 ]
check $? "the route says what fits: $(route_mtu $B)"
a ping -qc 1 -W 2 -s 1438 -M do $B >/dev/null
check $? "that much fits in one piece"
[ "$(stat a out-fragmented)" = 1 ]
check $? "only the first one was fragmented"
! a ping -c 1 -W 2 -s 1439 -M do $B >"$tmp/ping" 2>&1 &&
	grep -q "mtu=1466" "$tmp/ping"
check $? "one octet more is refused, and the sender told"
"$echo" a b $B stream
check $? "a stream there and back"
[ "$(stat a out-fragmented)$(stat b out-fragmented)" -le 12 ]
check $? "without fragments: $(stat a out-fragmented) $(stat b out-fragmented)"

# A narrow link in the middle.
routed
protect_c
a ping -qc 1 -W 2 $C >/dev/null
check $? "behind two routers"
"$echo" a b $C stream
check $? "a stream through a narrower link"
ma peer show 1 | grep -q 'mtu 1300'
check $? "its MTU was learnt for the path, from ICMP about ESP"
[ "$(route_mtu $C)" = 1266 ]
check $? "and the inner one told: $(route_mtu $C)"
a ping -qc 1 -W 2 -s 1238 -M do $C >/dev/null
check $? "that much fits in one piece"
ip -n a addr add 10.8.0.11/24 dev va
ma peer set 1 path local $A remote $C primary path local 10.8.0.11 remote $C
[ "$(ma peer show 1 | grep -c 'mtu 1300')" = 1 ]
check $? "another path does not inherit it"
# What an attacker may claim: an MTU for a packet that was never sent. It is as
# short-lived as what the kernel believes.
a sysctl -qw net.ipv4.route.mtu_expires=3
in_ns r python3 - <<END
import socket, struct
def total(data):
    value = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff
for spi, mtu in ((0x9999, 600), (0x2002, 68)):
    inner = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1500, 1, 0x4000, 64, 50, 0,
                        socket.inet_aton("$A"), socket.inet_aton("$C"))
    body = struct.pack("!HH", 0, mtu) + inner + struct.pack("!II", spi, 1)
    icmp = struct.pack("!BBH", 3, 4, 0) + body
    icmp = icmp[:2] + struct.pack("!H", total(icmp)) + icmp[4:]
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    sock.sendto(icmp, ("$A", 0))
END
sleep 0.5
ma peer show 1 | grep -q 'mtu 552'
check $? "ICMP with our SPI is believed, but not below 552 octets"
forgotten() { ! ma peer show 1 | grep -q 'mtu 552'; }
wait_for 6 forgotten
check $? "and not for ever"
ip netns del r
ip netns del q
finish
