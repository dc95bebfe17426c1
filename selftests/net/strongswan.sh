#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan 5.9 (charon-systemd on the kernel's own IPsec), each in
# both roles: the exchanges, the traffic, liveness, rekeying, Delete, and what
# happens with a wrong key.
# rig: timeout=1200
# covers: I2 ES1 AR9 AR11

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
# One link only: a peer that is slow to answer is no reason to move here.
own="local = { \"$M\" }"

platform
charon_conf
swan_conf "$key"
start_charon
check $? "strongSwan starts"

# Ping, datagrams and streams of many sizes, in both directions, all in ESP.
traffic() {	# NAME
	pings && pings_back
	check $? "$1: ping both ways"
	esp_grew 6
	check $? "$1: that was ESP, each way"
	pings || return
	"$top/selftests/net/esp_echo" m s "$S" datagrams
	check $? "$1: datagrams, every octet right"
	"$top/selftests/net/esp_echo" m s "$S" stream
	check $? "$1: TCP, every octet right"
	"$top/selftests/net/esp_echo" s m "$M" stream
	check $? "$1: TCP the other way"
	esp_grew 100
	check $? "$1: that was ESP, each way"
}

# -------------------------------------------------------- mobxd initiates

# covers: K30 K31 K35 K43 MB1 MB5
watch
agent_conf initiate "$key" "$own start = \"manual\" dpd-delay = 1"
mark_log
start m
wait_for 20 is_down
mobx m conn up server timeout 60 && wait_for 20 swan_up
check $? "mobxd initiates: both ends are up"
swan_sas | grep -q 'TRANSPORT.*ESP:AES_GCM_16-128'
check $? "mobxd initiates: transport mode, AES-GCM"
said 'AES_GCM_16_128/PRF_HMAC_SHA2_256/ECP_256' && said 'peer supports MOBIKE' &&
	said "received packet: from $M\[4500\] to $S\[4500\]"
check $? "mobxd initiates: with MOBIKE, on port 4500"
[ "$(conn .mobike)" = true ] && [ "$(conn .mobikex)" = false ]
check $? "mobxd initiates: it knows that the peer has no MOBIKE-X"
traffic "mobxd initiates"

# covers: K19 K20
mark_log
before=$(conn .ike.spi_i)
# With MOBIKE it is a test of the path as well.
answered() {
	said 'generating INFORMATIONAL response [0-9]+ \[ N\(NATD_S_IP\) N\(NATD_D_IP\) N\(COOKIE2\) \]'
}
wait_for 20 answered && is_up m && [ "$(conn .ike.spi_i)" = "$before" ]
check $? "mobxd asks for a sign of life and gets it"

# covers: MX1
mark_log
out=$(mobx m path add server 10.7.2.2 2>&1)
[ $? != 0 ] && [[ $out == *"does not speak MOBIKE-X"* ]]
check $? "plain peer: MOBIKE-X commands are refused, and why"
pings && ! said 'N\(\(48[0-9]{3}\)\)' && [ "$(conn '.paths | length')" = 1 ]
check $? "plain peer: it is told nothing of MOBIKE-X after IKE_AUTH"

# covers: K45 K49
before=$(conn '.children[0].spi_in')
stream 100
swanctl --rekey --child net >/dev/null
wait_for 20 spi_is_new "$before"
check $? "strongSwan rekeys the Child SA"
stream_whole
check $? "strongSwan rekeys the Child SA: no packet is lost"
wait_for 20 swan_up && one_child && pings_back
check $? "strongSwan rekeys the Child SA: one pair is left"

# covers: K7
before=$(conn .ike.spi_i)
stream 100
swanctl --rekey --ike mobile >/dev/null
wait_for 20 ike_is_new "$before"
check $? "strongSwan rekeys the IKE SA"
stream_whole && one_child && swan_up && pings_back
check $? "strongSwan rekeys the IKE SA: the Child SA lives on, nothing lost"
mark_log
wait_for 20 answered && is_up m
check $? "strongSwan rekeys the IKE SA: liveness goes on under the new one"

# covers: K45
before=$(conn '.children[0].spi_in')
stream 100
mobx m conn rekey server children
check $? "mobxd is told to rekey the Child SA"
wait_for 20 spi_is_new "$before"
check $? "mobxd rekeys the Child SA"
stream_whole
check $? "mobxd rekeys the Child SA: no packet is lost"
wait_for 20 swan_up && one_child && pings_back
check $? "mobxd rekeys the Child SA: one pair is left"

# covers: K7 K26 C12
before=$(conn .ike.spi_i)
mark_log
stream 100
mobx m conn rekey server
wait_for 20 ike_is_new "$before"
check $? "mobxd rekeys the IKE SA"
ike_gone_there() { said "received DELETE for IKE_SA" && swan_up && one_child; }
wait_for 20 ike_gone_there && stream_whole && pings_back
check $? "mobxd rekeys the IKE SA: the Child SA lives on, nothing lost"
mark_log
wait_for 20 answered && is_up m
check $? "mobxd rekeys the IKE SA: liveness goes on under the new one"

# covers: C8
before=$(conn .ike.spi_i)
mark_log
stream 200
mobx m conn rekey server &
told=$!
swanctl --rekey --ike mobile >/dev/null
wait "$told"
wait_for 20 ike_is_new "$before"
check $? "both rekey the IKE SA at once: there is a new one"
stream_whole
check $? "both rekey the IKE SA at once: no packet is lost"
wait_for 90 swan_up && one_child && pings_back && [ "$(swan_ike)" = 1 ]
check $? "both rekey the IKE SA at once: one is left"

none_clear
check $? "nothing in clear so far"
unwatch

