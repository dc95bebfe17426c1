#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A mobile that moves while it talks to strongSwan in transport mode. Plain
# RFC 4555 says nothing about that mode: the IKE SA moves, Child SAs are made
# anew for the new address. Whatever happens on the way, traffic waits or goes
# as ESP; in clear it never is.
# rig: timeout=900 alone
# covers: I2 MB11 MX1

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
finish
