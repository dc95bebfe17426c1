#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# libreswan 4.10 with each of its --impair modes in turn, which make it do wrong what
# a peer can do wrong: mobxd comes up or does not, as the RFCs have it, lives on,
# keeps nothing, and with libreswan as it should be sets up the next connection.
#
# The modes and their values are asked of libreswan, so that a new one is tried too.
# Arguments: only these modes, or this role of mobxd.
# rig: timeout=3600
# covers: K3 K12 K27 K28

. "$(dirname "$0")/libreswan_lib"

# What sends nothing that another peer would see, and why.
silent() {	# MODE
	case $1 in
	bust-mi2|bust-mr2|drop-i2|drop-xauth-r0|send-no-main-r2|send-no-xauth-r0|ikev1-*|v1-*)
		echo "of IKEv1" ;;
	tcp-*) echo "of IKE over TCP (RFC 9329), which mobxd does not speak" ;;
	allow-dns-insecure|event-check-crls|log-rate-limit|force-fips)
		echo "of its own lookups and logs" ;;
	allow-null-none|proposal-parser|send-key-size-check)
		echo "lets its configuration have what this one has not" ;;
	emitting) echo "only does not look at what the other modes send" ;;
	ignore-soft-expire|ignore-hard-expire)
		echo "of its kernel's lifetimes, which are hours here" ;;
	revival) echo "of connections that it is to keep up by itself" ;;
	trigger) echo "timers for all connections: those of one have modes" ;;
	*) return 1 ;;
	esac
}

# For a value that is a number: some at the edges. An SA is named by its kind.
numbers() {	# MODE
	case $1 in
	ike-*-spi) echo 0 1 ;;
	*-key-length-attribute) echo 0 65535 ;;
	# Type and ID: an ENCR of nobody, and one of no type.
	*-transform) echo 131071 16711681 ;;
	ke-payload) echo 0 255 ;;
	drop-*) echo 1 2 ;;
	initiate-*|event-*|send-*) echo IKE CHILD ;;
	*) echo 1 ;;
	esac
}

# Of exchanges those that libreswan begins with this peer.
exchanges="IKE_SA_INIT IKE_AUTH CREATE_CHILD_SA INFORMATIONAL"

# "MODE VALUE..." a line from libreswan's own help; # stands for a number.
modes() {
	whack --impair help | awk '
		function out() { if (mode) print mode values }
		/^[^ ]/ { out(); mode = $1; sub(":", "", mode); values = "" }
		/^    [^ ,]+: / { sub(":", "", $1); values = values " " $1 }
		/^    [^ ]+, / { gsub(",", ""); $1 = $1; values = values " " $0 }
		/^  </ { values = values " #" }
		END { out() }'
}

# All that a mode can be set to, as words for --impair.
settings() {	# MODE VALUE...
	local mode=$1 value exchange
	shift

	case $mode in
	add-unknown-v2-payload-to*)
		for exchange in $exchanges; do
			echo "$mode:$exchange"
		done
		return ;;
	unknown-v2-payload-critical)
		for exchange in $exchanges; do
			echo "add-unknown-v2-payload-to:$exchange $mode"
			echo "add-unknown-v2-payload-to-sk:$exchange $mode"
		done
		return ;;
	esac
	[ $# -gt 0 ] || { echo "$mode"; return; }
	for value; do
		[ "$value" != "#" ] || value=$(numbers "$mode")
		printf "$mode:%s\n" $value
	done
}

# What the rules leave of a connection: both SAs, an IKE SA alone, or nothing.
expected() {	# SETTING ROLE
	case $2:$1 in
	# Section numbers are of RFC 7296. Syntax is wrong where a value is missing
	# (3.3.5), an ENCR without its key length, or with another, is none of ours
	# (3.3.6): of an IKE SA that is all, of a Child SA its IKE SA stays (1.2).
	*:child-key-length-attribute:EMPTY|*:ike-key-length-attribute:*) echo nothing ;;
	*:child-key-length-attribute:*) echo "an IKE SA alone" ;;
	# An ID that is not known is passed over in an offer, a type of transform is
	# not (3.3.6), and an answer has to be a part of the offer (2.7).
	respond:ikev2-add-*-transform:131071) echo "both SAs" ;;
	*:ikev2-add-ike-transform:*) echo nothing ;;
	*:ikev2-add-child-transform:*) echo "an IKE SA alone" ;;
	# An IKE SA has a key exchange (3.3.3), and that a value (3.4; RFC 6989).
	*:v2-proposal-dh:omit) echo nothing ;;
	*:ke-payload:DUPLICATE) echo "both SAs" ;;
	*:ke-payload:*) echo nothing ;;
	# No SPI is 0 (3.1), no version is 3 (2.5), an answer is of its exchange (3.1).
	respond:ike-initiator-spi:0|initiate:ike-responder-spi:0) echo nothing ;;
	*:major-version-bump|initiate:bad-ikev2-auth-xchg) echo nothing ;;
	# Who cannot read us, or says nothing, is not authenticated; who answers
	# such a request has done so before.
	initiate:corrupt-encrypted|*:send-no-ikev2-auth) echo nothing ;;
	# A P-256 key signs by method 9 (RFC 4754), and not by 11.
	*:ignore-v2n-signature-hash-algorithms) echo nothing ;;
	respond:omit-v2n-signature-hash-algorithms) echo nothing ;;
	# PKCS #7 is no certificate of those that may be sent (3.6).
	*:send-pkcs7-thingie) echo nothing ;;
	# A method of another key or of nobody; 0 stands for what it would take.
	*:force-v2-auth-method:RESERVED|*:*:ECDSA_SHA2_256_P256|*:*:DIGSIG)
		echo "both SAs" ;;
	*:force-v2-auth-method:*) echo nothing ;;
	# Unknown and critical (2.5): in the clear part of what is encrypted it is
	# nobody's, and of an SA that is up the exchange alone comes to nothing.
	*:add-unknown-v2-payload-to:IKE_SA_INIT\ *) echo nothing ;;
	*:add-unknown-v2-payload-to-sk:IKE_AUTH\ *) echo nothing ;;
	# Its own affair: it makes no Child SA, asks for none, or wants none asked for.
	initiate:sa-creation|initiate:ignore-v2-ike-auth-child) echo "an IKE SA alone" ;;
	respond:omit-v2-ike-auth-child|respond:event-sa-replace:IKE)
		echo "an IKE SA alone" ;;
	initiate:omit-v2-ike-auth-child) echo nothing ;;
	*) echo "both SAs" ;;
	esac
}

