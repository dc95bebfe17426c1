#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The short cuts of what arrives: ESP taken before it is routed, and inner
# packets of a tunnel that go to their route at once. Whoever looks on the long
# way sees all that he would see without them, and what the long way drops is
# dropped.
#
#	10.9.0.1 a === b 10.9.0.2
# rig: timeout=480
# covers: AR11 I2

. "$(dirname "$0")/esp_lib"
echo=$top/selftests/net/esp_echo
N=20 AI=10.9.0.1 BI=10.9.0.2
command -v nft >/dev/null || skip "no nft"

tunnel() {
	local mode="mode tunnel"

	world
	ip -n a addr add $AI/32 dev lo
	ip -n b addr add $BI/32 dev lo
	ip -n a route add $BI via $B src $AI
	ip -n b route add $AI via $A src $BI
	ma -b - <<-END
		peer add 1 local $A remote $B
		sa add dir in spi 0x1001 peer 1 $mode $(suite gcm128 B) force selector local $AI remote $BI
		sa add dir out spi 0x2002 peer 1 $mode $(suite gcm128 A) force selector local $AI remote $BI
		policy add order 10 action protect $mode peer 1 local $AI remote $BI
	END
	mb -b - <<-END
		peer add 1 local $B remote $A
		sa add dir in spi 0x2002 peer 1 $mode $(suite gcm128 A) force selector local $BI remote $AI
		sa add dir out spi 0x1001 peer 1 $mode $(suite gcm128 B) force selector local $BI remote $AI
		policy add order 10 action protect $mode peer 1 local $BI remote $AI
	END
}

pings() {	# ADDRESS [COUNT [OPTIONS]]
	a ping -qnc ${2:-$N} -i 0.02 -W 1 "${@:3}" "$1" >/dev/null
}

# What the statistics of b say. PROTOCOL NAME
counted() {
	b awk -v what="$1:" -v name="$2" '
		$1 == what && !column { for (i = 2; i <= NF; i++)
			if ($i == name) column = i; next }
		$1 == what && column { print $column; exit }' \
		/proc/net/snmp /proc/net/netstat
}

grown() {	# BEFORE PROTOCOL NAME
	echo $(($(counted "$2" "$3") - $1))
}

# With nobody there.
tunnel
came=$(counted Ip InReceives) delivered=$(counted Ip InDelivers)
pings $BI
check $? "a tunnel, with nobody who looks"
came=$(grown $came Ip InReceives) delivered=$(grown $delivered Ip InDelivers)
[ $came -ge $((2 * N)) ] && [ $delivered -ge $N ]
check $? "the statistics count ESP and what was in it: $came, $delivered"
[ "$(stat b in-protected)" = $N ]
check $? "all of it by the SA"

# With somebody at each place of the long way.
ip netns exec b tcpdump --immediate-mode -nUi vb -Q in -w "$tmp/in.pcap" icmp \
	2>"$tmp/tcpdump.log" &
tap=$!
tapped() { tcpdump -nr "$tmp/in.pcap" 2>/dev/null | wc -l; }
all_tapped() { [ "$(tapped)" -ge $N ]; }
wait_for 10 grep -q listening "$tmp/tcpdump.log"
pings $BI
check $? "with a tap"
# It writes when it gets to run; what comes twice comes at the same time.
wait_for 10 all_tapped
sleep 0.2
kill $tap
wait $tap 2>/dev/null
seen=$(tapped)
[ "$seen" = $N ]
check $? "it sees what came out of the tunnel: $seen of $N"

# One that wants IPv4 alone, and of this device alone.
ip netns exec b python3 -uc "
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x800))
s.bind(('vb', 0x800))
print('ready')
while True:
    data, where = s.recvfrom(2000)
    if data[9] == 1 and where[2] != 4:
        print('seen')" >"$tmp/tap4" &
tap=$!
wait_for 10 grep -q ready "$tmp/tap4"
pings $BI
check $? "with a tap for one protocol"
all_seen() { [ "$(grep -c seen "$tmp/tap4")" -ge $N ]; }
wait_for 10 all_seen
check $? "it sees what came out of the tunnel: $(grep -c seen "$tmp/tap4") of $N"
kill $tap
wait $tap 2>/dev/null

b nft -f - <<-END
	table netdev t {
		counter seen { }
		chain c {
			type filter hook ingress device vb priority 0;
			ip protocol icmp counter name seen
		}
	}
END
pings $BI
check $? "with a rule at the ingress of the device"
seen=$(b nft list counter netdev t seen | awk '/packets/ { print $2 }')
[ "$seen" = $N ]
check $? "it sees what came out of the tunnel: $seen of $N"
b nft delete table netdev t

b tc qdisc add dev vb clsact
b tc filter add dev vb ingress protocol ip flower ip_proto icmp action drop
! pings $BI 2
check $? "traffic control drops it"
b tc qdisc del dev vb clsact

