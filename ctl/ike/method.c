// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to prove who one is (RFC 7296, section 2.15), one row each: all that the
 * state machine has to know of them. The proof itself is made and checked by
 * the credentials, which alone tell certificates from raw public keys.
 */
#include "ike/priv.h"

#define METHOD(method) (1u << (method))

static const struct ike_method methods[] = {
	[IKE_AUTHBY_PSK] = {
		.auth = METHOD(IKE_AUTH_PSK),
		.credentials = "pre-shared keys",
		.otherwise = "it uses no pre-shared key",
		.no_proof = "the peer does not know the pre-shared key",
	},
	[IKE_AUTHBY_PUBKEY] = {
		.auth = METHOD(IKE_AUTH_RSA_SIG) | METHOD(IKE_AUTH_ECDSA_256) |
			METHOD(IKE_AUTH_ECDSA_384) |
			METHOD(IKE_AUTH_ECDSA_521) |
			METHOD(IKE_AUTH_DIGITAL_SIG),
		.credentials = "certificates or public keys",
		.otherwise = "it does not sign",
		.no_proof = "the peer's signature is not genuine",
		.signs = true,
	},
	/* What AUTH is made from comes of it: no method of AUTH is its own. */
	[IKE_AUTHBY_EAP] = {
		.credentials = "EAP methods and credentials",
		.otherwise = "it does not go by EAP alone",
		.no_proof = "the peer does not know the key that EAP has made",
		.eap = true,
	},
};

/** ike_method() - the row of what a connection says */
const struct ike_method *ike_method(enum ike_authby by)
{
	return &methods[by];
}

/** ike_method_fits() - is that how the peer of a connection has to prove it */
bool ike_method_fits(const struct ike_conn *c, uint8_t method)
{
	return method < 32 && methods[c->remote_auth].auth & METHOD(method);
}
