#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a connection protects is configured anew while traffic flows: the IKE SA
# stays, Child SAs are replaced one by one, no packet is lost or in clear; where
# the other end does not agree everything stays as it was.
# rig: timeout=600
# covers: MX15 I2

. "$(dirname "$0")/agent_flows_lib"

platform
# On a busy machine an answer may take its time.
for ns in m s; do
	[ $ns = m ] && mobile_conf "$tmp/m.conf" || server_conf "$tmp/s.conf"
	sed -i 's/dpd-delay = 1/dpd-delay = 3/
		s/retransmit-tries = 4/retransmit-tries = 10/' "$tmp/$ns.conf"
done
start s
start m
wait_for 60 both_up
up=$?
check $up "start: both ends come up"
[ $up = 0 ] || finish
wait_for 60 all_paths
check $? "start: there are two paths"
watch_clear

children() { mobx "$1" -j conn list | jq -c '[.[].children[] | .spi_in] | sort'; }
count() { mobx "$1" -j conn list | jq '[.[].children[]] | length'; }
have() { [ "$(count m)" = "$1" ] && [ "$(count s)" = "$1" ]; }
other() { have 1 && [ "$(children m)" != "$1" ] && [ "$(children m)" != '[]' ]; }

change() {	# NAMESPACE SED
	local pid="pid_$1"

	sed -i "$2" "$tmp/$1.conf"
	kill -HUP "${!pid}"
}

same() { [ "$(identity m) $(identity s)" = "$ike" ]; }

ike="$(identity m) $(identity s)"

# ---------------------------------------------------------- other selectors

before=$(children m)
flows 600
sleep 0.5
for ns in m s; do
	change $ns 's/ proto = "icmp"//'
	sleep 0.5
done
wait_for 20 other "$before"
check $? "selectors: each end has another Child SA"
whole
check $? "selectors: no packet is lost or doubled"
same
check $? "selectors: the IKE SA is the same"
"$top/selftests/net/esp_echo" m s 10.7.3.2 datagrams
check $? "selectors: what is added is carried"

before=$(children m)
flows 400
sleep 0.3
change m 's/order = 100/& proto = "icmp"/' &
change s 's/order = 100/& proto = "icmp"/'
wait $!
wait_for 20 other "$before"
check $? "both at once: each end has another Child SA"
whole
check $? "both at once: no packet is lost or doubled"
wait_for 20 have 1 && same
check $? "both at once: one Child SA, the same IKE SA"

# -------------------------------------------------------- without the other

before=$(children m)
flows 1000
sleep 0.3
change m 's/psk = /esp = { "aes128-sha1" }\n&/'
refused() { grep -q 'NO_PROPOSAL_CHOSEN.*mobx conn rekey server children' "$tmp/m.log"; }
wait_for 20 refused
check $? "refused: the log says what is to do"
sleep 0.5
have 1 && same
check $? "refused: what there was stays"
change s 's/psk = /esp = { "aes128-sha1" }\n&/'
wait_for 20 other "$before"
check $? "refused: the other end has it, too: another Child SA"
whole
check $? "refused: no packet is lost or doubled"
same
check $? "refused: the IKE SA is the same"

# ------------------------------------------------------- more, fewer of them

flows 600
sleep 0.3
change s 's/dpd-delay/protect { order = 101 local = "10.7.3.0\/24" proto = "udp" child = 1 }\n&/'
sleep 0.3
change m 's/dpd-delay/protect { order = 101 remote = "10.7.3.0\/24" proto = "udp" child = 1 }\n&/'
wait_for 20 have 2
check $? "one more: there are two"
"$top/selftests/net/esp_echo" m s 10.7.3.2 datagrams
check $? "one more: it carries"
for ns in s m; do
	change $ns '/child = 1/d'
done
wait_for 20 have 1
check $? "one less: there is one"
whole
check $? "one more, one less: no packet is lost or doubled"
same
check $? "one more, one less: the IKE SA is the same"

# ---------------------------------------------------------------- the mode

before=$(children m)
for ns in s m; do
	change $ns 's/psk = /mode = "tunnel"\n&/'
done
tunnels() { [ "$(mobx m -j sa show | jq -r '[.[].mode] | unique | join(",")')" = tunnel ]; }
wait_for 20 tunnels && wait_for 20 have 1 && same
check $? "mode: tunnel, under the same IKE SA"
m ping -q -c 3 -i 0.2 -W 5 10.7.3.2 >/dev/null
check $? "mode: traffic goes on"

nothing_clear
check $? "nothing was in clear"
finish