# ---------------------------------------------------------------- one attempt

# What did not come up is left alone, lest it get into the way of the next attempt.
impair() {	# SETTING...
	local setting options=(--impair none --impair revival)

	for setting; do
		options+=(--impair "$setting")
	done
	whack "${options[@]}" >"$tmp/impair" 2>&1 || sed 's/^/# /' "$tmp/impair"
}

# The number of the newest state of a kind.
state_of() {	# IKE|CHILD
	states | sed -n "s/^.*#\([0-9]*\): .*STATE_V2_ESTABLISHED_$1_SA .*/\1/p" |
		tail -n 1
}

try() {	# ROLE SECONDS
	if [ "$1" = initiate ]; then
		mobx m conn up server timeout $2 >"$tmp/begin" 2>&1
	else
		whack --initiate --name mobile --asynchronous >"$tmp/begin" 2>&1
	fi
	wait_for $2 up_with_child
}

# Who authenticates anew has two for a while.
up_with_child() { is_up && ! no_child; }

outcome() {
	is_up || { echo nothing; return; }
	no_child && echo "an IKE SA alone" || echo "both SAs"
}

# Whatever an SA is good for, each a little: none of it has to succeed.
stir() {
	ends
	m ping -q -c 3 -i 0.05 -W 1 -I "$from" "$to"
	whack --rekey-ipsec --name mobile --asynchronous
	sleep 0.3
	mobx m conn rekey server children
	sleep 0.3
	whack --rekey-ike --name mobile --asynchronous
	sleep 0.3
	mobx m conn rekey server
	sleep 0.3
	whack --impair "initiate-v2-liveness:$(state_of IKE)"
	sleep 0.2
} >/dev/null 2>&1

nothing_left() {
	[ "$(conn .ike)" = null ] && no_peer && [ -z "$(mobx m sa show)" ]
}

no_states() { [ -z "$(states)" ]; }

# libreswan as it should be, or, when it does not live through its own mode, anew.
# mobxd ends first, lest it set up again what libreswan takes down.
repair() {
	impair
	mobx m conn down server timeout 5 >/dev/null 2>&1
	peer_end
	if ! pluto_answers || ! wait_for 6 no_states; then
		echo "# libreswan has to start again"
		kill -9 "$peer"
		wait "$peer" 2>/dev/null
		peer=
		s ip xfrm state flush
		s ip xfrm policy flush
		peer_conf
	fi
}

# The same processes as at the beginning.
alive() { [ "$(children_of "$pid_m" | xargs)" = "$family" ] && ! gone "$pid_m"; }

attempt() {	# ROLE SETTING
	local role=$1 setting=$2 came wanted

	wanted=$(expected "$setting" "$role")
	case $setting in
	*:IKE|*:CHILD)
		try "$role" 10
		impair "${setting%:*}:$(state_of "${setting##*:}")"
		wait_for 10 up_with_child ;;
	*)
		impair $setting
		# What has to come may take its time, on a busy machine.
		[ "$wanted" = "both SAs" ] && try "$role" 10 || try "$role" 4 ;;
	esac
	came=$(outcome)
	[ "$came" = nothing ] || stir
	[ "$came" = "$wanted" ] || echo "# $came"
	[ "$came" = "$wanted" ]
	check $? "$role, $setting: $wanted"
	repair
	wait_for 10 nothing_left && alive
	check $? "$role, $setting: nothing is left of it"
	try "$role" 10 && wait_for 4 peer_up && pings && pings_back && still_none_clear
	check $? "$role, $setting: the next one comes up, and carries"
	repair
}

mode=tunnel auth=ec256
ike_suite=aes128gcm16-prfsha256-ecp256 esp_suite=aes128gcm16-ecp256
unit=1
peer_more="retransmit-timeout=4
	keyingtries=1"
# For some events it waits to be told of what no longer comes.
whack_within=10
pki ec256
nss
watch
pings() { ends; m ping -q -c 3 -i 0.05 -W 2 -I "$from" "$to" >/dev/null; }
pings_back() { ends; s ping -q -c 3 -i 0.05 -W 2 -I "$to" "$from" >/dev/null; }
roles="respond initiate" names=
for name; do
	case $name in
	respond|initiate) roles=$name ;;
	*) names+=" $name" ;;
	esac
done
for role in $roles; do
	set_up $role
	check $? "libreswan as it should be, mobxd is to $role"
	family=$(children_of "$pid_m" | xargs)
	repair
	modes >"$tmp/modes"
	while read -r name values; do
		[ -z "$names" ] || [[ "$names " = *" $name "* ]] || continue
		if why=$(silent "$name"); then
			echo "# $name: $why"
			continue
		fi
		while read -r setting; do
			attempt $role "$setting" </dev/null
		done < <(settings "$name" $values)
	done <"$tmp/modes"
	stop_agent
done
finish
