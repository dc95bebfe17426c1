#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A mobile that moves while it talks to strongSwan in transport mode. Plain
# RFC 4555 says nothing about that mode: the IKE SA moves, Child SAs are made
# anew for the new address. Whatever happens on the way, traffic waits or goes
# as ESP; in clear it never is. Then strongSwan is who moves, in tunnel mode, and
# mobxd answers.
# rig: timeout=900 alone
# covers: I2 MB8 MB11 MB15 MX1

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
W=10.7.2.2

platform
charon_conf
swan_conf "$key"
start_charon
check $? "strongSwan starts"
agent_conf initiate "$key" \
	'dpd-delay = 2 paths { prefer = { "radio", "wlan" } }'
watch
start m
at() {	# ADDRESS
	is_up m && one_child && [ "$(conn .local)" = "$1:4500" ] &&
		[ "$(conn '.paths[] | select(.primary) | .local')" = "$1" ]
}
wait_for 60 at $M && pings && pings_back
check $? "both ends are up, traffic both ways by radio"

# What a network manager does when a link comes back.
radio_up() {
	ip -n m link set radio up
	ip -n m route replace default via 10.7.1.1 dev radio metric 100
	ip -n m route replace default via 10.7.1.1 table 1
}

wlan_up() {
	ip -n m link set wlan up
	ip -n m route replace default via 10.7.2.1 dev wlan metric 200
	ip -n m route replace default via 10.7.2.1 table 2
}

# What the server's kernel holds, whatever charon would say of it.
swan_at() {	# ADDRESS
	local states

	states=$(s ip xfrm state | grep ^src | sort | tr '\n' ' ')
	[ "$states" = "src $1 dst $S src $S dst $1 " ]
}

swan_settles() {	# ADDRESS
	wait_for 30 swan_at "$1" && return
	{ swan_sas; s ip xfrm state | grep ^src; } | sed 's/^/# /'
	return 1
}

# The state that a move is to end in: one pair of SAs at the new address, at
# both ends, and traffic by it.
settled() {	# NAME ADDRESS
	wait_for 60 at "$2"
	check $? "$1: the IKE SA has moved, one Child SA"
	swan_settles "$2"
	check $? "$1: so it has at strongSwan, nothing old is left"
	esp_grew 0 "$2"
	pings && s ping -q -c 3 -i 0.2 -W 5 "$2" >/dev/null
	check $? "$1: traffic both ways"
	esp_grew 6 "$2"
	check $? "$1: as ESP, by the new address"
	none_clear
	check $? "$1: nothing in clear"
}

before=$(conn .ike.spi_i)
ip -n m link set radio down
settled "radio breaks" $W
[ "$(conn .ike.spi_i)" = "$before" ] && [ "$(conn .last_move.kind)" = hard ]
check $? "radio breaks: it is the same IKE SA"

radio_up
settled "radio is back, and preferred" $M

# By hand; the kernel's routes follow.
mobx m path use server $W
check $? "path use: done"
ip -n m route replace default via 10.7.2.1 dev wlan metric 50
settled "path use" $W
ip -n m route del default via 10.7.2.1 dev wlan metric 50

# A new address on the same link.
ip -n m addr del $W/24 dev wlan
ip -n m link set radio down
ip -n m addr add 10.7.2.7/24 dev wlan
ip -n m rule add from 10.7.2.7 lookup 2
wlan_up
settled "another address" 10.7.2.7

# Nothing left at all: nobody gets through, nothing goes out; then it heals.
ip -n m link set wlan down
sleep 3
no_ping 2>/dev/null && none_clear
check $? "no link: traffic waits"
radio_up
settled "a link again" $M
stop_agent
wait_for 20 swan_down
check $? "the end is told"
unwatch

# ------------------------------------------------------- strongSwan moves

S2=10.7.5.2
link s wire2 5
ip -n s route add default via 10.7.5.1 metric 200
ip -n m addr add 10.9.1.1/32 dev lo
ip -n s addr add 10.9.3.1/32 dev lo
swan_conf "$key" "" "local_ts = 10.9.3.1/32
	remote_ts = 10.9.1.1/32"
sed -i "s/mode = transport/mode = tunnel/; s/local_addrs = .*/local_addrs = %any/
	s/remote_addrs = .*/remote_addrs = $M/" "$tmp/ss/swanctl.conf"
swan_load
agent_conf respond "$key" 'mode = "tunnel"'
sed -i '/remote = { /d
	s|remote = "10.7.3.0/24"|local = "10.9.1.1" remote = "10.9.3.1"|' \
	"$tmp/m.conf"
watch
start m
wait_for 20 is_down
swanctl --initiate --child net --timeout 30 >"$tmp/initiate" 2>&1

inner() { m ping -q -c 3 -i 0.2 -W 5 -I 10.9.1.1 10.9.3.1 >/dev/null; }
inner_back() { s ping -q -c 3 -i 0.2 -W 5 -I 10.9.3.1 10.9.1.1 >/dev/null; }

# mobxd's peer, for the IKE SA and for the kernel.
peer_at() {	# ADDRESS
	[ "$(conn .remote)" = "$1:4500" ] &&
		[ "$(conn '.paths[] | select(.primary) | .remote')" = "$1" ]
}

# What strongSwan does of its own accord, and what mobxd makes of it.
moved() {	# NAME ADDRESS
	local S=$2

	wait_for 30 peer_at "$2"
	check $? "$1: mobxd has followed"
	said 'generating INFORMATIONAL request .*N\(UPD_SA_ADDR\)'
	check $? "$1: strongSwan has said so"
	esp_grew 0
	inner && inner_back
	check $? "$1: traffic both ways"
	esp_grew 6
	check $? "$1: as ESP, by the new address"
	[ "$(conn .ike.spi_i)" = "$before" ] && one_child &&
		[ "$(conn '.children[0].spi_in')" = "$child" ] && swan_up
	check $? "$1: IKE SA and Child SA are those that were"
	none_clear
	check $? "$1: nothing in clear"
}

wait_for 20 is_up m && peer_at $S && inner && inner_back
check $? "strongSwan begins: traffic both ways through the tunnel"
before=$(conn .ike.spi_i) child=$(conn '.children[0].spi_in')

# With the link only down it would go on to use its address by the other one.
mark_log
ip -n s addr del $S/24 dev wire
ip -n s link set wire down
moved "strongSwan's link breaks" $S2

ip -n s link set wire up
ip -n s addr add $S/24 dev wire
ip -n s route add default via 10.7.3.1 metric 300
sleep 2
peer_at $S2 && inner
check $? "its link is back: all stays where it works"

mark_log
ip -n s addr del $S2/24 dev wire2
moved "strongSwan's address goes" $S
finish
