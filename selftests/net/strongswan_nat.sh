#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan with a NAT between them, each in both roles: port 4500,
# ESP in UDP, transport mode whose selectors name other addresses at either end,
# and a NAT that gives a new port, which MOBIKE tells of.
# rig: timeout=600
# covers: K44 UE1 UE2 UE4 UE6 MB25

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
own="local = { \"$M\" }"

# Who comes from a network leaves by a device with its address, from these ports.
nat() {	# NETWORK DEVICE PORTS
	r nft -f - <<-END
		table ip nat
		delete table ip nat
		table ip nat {
			chain post {
				type nat hook postrouting priority 100
				ip saddr $1 oifname $2 ip protocol udp masquerade to :$3
				ip saddr $1 oifname $2 masquerade
			}
		}
	END
	# What it had before is forgotten with the device.
	ip -n r link set "$2" down
	ip -n r link set "$2" up
	case $2 in
	radio) ip -n m route replace default via 10.7.1.1 dev radio metric 100
		ip -n m route replace default via 10.7.1.1 table 1 ;;
	wire) ip -n s route replace default via 10.7.3.1 ;;
	esac
}

# What the agent's peer is sent to.
encap_port() { mobx m peer show | grep -o 'encap-dport [0-9]*'; }
port_is() { encap_port | grep -q "$1"; }

swan_remote() {
	sed -i "s/remote_addrs = .*/remote_addrs = $1/" "$tmp/ss/swanctl.conf"
}

no_esp() {
	sleep 0.5
	[ ! -s "$tmp/esp" ]
}

platform
charon_conf
swan_conf "$key" "dpd_delay = 2s"
swan_remote 10.7.3.1
start_charon
check $? "strongSwan starts"

# --- mobxd behind the NAT, and begins
nat 10.7.1.0/24 wire 40000-40999
watch
agent_conf initiate "$key" "$own start = \"manual\" dpd-delay = 30"
agent_from=1
start m
wait_for 20 is_down
mobx m conn up server timeout 60 && wait_for 20 swan_up
check $? "mobxd behind a NAT begins: both ends are up"
swan_sas | grep -q TRANSPORT-in-UDP
check $? "mobxd behind a NAT begins: ESP in UDP, transport mode"
mobx m peer show | grep -q 'encap-sport 4500 encap-dport 4500' &&
	agent_said 'nat=here'
check $? "mobxd behind a NAT begins: it knows"
pings
check $? "mobxd behind a NAT begins: ping"
"$top/selftests/net/esp_echo" m s "$S" datagrams
check $? "mobxd behind a NAT begins: datagrams, every octet right"
"$top/selftests/net/esp_echo" m s "$S" stream
check $? "mobxd behind a NAT begins: TCP, every octet right"
swanctl --rekey --child net >/dev/null
sleep 2
pings
check $? "mobxd behind a NAT begins: and after the Child SA was rekeyed"
no_esp && none_clear
check $? "mobxd behind a NAT begins: all of it was UDP, nothing in clear"
mobx m conn down server timeout 30
stop_agent
unwatch

# --- strongSwan behind the NAT, and begins
wait_for 20 swan_down
swan_remote $M
swan_load
nat 10.7.3.0/24 radio 41000-41999
watch
agent_conf respond "$key" "$own"
sed -i "s/remote = { \"$S\" }/remote = { \"10.7.1.1\" }/;
	s|remote = \"10.7.3.0/24\"|remote = \"10.7.1.1\"|" "$tmp/m.conf"
mark_agent
start m
wait_for 20 is_down
swanctl --initiate --child net --timeout 30 >"$tmp/initiate" 2>&1
wait_for 20 is_up m
check $? "strongSwan behind a NAT begins: both ends are up"
agent_said 'nat=peer' && port_is 41
check $? "strongSwan behind a NAT begins: mobxd sends to the NAT's port"
s ping -q -c 3 -i 0.2 -W 5 "$M" >/dev/null
check $? "strongSwan behind a NAT begins: ping"
"$top/selftests/net/esp_echo" s m "$M" datagrams
check $? "strongSwan behind a NAT begins: datagrams, every octet right"
"$top/selftests/net/esp_echo" s m "$M" stream
check $? "strongSwan behind a NAT begins: TCP, every octet right"
no_esp && none_clear
check $? "strongSwan behind a NAT begins: all of it was UDP, nothing in clear"

# What strongSwan compares with is the answer to its first sign of life.
mark_log
wait_for 30 said 'INFORMATIONAL response .*NATD'
nat 10.7.3.0/24 radio 42000-42999
wait_for 30 port_is 42
check $? "the NAT gives a new port: strongSwan says so, mobxd follows"
s ping -q -c 3 -i 0.2 -W 5 "$M" >/dev/null
check $? "the NAT gives a new port: ping"
none_clear
check $? "the NAT gives a new port: nothing in clear"
finish
