#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Virtual addresses (RFC 7296, section 2.19), mobxd beside strongSwan 5.9: one
# gives them out and the other asks, both ways round. The client protects what
# it sends from that address to a network behind the server.
# rig: timeout=600

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"

swan_tunnel() {	# ID CONNECTION CHILD
	cat >"$tmp/ss/swanctl.conf" <<-END
	connections {
		mobile {
			version = 2
			local_addrs = $S
			remote_addrs = $M
			proposals = $ike_suite
			$2
			local {
				auth = psk
				id = $1
			}
			remote {
				auth = psk
				id = mobile.example
			}
			children {
				net {
					mode = tunnel
					esp_proposals = $esp_suite
					$3
				}
			}
		}
	}
	pools {
		guests {
			addrs = 10.9.0.0/24, fd00:9::/120
			dns = 10.8.0.53
		}
	}
	secrets {
		ike-any {
			secret = "$key"
		}
	}
	END
}

agent_tunnel() {	# ROLE PROTECT MORE
	cat >"$tmp/m.conf" <<-END
	control = "$tmp/m/control"
	state = "$tmp/m/state"
	connection "server" {
		role = "$1"
		remote = { "$S" }
		local = { "$M" }
		local-id = "mobile.example"
		psk = "$key"
		ike = { "$ike_suite" }
		esp = { "$esp_suite" }
		mode = "tunnel"
		start = "manual"
		dpd-delay = 0
		protect { order = 100 $2 }
		$3
	}
	pool "visitors" {
		addresses = { "10.9.1.0/24" }
		dns = { "10.8.1.53" }
	}
	END
	chmod 600 "$tmp/m.conf"
}

has_addr() { ip -n "$1" -o addr show ${3:+dev $3} | grep -q " $2/"; }
no_addr() { ! has_addr "$@"; }
is_virtual() { [ "$(conn '.virtual | join(" ")')" = "$1" ]; }

platform
for ns in m s; do
	ip -n $ns link add behind type dummy
	ip -n $ns link set behind up
done
ip -n s addr add 10.8.0.1/24 dev behind
ip -n m addr add 10.8.1.1/24 dev behind
charon_conf
swan_tunnel server.example "pools = guests" \
	"local_ts = 10.8.0.0/24
	remote_ts = dynamic"
start_charon
check $? "strongSwan starts"

# mobxd asks.
agent_tunnel initiate 'remote = "10.8.0.0/24"' 'remote-id = "server.example"
	virtual-address = { "0.0.0.0" } device = "vip0"'
start m
wait_for 20 is_down
watch
mark_agent
! mobx m conn up server timeout 30 2>/dev/null &&
	agent_said "there is no device vip0"
check $? "without the device that the configuration names nothing is set up"
mobx m conn down server timeout 30
ip -n m link add vip0 type dummy
ip -n m link set vip0 up
mobx m conn up server timeout 30
check $? "with it the connection comes up"
is_virtual 10.9.0.1 && has_addr m 10.9.0.1 vip0
check $? "the address that strongSwan gave is on the device"
[ "$(conn '.dns | join(" ")')" = 10.8.0.53 ]
check $? "the name server is told"
[ -z "$(ip -n m route show dev vip0)" ]
check $? "no route came with it"
m ping -q -c 3 -i 0.2 -W 5 -I 10.9.0.1 10.8.0.1 >/dev/null
check $? "pings from the virtual address go to and fro"
esp_grew 3 && none_clear
check $? "and nothing of them in clear"
spi=$(conn '.children[0].spi_in')
mobx m conn rekey server children
wait_for 20 spi_is_new "$spi" &&
	m ping -q -c 3 -i 0.2 -W 5 -I 10.9.0.1 10.8.0.1 >/dev/null
check $? "a new Child SA is for that address, too"
mobx m conn down server timeout 30
wait_for 20 swan_down && wait_for 10 no_addr m 10.9.0.1
check $? "with the connection the address goes"
stop_agent
unwatch

# strongSwan asks; another identity gets another address, also after a restart.
begin() {	# ID
	swan_tunnel "$1" "vips = 0.0.0.0" "remote_ts = 10.8.1.0/24"
	swan_load
	swanctl --initiate --child net --timeout 30 >/dev/null 2>&1
	wait_for 20 is_up m && one_child
}

end() {
	swanctl --terminate --ike mobile --timeout 30 >/dev/null 2>&1
	wait_for 20 swan_down && wait_for 20 no_peer
}

agent_tunnel respond 'local = "10.8.1.0/24"' 'pool = "visitors"'
start m
wait_for 20 is_down
begin one.example
check $? "strongSwan asks mobxd and has a Child SA"
is_virtual 10.9.1.1 && has_addr s 10.9.1.1
check $? "both know the address that it was given"
s ping -q -c 3 -i 0.2 -W 5 -I 10.9.1.1 10.8.1.1 >/dev/null
check $? "pings from the virtual address go to and fro"
end && begin two.example && is_virtual 10.9.1.2
check $? "another identity gets another address"
end
stop_agent
start m
wait_for 20 is_down
begin two.example && is_virtual 10.9.1.2
check $? "after a restart of mobxd it gets that again"
end
stop_agent
finish
