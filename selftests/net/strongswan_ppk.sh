#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Post-quantum preshared keys (RFC 8784), mobxd beside strongSwan 5.9 in both
# roles: both have the key, one lacks it, one insists.
# rig: timeout=600

. "$(dirname "$0")/strongswan_lib"

key="a key for this test"
ppk="a key that no quantum computer finds"
own="local = { \"$M\" } dpd-delay = 0 start = \"manual\""

platform
charon_conf
swan_conf "$key"
start_charon
check $? "strongSwan starts"

# What strongSwan has: the name of its PPK, or nothing, and more options.
swan_ppk() {	# [ID [MORE]]
	swan_conf "$key" "${1:+ppk_id = $1
	${2:-}}"
	[ -z "${1:-}" ] || cat >>"$tmp/ss/swanctl.conf" <<-END
	secrets {
		ppk-one {
			id = $1
			secret = "$ppk"
		}
	}
	END
	swan_load
}

agent_ppk() {	# ROLE [ID [MORE]]
	agent_conf "$1" "$key" \
		"$own ${2:+ppk-id = \"$2\" ppk = \"$ppk\" ${3:-}}"
	start m
	wait_for 20 is_down
	mark_log
	mark_agent
}

begin() {	# ROLE
	if [ "$1" = initiate ]; then
		mobx m conn up server timeout 30 2>/dev/null
	else
		swanctl --initiate --child net --timeout 30 >/dev/null 2>&1
	fi
}

end() {
	mobx m conn down server timeout 30 >/dev/null 2>&1
	wait_for 20 swan_down
	stop_agent
}

# strongSwan keeps a half-open IKE SA for some time.
no_child_there() { [ "$(swan_child)" = 0 ]; }

works() {	# ROLE USED WHAT
	begin "$1"
	wait_for 20 is_up m && one_child && pings && pings_back
	check $? "$3, mobxd is to $1"
	[ "$(conn .ike.ppk)" = "$2" ]
	check $? "$3, mobxd is to $1: mobxd says whether it is used"
	[ "$(swan_sas | grep -c '/PPK$')" = "$([ "$2" = true ]; echo $((!$?)))" ]
	check $? "$3, mobxd is to $1: strongSwan says the same"
	end
}

fails() {	# ROLE TEXT WHAT
	begin "$1"
	! is_up m && wait_for 10 agent_said "$2"
	check $? "$3: refused, mobxd is to $1"
	mobx m conn down server timeout 30 >/dev/null 2>&1
	wait_for 20 no_child_there && no_peer
	check $? "$3: nothing is left, mobxd is to $1"
	stop_agent
}

for role in initiate respond; do
	swan_ppk first "ppk_required = yes"
	agent_ppk $role first "ppk-required = true"
	works $role true "both insist on the same key"
	swan_ppk first
	agent_ppk $role first
	works $role true "both have the key"
	agent_ppk $role second
	if [ $role = initiate ]; then
		# Who has one for a connection takes no other there.
		fails $role AUTHENTICATION_FAILED "each has another key"
	else
		works $role false "each has another key"
	fi
	swan_ppk
	agent_ppk $role first
	works $role false "strongSwan has none"
	agent_ppk $role first "ppk-required = true"
	fails $role "post-quantum" "strongSwan has none, mobxd insists"
	swan_ppk first
	agent_ppk $role
	works $role false "mobxd has none"
done
finish