for hook in prerouting input; do
	b nft -f - <<-END
		table ip t {
			counter seen { }
			chain c {
				type filter hook $hook priority 0;
				ip protocol icmp counter name seen
			}
		}
	END
	pings $BI
	check $? "with a rule at $hook"
	seen=$(b nft list counter ip t seen | awk '/packets/ { print $2 }')
	[ "$seen" = $N ]
	check $? "it sees what came out of the tunnel: $seen of $N"
	b nft delete table ip t
done

# What the long way drops.
before=$(counted TcpExt IPReversePathFilter)
b sysctl -qw net.ipv4.conf.vb.rp_filter=1
pings $BI
check $? "strict reverse path filtering, and the route is right"
ip -n b link add other type dummy
ip -n b link set other up
ip -n b route replace $AI dev other
! pings $BI 2
check $? "it drops what should come by another device"
[ "$(grown $before TcpExt IPReversePathFilter)" = 2 ]
check $? "and counts it"
b sysctl -qw net.ipv4.conf.vb.rp_filter=0
ip -n b route replace $AI via $A src $BI
pings $BI 2
check $? "as before once that is over"

taken=$(stat b in-protected)
ip -n a neigh replace $B dev va lladdr \
	"$(ip -n b -j link show vb | jq -r ".[0].address")" nud permanent
ip -n b addr del $B/24 dev vb
ip -n b addr add 10.8.0.9/24 dev vb
! pings $BI 2
check $? "an address that the host has given up"
[ "$(stat b in-protected)" = "$taken" ]
check $? "nothing that came to it was taken"
ip -n b addr add $B/24 dev vb
ip -n b route replace $AI via $A src $BI
wait_for 5 pings $BI 1
check $? "until it has it again"

# Segments of TCP are put together, if their checksum is right.
stream() {
	"$echo" a b $BI stream $AI
}
b nft -f - <<-END
	table ip t {
		counter clear { }
		counter sealed { }
		chain c {
			type filter hook input priority 0;
			ip protocol tcp counter name clear
			ip protocol esp counter name sealed
		}
	}
END
stream
check $? "a stream"
clear=$(b nft list counter ip t clear | awk '/packets/ { print $2 }')
esp=$(b nft list counter ip t sealed | awk '/packets/ { print $2 }')
# How many meet there is the machine's to say; none would if that did not work.
[ "$clear" -lt $((esp * 3 / 4)) ]
check $? "its segments were put together: $clear of $esp"
b nft delete table ip t
stream
check $? "a stream with nobody who looks"
before=$(counted Tcp InCsumErrors)
a nft -f - <<-END
	table ip t {
		chain c {
			type filter hook output priority 0;
			ip protocol tcp tcp checksum set 0x1234
		}
	}
END
! a timeout 20 python3 -c "
import socket
socket.create_connection(('$BI', 4242), 2)" 2>/dev/null
check $? "checksums that were wrong before the tunnel"
[ "$(grown $before Tcp InCsumErrors)" -gt 0 ]
check $? "are found behind it"
a nft delete table ip t

# Nor does a header of IP that was wrong become right because two are joined.
before=$(counted IpExt InCsumErrors)
# Whoever takes super-packets apart makes the checksums anew.
ip -n a link set va gso_max_segs 1
a nft -f - <<-END
	table ip t {
		chain c {
			type filter hook output priority 0;
			ip protocol tcp meta length > 1000 ip checksum set 0x1234
		}
	}
END
ip netns exec b python3 -uc "
import socket
s = socket.create_server(('$BI', 4243))
print('ready')
c = s.accept()[0]
c.settimeout(3)
try:
    print('got', len(c.recv(100000)))
except TimeoutError:
    print('nothing')" >"$tmp/broken" &
server=$!
wait_for 10 grep -q ready "$tmp/broken"
a timeout 8 python3 -c "
import socket, time
c = socket.create_connection(('$BI', 4243), 5)
c.send(bytes(10000))
time.sleep(5)"
wait $server
[ "$(sed -n 2p "$tmp/broken")" = nothing ]
check $? "headers that were wrong before the tunnel: $(sed -n 2p "$tmp/broken")"
[ "$(grown $before IpExt InCsumErrors)" -gt 0 ]
check $? "are found behind it"

# The way into this host is remembered; what changes it counts at once. Of five
# pings the first has the kernel make a route, the second has it remembered.
arrived() {	# PROTOCOL NAME, for five pings from a to $where, answered or not
	local before=$(counted "$@")

	pings $where 5
	grown $before "$@"
}

