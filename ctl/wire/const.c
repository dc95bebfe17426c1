// SPDX-License-Identifier: GPL-2.0
/* Names of IKEv2's numbers, for logs and for `mobx conn`. */
#include <stddef.h>

#include "wire/ike_const.h"

struct name {
	unsigned int value;
	const char *name;
};

static const struct name notifies[] = {
	{ IKE_N_UNSUPPORTED_CRITICAL_PAYLOAD, "UNSUPPORTED_CRITICAL_PAYLOAD" },
	{ IKE_N_INVALID_IKE_SPI, "INVALID_IKE_SPI" },
	{ IKE_N_INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION" },
	{ IKE_N_INVALID_SYNTAX, "INVALID_SYNTAX" },
	{ IKE_N_INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID" },
	{ IKE_N_INVALID_SPI, "INVALID_SPI" },
	{ IKE_N_NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN" },
	{ IKE_N_INVALID_KE_PAYLOAD, "INVALID_KE_PAYLOAD" },
	{ IKE_N_AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED" },
	{ IKE_N_SINGLE_PAIR_REQUIRED, "SINGLE_PAIR_REQUIRED" },
	{ IKE_N_NO_ADDITIONAL_SAS, "NO_ADDITIONAL_SAS" },
	{ IKE_N_INTERNAL_ADDRESS_FAILURE, "INTERNAL_ADDRESS_FAILURE" },
	{ IKE_N_FAILED_CP_REQUIRED, "FAILED_CP_REQUIRED" },
	{ IKE_N_TS_UNACCEPTABLE, "TS_UNACCEPTABLE" },
	{ IKE_N_INVALID_SELECTORS, "INVALID_SELECTORS" },
	{ IKE_N_UNACCEPTABLE_ADDRESSES, "UNACCEPTABLE_ADDRESSES" },
	{ IKE_N_UNEXPECTED_NAT_DETECTED, "UNEXPECTED_NAT_DETECTED" },
	{ IKE_N_TEMPORARY_FAILURE, "TEMPORARY_FAILURE" },
	{ IKE_N_CHILD_SA_NOT_FOUND, "CHILD_SA_NOT_FOUND" },
	{ IKE_N_STATE_NOT_FOUND, "STATE_NOT_FOUND" },
	{ IKE_N_INITIAL_CONTACT, "INITIAL_CONTACT" },
	{ IKE_N_SET_WINDOW_SIZE, "SET_WINDOW_SIZE" },
	{ IKE_N_ADDITIONAL_TS_POSSIBLE, "ADDITIONAL_TS_POSSIBLE" },
	{ IKE_N_IPCOMP_SUPPORTED, "IPCOMP_SUPPORTED" },
	{ IKE_N_NAT_DETECTION_SOURCE_IP, "NAT_DETECTION_SOURCE_IP" },
	{ IKE_N_NAT_DETECTION_DESTINATION_IP, "NAT_DETECTION_DESTINATION_IP" },
	{ IKE_N_COOKIE, "COOKIE" },
	{ IKE_N_USE_TRANSPORT_MODE, "USE_TRANSPORT_MODE" },
	{ IKE_N_HTTP_CERT_LOOKUP_SUPPORTED, "HTTP_CERT_LOOKUP_SUPPORTED" },
	{ IKE_N_REKEY_SA, "REKEY_SA" },
	{ IKE_N_ESP_TFC_PADDING_NOT_SUPPORTED, "ESP_TFC_PADDING_NOT_SUPPORTED" },
	{ IKE_N_NON_FIRST_FRAGMENTS_ALSO, "NON_FIRST_FRAGMENTS_ALSO" },
	{ IKE_N_MOBIKE_SUPPORTED, "MOBIKE_SUPPORTED" },
	{ IKE_N_ADDITIONAL_IP4_ADDRESS, "ADDITIONAL_IP4_ADDRESS" },
	{ IKE_N_ADDITIONAL_IP6_ADDRESS, "ADDITIONAL_IP6_ADDRESS" },
	{ IKE_N_NO_ADDITIONAL_ADDRESSES, "NO_ADDITIONAL_ADDRESSES" },
	{ IKE_N_UPDATE_SA_ADDRESSES, "UPDATE_SA_ADDRESSES" },
	{ IKE_N_COOKIE2, "COOKIE2" },
	{ IKE_N_NO_NATS_ALLOWED, "NO_NATS_ALLOWED" },
	{ IKE_N_CHILDLESS_SUPPORTED, "CHILDLESS_IKEV2_SUPPORTED" },
	{ IKE_N_QUICK_CRASH_DETECTION, "QUICK_CRASH_DETECTION" },
	{ IKE_N_FRAGMENTATION_SUPPORTED, "IKEV2_FRAGMENTATION_SUPPORTED" },
	{ IKE_N_SIGNATURE_HASH_ALGORITHMS, "SIGNATURE_HASH_ALGORITHMS" },
	{ IKE_N_USE_PPK, "USE_PPK" },
	{ IKE_N_PPK_IDENTITY, "PPK_IDENTITY" },
	{ IKE_N_NO_PPK_AUTH, "NO_PPK_AUTH" },
	{ IKE_N_INTERMEDIATE_SUPPORTED, "INTERMEDIATE_EXCHANGE_SUPPORTED" },
	{ IKE_N_ADDITIONAL_KEY_EXCHANGE, "ADDITIONAL_KEY_EXCHANGE" },
	{ IKE_N_MOBIKEX_SUPPORTED, "MOBIKEX_SUPPORTED" },
	{ IKE_N_IP_PARAMETER, "IP_PARAMETER" },
	{ IKE_N_ADD_SA_ADDRESS, "ADD_SA_ADDRESS" },
	{ IKE_N_REMOVE_SA_ADDRESS, "REMOVE_SA_ADDRESS" },
	{ IKE_N_SA_ADDRESS_SET, "SA_ADDRESS_SET" },
	{ IKE_N_MOBIKEX_REASON, "MOBIKEX_REASON" },
};

static const struct name exchanges[] = {
	{ IKE_EX_SA_INIT, "IKE_SA_INIT" },
	{ IKE_EX_AUTH, "IKE_AUTH" },
	{ IKE_EX_CREATE_CHILD_SA, "CREATE_CHILD_SA" },
	{ IKE_EX_INFORMATIONAL, "INFORMATIONAL" },
	{ IKE_EX_INTERMEDIATE, "IKE_INTERMEDIATE" },
	{ IKE_EX_FOLLOWUP_KE, "IKE_FOLLOWUP_KE" },
};

static const struct name ciphers[] = {
	{ IKE_ENCR_NULL, "null" },
	{ IKE_ENCR_AES_CBC, "aes-cbc" },
	{ IKE_ENCR_AES_GCM_8, "aes-gcm-8" },
	{ IKE_ENCR_AES_GCM_12, "aes-gcm-12" },
	{ IKE_ENCR_AES_GCM_16, "aes-gcm-16" },
	{ IKE_ENCR_NULL_AUTH_AES_GMAC, "aes-gmac" },
	{ IKE_ENCR_CHACHA20_POLY1305, "chacha20-poly1305" },
};

static const struct name prfs[] = {
	{ IKE_PRF_HMAC_SHA1, "hmac-sha1" },
	{ IKE_PRF_HMAC_SHA2_256, "hmac-sha2-256" },
	{ IKE_PRF_HMAC_SHA2_384, "hmac-sha2-384" },
	{ IKE_PRF_HMAC_SHA2_512, "hmac-sha2-512" },
};

static const struct name integrities[] = {
	{ IKE_INTEG_NONE, "none" },
	{ IKE_INTEG_HMAC_SHA1_96, "hmac-sha1-96" },
	{ IKE_INTEG_HMAC_SHA2_256_128, "hmac-sha2-256-128" },
	{ IKE_INTEG_HMAC_SHA2_384_192, "hmac-sha2-384-192" },
	{ IKE_INTEG_HMAC_SHA2_512_256, "hmac-sha2-512-256" },
};

static const struct name groups[] = {
	{ IKE_KE_NONE, "none" },
	{ IKE_KE_MODP2048, "modp2048" },
	{ IKE_KE_MODP3072, "modp3072" },
	{ IKE_KE_MODP4096, "modp4096" },
	{ IKE_KE_ECP256, "ecp256" },
	{ IKE_KE_ECP384, "ecp384" },
	{ IKE_KE_ECP521, "ecp521" },
	{ IKE_KE_X25519, "x25519" },
	{ IKE_KE_X448, "x448" },
};

static const struct name sequence_numbers[] = {
	{ IKE_ESN_NO, "no-esn" },
	{ IKE_ESN_YES, "esn" },
};

static const char *find(const struct name *names, size_t n, unsigned int value)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].value == value)
			return names[i].name;
	return NULL;
}

#define FIND(names, value) \
	find(names, sizeof(names) / sizeof((names)[0]), value)

const char *ike_notify_name(unsigned int type)
{
	return FIND(notifies, type);
}

const char *ike_exchange_name(unsigned int exchange)
{
	return FIND(exchanges, exchange);
}

const char *ike_transform_name(unsigned int type, unsigned int id)
{
	switch (type) {
	case IKE_TT_ENCR:
		return FIND(ciphers, id);
	case IKE_TT_PRF:
		return FIND(prfs, id);
	case IKE_TT_INTEG:
		return FIND(integrities, id);
	case IKE_TT_KE:
		return FIND(groups, id);
	case IKE_TT_ESN:
		return FIND(sequence_numbers, id);
	}
	return NULL;
}
