#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The default that discards: what comes to this host in clear is not let in,
# whichever way it gets here; what goes on to another host is judged when it
# leaves; what is protected does not notice.
# covers: AR1 AR2 I2

. "$(dirname "$0")/esp_lib"
command -v nft >/dev/null || skip "no nft"
modprobe esp6
PORT=4242

# Datagrams that UDP of a has got, for ports that nobody has.
got() {
	a awk '/^Udp:/ && n++ { sum += $3 } /^Udp6NoPorts/ { sum += $2 }
		END { print sum }' /proc/net/snmp /proc/net/snmp6
}

has_got() { [ "$(got)" -gt "$1" ]; }

# Does a datagram from b get that far?
comes() {	# ADDRESS
	local before

	before=$(got)
	b bash -c "echo >/dev/udp/$1/${port:-$PORT}"
	has_got "$before" || { sleep 0.2; has_got "$before"; }
}

# It comes in clear, not once the default discards, and again with a bypass.
judged() {	# ADDRESS NAME...
	local address=$1 before
	shift

	comes $address
	check $? "$*"
	ma policy default discard
	before=$(stat a in-discarded)
	! comes $address
	check $? "$*, where the default discards"
	[ "$(stat a in-discarded)" = $((before + 1)) ]
	check $? "and is counted"
	ma policy add order 10 action bypass local $address proto udp \
		sport ${port:-$PORT}
	comes $address
	check $? "$*, with a policy for it"
	ma policy flush
	ma policy default bypass
}

addresses() {
	world6
	judged $A "an address of the host"
	judged $A6 "one of IPv6"
	ip -n a -6 route add local fd00:9::/64 dev lo
	ip -n b -6 route add fd00:9::/64 via $A6
	judged fd00:9::77 "a route of type local in IPv6"
	ip -n a route add local 10.9.0.0/24 dev lo table 100
	ip -n a rule add pref 10 to 10.9.0.0/24 lookup 100
	ip -n b route add 10.9.0.0/24 via $A
	judged 10.9.0.77 "a route of type local in another table"
	a sysctl -qw net.ipv6.conf.all.forwarding=1
	wait_for 5 comes fd00:8::
	judged fd00:8:: "an anycast address"
	ma policy default discard
	a ping -qc 1 -W 1 127.0.0.1 >/dev/null && a ping -qc 1 -W 1 $A >/dev/null &&
		a ping -qc 1 -W 1 $A6 >/dev/null
	check $? "a host may talk to itself"
	ip -n b neigh flush dev vb
	wait_for 5 sh -c "ip netns exec b ping -qc 1 -W 1 $A6 >/dev/null;
		ip -n b neigh show $A6 | grep -q lladdr"
	check $? "and its neighbours find it"
}

vrf() {
	world_vrf || return
	judged $A "an address in a VRF"
	judged $A6 "one of IPv6"
}

translated() {
	local port

	world6
	for family in ip ip6; do
		a nft -f - <<-END
		table $family nat {
			chain prerouting {
				type nat hook prerouting priority -100;
				udp dport 5252 redirect to :$PORT
			}
		}
		END
	done
	port=5252 judged $A "a redirected port"
	port=5252 judged $A6 "one of IPv6"
	ip -n b route add 10.7.0.0/24 via $A
	ip -n b -6 route add fd00:7::/64 via $A6
	port=5252 judged 10.7.0.9 "a redirected address"
	port=5252 judged fd00:7::9 "one of IPv6"
	ma policy default discard
	ma policy add order 10 action bypass local $A proto udp sport $PORT
	port=5252
	! comes $A
	check $? "a policy is for the port that a packet came with"
}

# To an address of the gateway, which another host has in truth.
forwarded() {
	world
	ip -n a link add va2 type dummy
	ip -n a addr add 10.6.0.1/24 dev va2
	ip -n a link set va2 up
	ip -n a neigh add 10.6.0.9 lladdr 02:00:00:00:00:09 dev va2
	a sysctl -qw net.ipv4.ip_forward=1
	a nft -f - <<-END
	table ip nat {
		chain prerouting {
			type nat hook prerouting priority -100;
			udp dport $PORT dnat to 10.6.0.9
		}
	}
	END
	ma policy default discard
	! comes $A && [ "$(stat a in-discarded)" = 0 ]
	check $? "what is sent on to another host is not for this one"
	[ "$(stat a out-discarded)" = 1 ]
	check $? "it is judged when it leaves"
	ma policy add order 10 action bypass local $B remote 10.6.0.9
	! comes $A && [ "$(stat a out-bypassed)" = 1 ]
	check $? "by policies for what it is then"
}

alive() {	# NAME
	a ping -qc 3 -i 0.1 -W 3 $B >/dev/null
	check $? "$1: ping"
	[ "$(stat a in-discarded)$(stat b in-discarded)" = 00 ]
	check $? "$1: nothing is discarded"
}

defaults() {
	ma policy default discard
	mb policy default discard
}

in_transport() {	# NAME
	mobx_a gcm128
	mobx_b gcm128
	ma policy add order 10 action protect remote $B
	mb policy add order 10 action protect remote $A
	defaults
	alive "$1"
}

protected() {
	local watch

	for watch in '' input prerouting; do
		world
		[ -z "$watch" ] || for ns in a b; do
			ip netns exec $ns nft -f - <<-END
			table ip t {
				chain $watch {
					type filter hook $watch priority 0;
				}
			}
			END
		done
		in_transport "transport mode${watch:+, a rule at $watch}"
		unprotect
		ip -n a addr add 10.5.1.1/32 dev lo
		ip -n b addr add 10.5.2.1/32 dev lo
		ip -n a route add 10.5.2.1 via $B src 10.5.1.1
		ip -n b route add 10.5.1.1 via $A src 10.5.2.1
		ma -b - <<-END
			peer add 1 local $A remote $B
			sa add dir in spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force
			sa add dir out spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force
			policy add order 10 action protect mode tunnel peer 1 remote 10.5.2.1
		END
		mb -b - <<-END
			peer add 1 local $B remote $A
			sa add dir in spi 0x2002 peer 1 mode tunnel $(suite gcm128 A) force
			sa add dir out spi 0x1001 peer 1 mode tunnel $(suite gcm128 B) force
			policy add order 10 action protect mode tunnel peer 1 remote 10.5.1.1
		END
		B=10.5.2.1 alive "tunnel mode${watch:+, a rule at $watch}"
	done
}

protected6() {
	world6
	local A=$A6 B=$B6

	in_transport "IPv6"
}

# Packets of XFRM are clear to this module, once XFRM has done with them.
beside() {
	world
	xfrm_sa a gcm128 A $A $B 0x2002 reqid 1
	xfrm_sa a gcm128 B $B $A 0x1001 reqid 1
	xfrm_policy a out $A $B 1
	xfrm_policy a in $B $A 1
	xfrm_b gcm128
	comes $A
	check $? "what XFRM decrypts"
	ma policy default discard
	! comes $A
	check $? "what XFRM decrypts, where the default discards"
	ma policy add order 10 action bypass remote $B proto udp
	comes $A
	check $? "what XFRM decrypts, with a policy for it"
}

addresses
vrf
translated
forwarded
protected
protected6
beside
finish
