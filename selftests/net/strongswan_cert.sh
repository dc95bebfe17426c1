#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mobxd and strongSwan 5.9 authenticate each other with certificates, each in
# both roles: RSA, ECDSA, Ed25519, an authority in between, certificates so
# large that their messages need fragments.
# rig: timeout=900
# covers: K1 K30 K32 K36

. "$(dirname "$0")/strongswan_cert_lib"

platform
charon_pki
swan_conf "a key for this test"
pki rsa ec256 ed25519
start_charon
check $? "strongSwan starts"
kinds rsa ec256 ed25519
chain
large_certs
finish
