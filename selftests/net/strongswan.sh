#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan 5.9 (charon-systemd on the kernel's own IPsec), each in
# both roles: the exchanges, the traffic, liveness, rekeying, Delete, and what
# happens with a wrong key.
# rig: timeout=600
# covers: K19 K20 K30 K31 K33 K35 K39 K43 K45 K49 MB1 MB5 MX1 ES1 AR11

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"

# Ping, datagrams and streams of every size, in both directions, all in ESP.
traffic() {	# NAME
	pings && pings_back
	check $? "$1: ping both ways"
	esp_grew 6
	check $? "$1: that was ESP, each way"
	"$top/selftests/net/esp_echo" m s "$S" datagrams
	check $? "$1: datagrams, every octet right"
	"$top/selftests/net/esp_echo" m s "$S" stream
	check $? "$1: TCP, every octet right"
	"$top/selftests/net/esp_echo" s m "$M" stream
	check $? "$1: TCP the other way"
	esp_grew 100
	check $? "$1: that was ESP, each way"
}

platform
charon_conf
swan_conf "$key"
start_charon
check $? "strongSwan starts"

# -------------------------------------------------------- mobxd initiates

watch
agent_conf initiate "$key" 'dpd-delay = 1'
mark_log
start m
wait_for 30 is_up m && wait_for 10 swan_up
check $? "mobxd initiates: both ends are up"
traffic "mobxd initiates"

none_clear
check $? "nothing in clear"
finish
