#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets that are not like others: frames that are only bridged, a datagram
# that ESP makes too long for an IP header, one whose device goes while it
# waits, one that was to be fragmented by a network card.
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

# The address stays with the host, and so does another link to the same place: vc,
# or what it is called, in the same VRF as va or in none.
another_link() {	# DEVICE [table NUMBER]
	local dev=$1
	shift

	ip link add $dev netns a type veth peer name p$dev netns b
	ip -n a link set $dev up
	ip -n b link set p$dev up
	[ $# = 0 ] || ip -n a link set $dev master red
	ip -n a route add 10.8.0.0/24 dev $dev "$@" src $A metric 500
}

# An SA for what waits, by a path that may be in some STATE.
sa_comes() {	# STATE...
	ma -b - <<-END
		peer set 1 path local $A remote $B primary $*
		sa add dir out spi 0x2002 peer 1 $(suite gcm128 A) force
	END
}

gone() {	# STATE of the path...
	world
	ip -n a addr add $A/32 dev lo
	ip -n b addr add $B/32 dev lo
	another_link vc
	ma policy add order 10 action protect remote $B
	ma peer add 1 local $A remote $B
	ma sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
	mobx_b gcm128
	listen b
	send a 1400
	ip -n a link del va
	sa_comes "$@"
	wait_for 5 grep -qx 1400 "$tmp/got" ||
		[ "$(stat a out-hold-dropped)" = 1 ]
	check $? "what waited while its link went leaves by the other one${*:+, $*}"
	[ "$(stat a out-bypassed)$(stat a out-no-source)$(stat a out-no-credit)" = 000 ]
	check $? "under an SA"
	[ "$(stat a out-fragmented)" = 0 ] &&
		! ip -n a route get $B | grep -q 'mtu 552'
	check $? "as one that the new link can take"
}

# From a VRF, which also has that address, as has the host outside of any. What is
# bound to the VRF says where it is to be routed; what has only named a device there
# does not.
send_red() {	# bound|named OCTETS
	in_ns a python3 - "$1" "$2" $B $PORT <<-'END'
		import socket, struct, sys
		how, length, address, port = sys.argv[1:]
		sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		control = []
		if how == "bound":
		    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"red")
		else:
		    info = struct.pack("i8x", socket.if_nametoindex("red"))
		    control = [(socket.IPPROTO_IP, 8, info)]
		sock.sendmsg([bytes(int(length))], control, 0, (address, int(port)))
	END
}

one_lost() { [ "$(stat a out-hold-dropped)" = 1 ]; }

gone_vrf() {
	world_vrf || { echo "# no VRF in this kernel"; return; }
	ip -n a addr add $A/32 dev red
	ip -n a addr add $A/32 dev lo
	ip -n b addr add $B/32 dev lo
	another_link vc table 10
	another_link vx
	ma policy add order 10 action protect remote $B
	ma peer add 1 local $A remote $B
	ma sa add dir in spi 0x1001 peer 1 $(suite gcm128 B) force
	mobx_b gcm128
	listen b
	ip netns exec b tcpdump -nUi pvx -w "$tmp/vx.pcap" ip 2>"$tmp/tcpdump.log" &
	watcher=$!
	wait_for 5 grep -q listening "$tmp/tcpdump.log"
	send_red bound 41
	send_red named 42
	[ "$(stat a out-held)" = 2 ]
	check $? "in a VRF both wait"
	ip -n a link del va
	sa_comes
	wait_for 5 grep -qx 41 "$tmp/got"
	check $? "what is bound to it leaves by the VRF's other link"
	wait_for 5 one_lost
	check $? "what is not bound is dropped"
	sleep 0.3
	kill $watcher
	wait $watcher
	[ "$(tcpdump -nr "$tmp/vx.pcap" 2>/dev/null | wc -l)" = 0 ] &&
		! grep -qx 42 "$tmp/got"
	check $? "and not sent from outside of the VRF"
}

# A guest's datagram of 3000 octets, of which its network card was to make
# fragments: masqueraded, so that it is the host's own.
guest() {
	modprobe tun && nft -v >/dev/null || skip "no tun, or no nft"
	world
	a sysctl -qw net.ipv4.ip_forward=1
	a nft -f - <<-END
		table ip nat {
			chain post {
				type nat hook postrouting priority srcnat;
				ip saddr 10.99.0.2 masquerade
			}
		}
	END
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	listen b
	in_ns a python3 - $B $PORT <<-'END'
		import fcntl, os, socket, struct, subprocess, sys
		tun = os.open("/dev/net/tun", os.O_RDWR)
		# IFF_TUN, IFF_NO_PI, IFF_VNET_HDR
		fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"guest", 0x5001))
		subprocess.run("ip addr add 10.99.0.1/24 dev guest && ip link set"
		               " guest up", shell=True, check=True)
		dst = socket.inet_aton(sys.argv[1])
		src = socket.inet_aton("10.99.0.2")
		ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 3028, 7, 0, 64, 17, 0, src, dst)
		def fold(data):
		    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
		    return (n >> 16) + (n & 0xffff)
		ip = ip[:10] + struct.pack("!H", 0xffff ^ fold(ip)) + ip[12:]
		pseudo = fold(src + dst + struct.pack("!HH", 17, 3008))
		udp = struct.pack("!HHHH", 99, int(sys.argv[2]), 3008, pseudo)
		# NEEDS_CSUM, GSO_UDP
		head = struct.pack("<BBHHHH", 1, 3, 28, 1480, 20, 6)
		os.write(tun, head + ip + udp + bytes(3000))
	END
	wait_for 5 grep -qx 3000 "$tmp/got"
	check $? "a guest's datagram that was to become fragments arrives"
	[ "$(stat a out-protected)" = 1 ]
	check $? "in one ESP packet"
}

bridged
long
gone
gone state tentative credit 1600
gone_vrf
guest
finish