# covers: K49
swanctl --terminate --child net >/dev/null
wait_for 20 no_child && is_up m && ! swan_up
check $? "strongSwan deletes the Child SA: the IKE SA stays"
s ping -q -c 2 -i 0.2 -W 1 "$M" >/dev/null
[ $? != 0 ] && no_child
check $? "what comes in clear now is dropped"
watch
pings && one_child && swan_up
check $? "traffic brings a new Child SA, and waits for it"
none_clear
check $? "nothing in clear"

mobx m conn down server timeout 30 && wait_for 20 swan_down
check $? "mobxd deletes the IKE SA: strongSwan has none"
wait_for 10 no_peer && mobx m policy show | grep -q conn:server && no_ping
check $? "mobxd deletes the IKE SA: only the policy stays, traffic waits"
none_clear
check $? "nothing in clear"

# ------------------------------------------------ wrong key, mobxd initiates

# covers: K33
stop_agent
agent_conf initiate "not the key" "$own start = \"manual\""
start m
wait_for 20 is_down
mark_log
mark_agent
out=$(mobx m conn up server timeout 60 2>&1)
[ $? != 0 ] && [[ $out == *AUTHENTICATION_FAILED*"pre-shared keys"* ]]
check $? "wrong key: mobxd is refused, and says why"
agent_said 'level=error .*conn=server.*AUTHENTICATION_FAILED'
check $? "wrong key: so does its log"
said 'MAC mismatched' && said 'generating IKE_AUTH response 1 \[ N\(AUTH_FAILED\) \]'
check $? "wrong key: strongSwan's refusal was that"
wait_for 10 no_peer && wait_for 10 swan_down && no_ping && none_clear
check $? "wrong key: nothing is left, nothing in clear"
stop_agent
unwatch

# ---------------------------------------------------- strongSwan initiates

# covers: K39 K43 MB1 MB5
initiate() { swanctl --initiate --child net --timeout 30 >"$tmp/initiate" 2>&1; }

watch
swan_conf "$key" 'dpd_delay = 2s'
swan_load
agent_conf respond "$key" "$own rekey-seconds = 40 dpd-delay = 0"
start m
wait_for 20 is_down
mark_log
initiate
check $? "strongSwan initiates: it is content"
wait_for 20 is_up m && one_child && swan_up && said 'peer supports MOBIKE'
check $? "strongSwan initiates: both ends are up"
said "received packet: from $M\[4500\] to $S\[4500\].*" &&
	said 'parsed IKE_AUTH response 1 .*N\(USE_TRANSP\).*N\(MOBIKE_SUP\)'
check $? "strongSwan initiates: transport mode, MOBIKE, on port 4500"
! said 'N\(\([0-9]+\)\)'
check $? "strongSwan initiates: mobxd answers without anything private"
traffic "strongSwan initiates"

mark_log
asked() {
	said 'sending DPD request' && said 'parsed INFORMATIONAL response'
}
wait_for 30 asked && is_up m && swan_up
check $? "strongSwan asks for a sign of life and gets it"

# covers: K45 K46 K49
before=$(conn '.children[0].spi_in')
stream 900
mark_log
wait_for 60 spi_is_new "$before"
check $? "mobxd rekeys the Child SA when its lifetime ends"
gone_there() { said 'received DELETE for ESP CHILD_SA' && swan_up && one_child; }
wait_for 20 gone_there
check $? "mobxd rekeys the Child SA: it deletes the old one"
stream_whole
check $? "mobxd rekeys the Child SA: no packet is lost"
none_clear
check $? "nothing in clear"
unwatch

swanctl --terminate --ike mobile >/dev/null
wait_for 20 is_down && wait_for 10 no_peer && swan_down
check $? "strongSwan deletes the IKE SA: mobxd has none"
watch
no_ping && none_clear
check $? "strongSwan deletes the IKE SA: traffic waits"
unwatch

initiate && wait_for 20 is_up m
mobx m conn down server timeout 30
wait_for 20 swan_down && is_down && wait_for 10 no_peer
check $? "mobxd, the responder, deletes the IKE SA"

swan_conf "$key" 'mobike = no'
swan_load
mark_log
initiate && wait_for 20 is_up m && [ "$(conn .mobike)" = false ] &&
	! said '4500' && pings && pings_back
check $? "without MOBIKE at strongSwan: port 500, and traffic"
swanctl --terminate --ike mobile >/dev/null
wait_for 20 is_down

# ------------------------------------------- wrong key, strongSwan initiates

swan_conf "not the key"
swan_load
mark_log
mark_agent
! initiate && said 'received AUTHENTICATION_FAILED notify error'
check $? "wrong key: strongSwan is refused with AUTHENTICATION_FAILED"
agent_said 'level=error .*remote_id=server.example.*does not know the pre-shared key'
check $? "wrong key: mobxd's log names the peer and the reason"
wait_for 10 no_peer && swan_down
check $? "wrong key: nothing is left"
stop_agent

# --------------------------------------------------------- a peer that dies

# covers: K18 K19
swan_conf "$key"
swan_load
agent_conf initiate "$key" "$own dpd-delay = 1 retransmit-tries = 4"
start m
wait_for 60 is_up m && pings
check $? "mobxd initiates again"
watch
kill -9 "$charon"
wait "$charon" 2>/dev/null
s ip xfrm state flush
s ip xfrm policy flush
lost() { ! is_up m; }
wait_for 30 lost && no_ping && none_clear
check $? "strongSwan killed: mobxd notices, traffic waits"
unwatch
start_charon && wait_for 90 is_up m && pings && pings_back
check $? "strongSwan again: the connection comes back by itself"
finish
