#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# An agent is restarted in order while traffic flows: its successor has the IKE
# SAs as they were, no packet is lost, and the peer does not notice.
# rig: timeout=600
# covers: I2

. "$(dirname "$0")/agent_flows_lib"

platform
for ns in m s; do
	mkdir "$tmp/$ns"
	mount -t tmpfs -o size=1m state "$tmp/$ns"
done
unmount() { umount -l "$tmp/m" "$tmp/s"; cleanup; }
trap unmount EXIT
mobile_conf "$tmp/m.conf"
server_conf "$tmp/s.conf"
# On a busy machine a run of the agent may take seconds to begin.
sed -i 's/dpd-delay = 1/dpd-delay = 3/; s/retransmit-tries = 4/retransmit-tries = 10/' \
	"$tmp/m.conf" "$tmp/s.conf"
start s
start m
wait_for 60 both_up
check $? "start: both ends come up"
watch_clear
# Paths, and what a busy machine may have made of the first attempts
wait_for 60 all_paths
check $? "start: there are two paths"
: >"$tmp/m.log"
: >"$tmp/s.log"

children() { mobx "$1" -j sa show | jq -c '[.[] | [.dir, .spi, .peer]] | sort'; }

restart() {	# NAMESPACE
	local pid="pid_$1"

	kill -USR2 "${!pid}"
	wait "${!pid}"
	check $? "$1: it ends with status 0"
	[ "$(stat -c '%a %u' "$tmp/$1/control.handover")" = "600 0" ]
	check $? "$1: what it leaves is for root alone"
	[ ! -e "$tmp/$1/control" ] && [ ! -e "$tmp/$1/control.handover.new" ]
	check $? "$1: and nothing else is left"
	start "$1"
}

for ns in m s; do
	other=s
	[ $ns = s ] && other=m
	before=$(identity $ns) before_other=$(identity $other)
	sas=$(children $ns) sas_other=$(children $other)
	flows 200
	sleep 0.3
	restart $ns
	wait_for 20 is_up $ns
	whole
	check $? "$ns: no packet is lost or doubled"
	[ "$(identity $ns)" = "$before" ] && [ "$(children $ns)" = "$sas" ]
	check $? "$ns: the IKE SA and the Child SAs are the same"
	[ "$(identity $other)" = "$before_other" ] &&
		[ "$(children $other)" = "$sas_other" ]
	check $? "$ns: the peer has the same, and no other"
	[ ! -e "$tmp/$ns/control.handover" ]
	check $? "$ns: what was left is gone"
	grep -q 'event=taken-over' "$tmp/$ns.log"
	check $? "$ns: the log tells"
	! grep -q 'event=\(ike-down\|child-down\|bug\|died\)' "$tmp/m.log" \
		"$tmp/s.log"
	check $? "$ns: nothing has ended"
done

# All goes on: signs of life, a move, a new Child SA.
sleep 1
ask m '{"cmd":"path-use","name":"server","addr":"10.7.2.2"}' |
	grep -q '"ok":true'
check $? "after: the mobile moves"
sas=$(children m)
mobx s conn rekey mobiles children >/dev/null
rekeyed() { [ "$(children m)" != "$sas" ] && [ "$(children m | jq length)" = 2 ]; }
wait_for 40 rekeyed && m ping -q -c 3 -i 0.2 10.7.3.2 >/dev/null
check $? "after: the server rekeys, traffic flows"

# Where it is not the same connection, or on a disk: as after a crash.
kill -USR2 "$pid_m"
wait "$pid_m"
sed -i 's/retransmit-tries = 10/retransmit-tries = 9/' "$tmp/m.conf"
flows 150
start m
wait_for 60 both_up
whole
check $? "changed: a new IKE SA is made beside, no packet is lost"
grep -q 'event=not-taken .*configured otherwise' "$tmp/m.log"
check $? "changed: the log tells why"
echo rubbish >"$tmp/s/control.handover"
kill -TERM "$pid_s"
wait "$pid_s"
start s
wait_for 60 both_up && m ping -q -c 3 -i 0.2 10.7.3.2 >/dev/null
check $? "rubbish: it is not taken up"
grep -q 's/control.handover is not what an agent has left' "$tmp/s.log" &&
	[ "$(cat "$tmp/s/control.handover")" = rubbish ]
check $? "rubbish: it stays, the log tells"
nothing_clear
check $? "nothing in clear"
finish
