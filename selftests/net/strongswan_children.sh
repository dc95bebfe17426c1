#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan with two Child SAs under one IKE SA, each for traffic of
# its own, rekeyed with a key exchange of its own by either end.
# rig: timeout=900
# covers: K45 K48 K50

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
own="local = { \"$M\" }"
esp_suite=aes128gcm16-ecp256

platform
charon_conf
swan_conf "$key" "" "
	local_ts = dynamic[icmp],dynamic[udp]
	remote_ts = dynamic[icmp],dynamic[udp]
}
streams {
	mode = transport
	esp_proposals = $esp_suite
	local_ts = dynamic[tcp]
	remote_ts = dynamic[tcp]
"
start_charon
check $? "strongSwan starts"

cat_agent_conf() {	# ROLE
	agent_conf "$1" "$key" "$own start = \"manual\" dpd-delay = 0
		protect { order = 101 remote = \"10.7.3.0/24\" proto = \"udp\" }
		protect { order = 102 remote = \"10.7.3.0/24\" proto = \"tcp\" child = 1 }"
	sed -i 's/^\(\t*\)order = 100$/&\n\1proto = "icmp"/' "$tmp/m.conf"
}

two() { [ "$(conn '.children | map(.child) | sort | join(",")')" = 0,1 ]; }
swan_two() {
	[ "$(swan_sas | grep -c ' INSTALLED, TRANSPORT')" = 2 ]
}
spis() { conn '.children | map(.spi_in) | sort | join(",")'; }
all_new() {
	local spi

	two || return
	for spi in ${1//,/ }; do
		[[ $(spis) != *$spi* ]] || return
	done
}
traffic() {	# NAME
	pings && pings_back
	check $? "$1: ping both ways"
	"$top/selftests/net/esp_echo" m s "$S" datagrams
	check $? "$1: datagrams"
	"$top/selftests/net/esp_echo" m s "$S" stream
	check $? "$1: TCP"
}

watch
cat_agent_conf initiate
start m
wait_for 20 is_down
mark_log
mobx m conn up server timeout 60 && wait_for 20 two && wait_for 20 swan_two
check $? "mobxd initiates: both Child SAs are up at both ends"
said 'CREATE_CHILD_SA request .* KE '
check $? "mobxd initiates: the second with a key exchange"
traffic "mobxd initiates"

before=$(spis)
stream 200
mobx m conn rekey server children
wait_for 30 all_new "$before" && wait_for 20 swan_two
check $? "mobxd rekeys both"
stream_whole
check $? "mobxd rekeys both: no packet is lost"

before=$(spis)
stream 200
swanctl --rekey --child net >/dev/null
swanctl --rekey --child streams >/dev/null
wait_for 30 all_new "$before" && wait_for 20 swan_two
check $? "strongSwan rekeys both"
stream_whole
check $? "strongSwan rekeys both: no packet is lost"

before=$(conn .ike.spi_i)
mobx m conn rekey server
wait_for 20 ike_is_new "$before" && two && wait_for 20 swan_two
check $? "mobxd rekeys the IKE SA: both Child SAs live on"
traffic "after all that"

swanctl --terminate --child streams >/dev/null
one() { [ "$(conn '.children | map(.child) | join(",")')" = 0 ]; }
wait_for 20 one && pings
check $? "strongSwan deletes one: the other stays"
"$top/selftests/net/esp_echo" m s "$S" stream && two && wait_for 20 swan_two
check $? "traffic for the other brings it back"
none_clear
check $? "nothing in clear"
unwatch
mobx m conn down server timeout 30
wait_for 20 swan_down
stop_agent
finish
