#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan 5.9 authenticate each other with certificates: every kind
# of key, chains, fragments, raw public keys, and what has to be refused.
# rig: timeout=1800
# covers: K1 K30 K32 K33 K36

. "$(dirname "$0")/../net/strongswan_cert_lib"

platform
charon_pki
swan_conf "a key for this test"
pki rsa ec256 ec384 ec521 ed25519
start_charon
check $? "strongSwan starts"
kinds rsa ec256 ec384 ec521 ed25519

swan_cert srsa root
log_says="authentication of 'mobile.example' with RSA_EMSA_PKCS1_SHA2_256 successful"
both "RSA with PKCS #1 v1.5" "$(options mrsa) rsa-padding = \"pkcs1\""

# The subject instead of a name.
mobile_id="O=Test, CN=mobile" swan_id="O=Test, CN=server"
swan_cert sec256 root
log_says="authentication of 'O=Test, CN=mobile' with .* successful"
both "distinguished names" "$(options mec256)"
unset mobile_id swan_id

# One end with a certificate, the other with a key that both know.
swan_remote="auth = psk" swan_cert sec256 root
log_says="authentication of 'mobile.example' with pre-shared key successful"
both "the mobile with a pre-shared key" \
	"psk = \"a key for this test\" local-auth = \"psk\"
	 ca = { \"$pki/root.pem\" }"

chain
large_certs
swan_more="fragmentation = no" swan_cert slarge root
log_says="authentication of 'mobile.example' .* successful"
both "large certificates without fragments" "$(options mlarge)"

# Each knows the other's certificate itself, and no authority.
swan_cert sec256
cp "$pki/mec256.pem" "$tmp/ss/x509/"
swan_remote="auth = pubkey
	certs = mec256.pem" swan_cert sec256
cp "$pki/mec256.pem" "$tmp/ss/x509/"
swan_load
both "known certificates" "cert = { \"$pki/mec256.pem\" }
	key = \"$pki/mec256.key\" remote-cert = { \"$pki/sec256.pem\" }"

openssl pkey -in "$pki/mec256.key" -pubout -out "$tmp/ss/pubkey/m.pem"
openssl pkey -in "$pki/sec256.key" -pubout -out "$pki/s.pub"
swan_local="auth = pubkey
	pubkeys = s.pub" swan_remote="auth = pubkey
	pubkeys = m.pem" swan_cert sec256
openssl pkey -in "$pki/mec256.key" -pubout -out "$tmp/ss/pubkey/m.pem"
cp "$pki/s.pub" "$tmp/ss/pubkey/"
swan_load
both "raw public keys" \
	"key = \"$pki/mec256.key\" remote-key = { \"$pki/s.pub\" }"

# A peer that does not know RFC 7427: what RFC 7296 and RFC 4754 have
kill "$charon"
wait "$charon" 2>/dev/null
charon_pki 'signature_authentication = no'
start_charon
check $? "strongSwan starts again, without RFC 7427"
for kind in rsa ec256 ec384 ec521; do
	case $kind in
	rsa) log_says="with RSA signature successful" ;;
	*) log_says="with ECDSA-${kind#ec} signature successful" ;;
	esac
	swan_cert s$kind root
	both "$kind as before RFC 7427" "$(options m$kind)"
done
kill "$charon"
wait "$charon" 2>/dev/null
charon_pki
start_charon
check $? "strongSwan starts once more"

# ----------------------------------------------------------------- refused
log_says=
authority other ec256
cert sother server ec256 other
cert swrong elsewhere ec256 root
days="-days -1" cert sold server ec256 root
cert suse server ec256 root "extendedKeyUsage=codeSigning"
swan_cert sother root other
refused "another authority" "$(options mec256)" \
	"unable to get local issuer certificate"
swan_cert swrong root
refused "another name" "$(options mec256)" \
	"does not name its identity|AUTHENTICATION_FAILED"
swan_cert sold root
refused "out of date" "$(options mec256)" \
	"certificate has expired|AUTHENTICATION_FAILED"
swan_cert suse root
refused "for another use" "$(options mec256)" "is for another use"

# Revoked by the root
revocation_list none.crl
revoked sec384 1 >"$pki/index"
revocation_list one.crl
swan_cert sec384 root
both "not revoked" "$(options mec384) crl = { \"$pki/none.crl\" }"
refused "revoked" "$(options mec384) crl = { \"$pki/one.crl\" }" \
	"certificate revoked"

# ------------------------------------------------------------ configuration
wrong() {	# OPTIONS TEXT
	agent_text initiate "$1"
	"$top/build/mobxd" -n -c "$tmp/m.conf" >"$tmp/wrong" 2>&1
	[ $? = 1 ] && grep -q "m.conf:[0-9]*: .*$2" "$tmp/wrong"
	check $? "told with file and line: $2"
}

trusted="ca = { \"$pki/root.pem\" }"
wrong "cert = { \"$pki/mec256.pem\" } key = \"$pki/mrsa.key\" $trusted" \
	"do not belong together"
wrong "cert = { \"$pki/sec256.pem\" } key = \"$pki/sec256.key\" $trusted" \
	"which names server.example"
wrong "key = \"$pki/mrsa.key\" ca = { \"$pki/mrsa.pem\" }" \
	"no authority's"
wrong "key = \"$pki/absent\" $trusted" "cannot read"
wrong "key = \"$pki/mrsa.pem\" $trusted" "no private key"
wrong "key = \"$pki/mrsa.key\" psk = \"a key\" $trusted" "neither end uses"
wrong "psk = \"a key\" local-auth = \"psk\" cert = { \"$pki/mrsa.pem\" }" \
	"cert has no effect"
wrong "key = \"$pki/mrsa.key\" remote-auth = \"pubkey\"" \
	"something to trust"
finish
