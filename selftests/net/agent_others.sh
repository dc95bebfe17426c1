#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A phone with an IPv4 link and an IPv6 link, in tunnel mode: it leaves one for
# the other, and goes where else its server has said that it is (RFC 4555,
# sections 3.4 and 3.6). The server is mobxd, with MOBIKE-X and with plain
# MOBIKE, then strongSwan.
# rig: timeout=1200
# covers: I2 MB6 MB10 MB11 MB17 MX1 MX7

. "$(dirname "$0")/agent6_lib"

V4=10.7.1.2 S4=10.7.3.2

# Radio speaks IPv4, wlan IPv6. What goes through the tunnel has a route that
# leads nowhere, whatever the links do.
platform6
ip -n m -6 addr del $R/64 dev radio
ip -n m addr del 10.7.2.2/24 dev wlan
inner_hosts
modprobe dummy
for ns in m s; do
	ip -n $ns link add nowhere type dummy
	ip -n $ns link set nowhere up
	ip -n $ns route add 10.9.0.0/16 dev nowhere
done

radio_up() {
	ip -n m link set radio up
	ip -n m route replace default via 10.7.1.1 dev radio metric 100
	ip -n m route replace default via 10.7.1.1 table 1
}

wlan_up() {
	ip -n m link set wlan up
	ip -n m addr replace $W/64 dev wlan nodad
	ip -n m route replace default via fd00:7:2::1 dev wlan metric 200
	ip -n m route replace default via fd00:7:2::1 dev wlan table 2
}

# The primary path, both ends of it.
by() {	# LOCAL REMOTE
	[ "$(conn '.paths[] | select(.primary) | .local + " " + .remote')" = \
		"$1 $2" ]
}

settled() {	# NAME LOCAL REMOTE
	wait_for 30 by "$2" "$3"
	check $? "$1: the connection has moved"
	wait_for 10 inner
	check $? "$1: ping through the tunnel"
	[ "$(conn .ike.spi_i)" = "$spi" ] && one_child
	check $? "$1: it is the same IKE SA"
	none_clear
	check $? "$1: nothing in clear"
}

moves() {	# NAME
	wait_for 60 is_up m && by $V4 $S4 && inner
	check $? "$1: up over IPv4, ping through the tunnel"
	spi=$(conn .ike.spi_i)
	ip -n m link set radio down
	settled "$1: IPv4 to IPv6" $W $S
	radio_up
	ip -n m link set wlan down
	settled "$1: IPv6 to IPv4" $V4 $S4
	wlan_up
	ip -n m link set radio down
	settled "$1: and once more" $W $S
	radio_up
	# No link goes now, but nothing comes through.
	ip -n r route add blackhole $S/128
	settled "$1: no way to one of the server's addresses" $V4 $S4
	ip -n r route del blackhole $S/128
}

tunnel_conf() {	# FILE LOCAL REMOTE MORE
	sed -i "s|protect {.*|protect { order = 100 local = \"$2\" remote = \"$3\" }|
		s|dpd-delay = 1|dpd-delay = 2 mode = \"tunnel\" $4|
		s|retransmit-tries = 4||" "$1"
}

for x in true false; do
	name="MOBIKE-X $x"
	server_conf "$tmp/s.conf"
	tunnel_conf "$tmp/s.conf" 10.9.3.1 10.9.1.1 "mobike-x = $x"
	mobile_conf "$tmp/m.conf"
	tunnel_conf "$tmp/m.conf" 10.9.1.1 10.9.3.1 "mobike-x = $x"
	watch6
	start s
	start m
	moves "$name"
	stop_agent
	kill "$pid_s"
	wait "$pid_s"
	unwatch
done

mobx s policy flush
charon_conf
swan_conf "$key" "" "local_ts = 10.9.3.1/32
	remote_ts = 10.9.1.1/32"
sed -i "s/mode = transport/mode = tunnel/
	s/local_addrs = .*/local_addrs = $S4/
	s/remote_addrs = .*/remote_addrs = %any/" "$tmp/ss/swanctl.conf"
start_charon
check $? "strongSwan starts"
watch6
start m
moves strongSwan
finish
