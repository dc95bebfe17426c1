#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every algorithm that mobxd and strongSwan 5.9 both have: an IKE SA and a Child
# SA with it, mobxd beginning and strongSwan beginning in turn, and traffic.
# rig: timeout=900
# covers: K27 K30 ES12

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
more='local = { "10.7.1.2" } dpd-delay = 0'

platform
charon_conf
swan_conf "$key"
start_charon
check $? "strongSwan starts"

initiate() { swanctl --initiate --child net --timeout 30 >"$tmp/initiate" 2>&1; }

# Sets up one connection with $ike_suite and $esp_suite, which are all that
# either end has, and pings both ways.
round() {	# ROLE WHAT
	swan_conf "$key"
	swan_load
	agent_conf "$1" "$key" "$more start = \"manual\""
	start m
	wait_for 20 is_down
	if [ "$1" = initiate ]; then
		mobx m conn up server timeout 60
	else
		initiate
	fi
	wait_for 20 is_up m && one_child && pings && pings_back
	check $? "$2, mobxd is to $1"
	mobx m conn down server timeout 30
	wait_for 20 swan_down
	stop_agent
}

role=initiate
next_role() {
	[ $role = initiate ] && role=respond || role=initiate
}

while read -r ike_suite; do
	round $role "IKE $ike_suite"
	next_role
done <<-END
	aes128gcm16-prfsha256-ecp384
	aes128gcm16-prfsha256-ecp384
	aes192gcm16-prfsha384-ecp521
	aes256gcm16-prfsha512-x25519
	aes256gcm16-prfsha512-x25519
	chacha20poly1305-prfsha256-x448
	chacha20poly1305-prfsha256-x448
	aes128-sha1-prfsha1-modp2048
	aes128-sha1-prfsha1-modp2048
	aes192-sha256-prfsha256-modp3072
	aes256-sha384-prfsha384-modp4096
	aes256-sha512-prfsha512-ecp256
END

ike_suite=aes128gcm16-prfsha256-ecp256
while read -r esp_suite; do
	round $role "ESP $esp_suite"
	next_role
done <<-END
	aes256gcm16
	aes128-sha1
	null-sha1
END
finish