# Whatever the mode: $where is b's address, and $from is a's.
own_source() {
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: from another host"
	ip -n b addr add $from/32 dev lo
	[ "$(arrived Icmp InEchos)" = 0 ]
	check $? "$mode: from an address of this host, as of now"
	ip -n b addr del $from/32 dev lo
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: and no longer"
	ip -n b xfrm policy add dir in src $from dst $where action block
	before=$(b awk '/InPolBlock/ { print $2 }' /proc/net/xfrm_stat)
	[ "$(arrived Icmp InEchos)" = 0 ] &&
		b grep -q "InPolBlock[^0-9]*$((before + 5))$" /proc/net/xfrm_stat
	check $? "$mode: a policy of XFRM blocks it"
	b sysctl -qw net.ipv4.conf.vb.disable_policy=1
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: and a device knows none"
	b sysctl -qw net.ipv4.conf.vb.disable_policy=0
	ip -n b xfrm policy flush
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: as before once that is over"
}

# Of the packets of one SA some may go another way than others.
own_ways() {
	ip -n b addr add $from/32 dev lo
	b sysctl -qw net.ipv4.conf.vb.accept_local=1
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: from an address of this host, which it allows"
	b sysctl -qw net.ipv4.conf.vb.accept_local=0
	[ "$(arrived Icmp InEchos)" = 0 ]
	check $? "$mode: and no longer"
	ip -n b addr del $from/32 dev lo
	ip -n b route add blackhole $where tos 0x10 table local
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: a route for another DSCP"
	before=$(counted Icmp InEchos)
	pings $where 5 -Q 0x10
	[ "$(grown $before Icmp InEchos)" = 0 ]
	check $? "$mode: which counts for it"
	ip -n b route del blackhole $where tos 0x10 table local
}

# ESP may come by either of two devices, what was in it by one.
other_device() {
	ip link add va2 netns a up type veth peer name vb2 netns b
	ip -n b link set vb2 up
	ip -n a neigh add $B dev va2 nud permanent lladdr \
		"$(ip -n b -j link show vb2 | jq -r ".[0].address")"
	ip -n b route add $A/32 nexthop dev vb nexthop dev vb2
	for dev in vb vb2; do
		b sysctl -qw net.ipv4.conf.$dev.rp_filter=1
	done
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "strict reverse path filtering, by the right device"
	taken=$(stat b in-protected)
	ip -n a route add $B dev va2 src $A
	[ "$(arrived TcpExt IPReversePathFilter)" = 5 ]
	check $? "and by another one"
	[ "$(stat b in-protected)" = $((taken + 5)) ]
	check $? "though ESP may come by that"
	ip -n a route del $B dev va2
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "and back"
	ip -n b route del $A/32
	ip -n b link del vb2
	b sysctl -qw net.ipv4.conf.vb.rp_filter=0
}

# Rules may ask for more than addresses, so with them nothing is remembered.
datagram() {
	a bash -c "echo >/dev/udp/$where/9"
	# Not before it.
	pings $where 1
}

rules() {
	ip -n b rule add pref 10 lookup local
	ip -n b rule del pref 0
	ip -n b rule add pref 5 ipproto udp blackhole
	[ "$(arrived Icmp InEchos)" = 5 ]
	check $? "$mode: with rules that are about others"
	before=$(counted Udp NoPorts)
	datagram
	[ "$(grown $before Udp NoPorts)" = 0 ]
	check $? "$mode: and about a datagram"
	ip -n b rule del pref 5
	datagram
	[ "$(grown $before Udp NoPorts)" = 1 ]
	check $? "$mode: until they are gone"
}

tunnel
mode=tunnel where=$BI from=$AI
own_source
own_ways
other_device
ip -n b link add other type dummy
ip -n b link set other up
ip -n b route replace $AI dev other
[ "$(arrived Icmp InEchos)" = 5 ]
check $? "with nobody who asks by which device they should come"
b sysctl -qw net.ipv4.conf.vb.rp_filter=1
[ "$(arrived TcpExt IPReversePathFilter)" = 5 ]
check $? "strict reverse path filtering from now on"
b sysctl -qw net.ipv4.conf.vb.rp_filter=0
[ "$(arrived Icmp InEchos)" = 5 ]
check $? "and no longer"
ip -n b route replace unreachable $AI
[ "$(arrived Icmp InEchos)" = 5 ]
check $? "from where no route leads"
b sysctl -qw net.ipv4.conf.vb.rp_filter=2
[ "$(arrived TcpExt IPReversePathFilter)" = 5 ]
check $? "loose reverse path filtering from now on"
b sysctl -qw net.ipv4.conf.vb.rp_filter=0
ip -n b route del unreachable $AI
ip -n b route replace $AI via $A src $BI
ip -n b addr del $BI/32 dev lo
[ "$(arrived Icmp InEchos)" = 0 ]
check $? "an inner address that the host has given up"
ip -n b addr add $BI/32 dev lo
ip -n b route replace $AI via $A src $BI
[ "$(arrived Icmp InEchos)" = 5 ]
check $? "until it has it again"
rules

world
mobx_a gcm128
mobx_b gcm128
ma policy add order 10 action protect remote $B
mb policy add order 10 action protect remote $A
mode=transport where=$B from=$A
own_source
own_ways
rules
finish
