#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two hosts with IPv4 and IPv6, mobxd with mobxd, which meet over IPv4: the paths
# of the other family come about by themselves, are moved to softly, and stay when
# the first family goes.
# rig: timeout=600
# covers: MX7 I2

. "$(dirname "$0")/agent6_lib"

R4=10.7.1.2 W4=10.7.2.2 S4=10.7.3.2

platform6
check $? "every network is reached over IPv6"
mobile_conf "$tmp/m.conf"
server_conf "$tmp/s.conf"
# By protocol: the addresses are those of the sets.
sed -i 's/protect {.*/protect { order = 100 proto = "udp" }/' \
	"$tmp/m.conf"
sed -i 's/protect {.*/protect { order = 100 proto = "udp" }/' \
	"$tmp/s.conf"

start s
start m
wait_for 20 both_up
check $? "both ends are up"
watch6
paths_are_all() { [ "$(paths)" = "$(printf '%s\n' "$@" | sort -u)" ]; }
wait_for 20 paths_are_all $R4 $W4 $R $W
check $? "the mobile's addresses of both families are paths"
primary() { conn '.paths[] | select(.primary) | .remote'; }
[ "$(primary)" = $S4 ]
check $? "what they began by is in use"
before=$(conn .ike.spi_i)
for to in $W $R4; do
	mobx m path use server $to && wait_for 10 at6 $to
	check $? "a soft move to $to"
	case $to in *:*) at=$S ;; *) at=$S4 ;; esac
	wait_for 10 [ "$(primary)" = $at ] &&
		"$top/selftests/net/esp_echo" m s "$at" datagrams
	check $? "the server's primary path comes along; datagrams"
done
ip -n m addr del $R4/24 dev radio
ip -n m addr del $W4/24 dev wlan
six_only() { [ "$(primary)" = $S ] && paths_are_all $R $W; }
wait_for 30 six_only
check $? "IPv4 goes: IPv6 is what is left"
mobx m path show | grep -q "remote $S4 state idle"
check $? "the server's IPv4 address is an idle path"
keeps_schema m && keeps_schema s
check $? "which Documentation/schema/conn.json has"
"$top/selftests/net/esp_echo" m s "$S" datagrams
check $? "datagrams over IPv6"
[ -n "$before" ] && [ "$(conn .ike.spi_i)" = "$before" ]
check $? "it is the same IKE SA"
none_clear
check $? "nothing in clear"
finish
