// SPDX-License-Identifier: GPL-2.0
/* Connections: defaults, checks, and the texts of identities. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "crypto/dn.h"
#include "ike/priv.h"

void ike_conn_init(struct ike_conn *c)
{
	memset(c, 0, sizeof(*c));
	c->mobike = true;
	c->mobikex = true;
	c->fragmentation = true;
	c->follow_redirects = true;
	c->rrc = IKE_RRC_EARLY;
	c->auto_add = true;
	c->drain_us = IKE_SECOND;
	c->max_paths = 16;
	c->nat_traversal = true;
	c->dpd_delay_us = 10 * IKE_SECOND;
	c->path_test_us = 60 * IKE_SECOND;
	c->replay_window = 1024;
	c->retransmit_first_us = 250000;
	c->retransmit_tries = 8;
	c->rekey_us = 3600 * IKE_SECOND;
	c->ike_rekey_us = 4 * 3600 * IKE_SECOND;
}

static bool matches(const struct ike_links *l, const char *ifname)
{
	for (unsigned int i = 0; i < l->n; i++) {
		size_t len = strnlen(l->name[i], IKE_IFNAME_LEN);

		if (len && l->name[i][len - 1] == '*' ?
			    !strncmp(l->name[i], ifname, len - 1) :
			    !strncmp(l->name[i], ifname, IKE_IFNAME_LEN))
			return true;
	}
	return false;
}

static bool link_ok(const struct ike_conn *c, const char *ifname)
{
	return !matches(&c->link_deny, ifname) &&
	       (!c->link_allow.n || matches(&c->link_allow, ifname));
}

bool ike_conn_may_use(const struct ike_conn *c, const struct wire_addr *addr,
		      const char *ifname)
{
	bool named = !c->nlocal;

	for (unsigned int i = 0; i < c->nlocal; i++)
		named |= wire_addr_equal(&c->local[i], addr);
	return named &&
	       !ike_prefixes_have(c->local_deny, c->nlocal_deny, addr) &&
	       (!c->nlocal_allow ||
		ike_prefixes_have(c->local_allow, c->nlocal_allow, addr)) &&
	       (!ifname || link_ok(c, ifname));
}

/* Which link an own address is of, NULL if nobody has told. */
static const char *ifname_of(const struct ike_engine *eng,
			     const struct wire_addr *own)
{
	unsigned int i;

	for (i = 0; i < eng->n_own; i++)
		if (wire_addr_equal(&eng->own[i].addr, own))
			return eng->own[i].ifname;
	for (i = 0; i < eng->naddrs; i++)
		if (wire_addr_equal(&eng->addrs[i].local, own))
			return eng->addrs[i].ifname;
	return NULL;
}

/**
 * ike_conn_local_ok() - may a connection be used at an own address
 *
 * Whoever names links does not mean an address of which nobody knows the link.
 */
bool ike_conn_local_ok(const struct ike_engine *eng, const struct ike_conn *c,
		       const struct wire_addr *own)
{
	const char *ifname = ifname_of(eng, own);

	if (!ifname && (c->link_allow.n || c->link_deny.n))
		return false;
	return ike_conn_may_use(c, own, ifname);
}

bool ike_sa_local_ok(const struct ike_sa *sa, const struct wire_addr *own)
{
	return ike_conn_local_ok(sa->eng, sa->conn, own);
}

static int check_addresses(const struct ike_conn *c, char *err, size_t errlen)
{
	unsigned int i, hosts = 0;

	if (c->nlocal > IKE_MAX_ADDRS || c->nremote > IKE_MAX_ADDRS ||
	    c->nallow > IKE_MAX_ADDRS || c->ndeny > IKE_MAX_ADDRS)
		return ike_refuse(err, errlen, "more than %d addresses in a list",
				  IKE_MAX_ADDRS);
	for (i = 0; i < c->nremote; i++)
		if (c->remote[i].addr.family && c->remote[i].plen ==
		    8 * wire_addr_len(c->remote[i].addr.family))
			hosts++;
	if (c->role == IKE_INITIATE && hosts == 0)
		return ike_refuse(err, errlen, "role \"initiate\" needs an address"
				  " in remote, not \"any\" or a prefix");
	return 0;
}

/* Who names an address wants it used. */
static int check_own(const struct ike_conn *c, char *err, size_t errlen)
{
	struct ike_conn lists = *c;
	char text[WIRE_ADDR_TEXT];

	if (c->nlocal_allow > IKE_MAX_ADDRS || c->nlocal_deny > IKE_MAX_ADDRS)
		return ike_refuse(err, errlen, "more than %d addresses in a list",
				  IKE_MAX_ADDRS);
	if (c->link_allow.n > IKE_MAX_LINKS || c->link_deny.n > IKE_MAX_LINKS)
		return ike_refuse(err, errlen, "more than %d interfaces in a list",
				  IKE_MAX_LINKS);
	lists.nlocal = 0;
	for (unsigned int i = 0; i < c->nlocal; i++)
		if (!ike_conn_may_use(&lists, &c->local[i], NULL))
			return ike_refuse(err, errlen, "local: %s is none that"
					  " local-allow and local-deny let be used",
					  wire_addr_text(&c->local[i], text));
	for (unsigned int i = 0; i < c->nprefer; i++)
		if (!link_ok(c, c->prefer[i]))
			return ike_refuse(err, errlen, "prefer: %s is none that"
					  " link-allow and link-deny let be used",
					  c->prefer[i]);
	return 0;
}

static int check_suites(const struct ike_conn *c, char *err, size_t errlen)
{
	char text[IKE_SUITE_TEXT];
	unsigned int i;

	if (c->nike == 0 || c->nike > IKE_MAX_PROPOSALS)
		return ike_refuse(err, errlen, "ike: 1 to %d proposals, not %u",
				  IKE_MAX_PROPOSALS, c->nike);
	if (c->nesp == 0 || c->nesp > IKE_MAX_PROPOSALS)
		return ike_refuse(err, errlen, "esp: 1 to %d proposals, not %u",
				  IKE_MAX_PROPOSALS, c->nesp);
	for (i = 0; i < c->nike; i++)
		if (crypto_ike_suite_check(&c->ike[i]))
			return ike_refuse(err, errlen, "ike: \"%s\" cannot be used",
					  ike_suite_text(&c->ike[i], false, text,
							 sizeof(text)));
	for (i = 0; i < c->nesp; i++) {
		ike_suite_text(&c->esp[i], true, text, sizeof(text));
		if (!ike_child_suite_ok(&c->esp[i]))
			return ike_refuse(err, errlen, "esp: \"%s\" cannot be used",
					  text);
		/* The upper half of a number is inferred from the window. */
		if (c->esp[i].esn && !c->replay_window)
			return ike_refuse(err, errlen, "esp: \"%s\" needs a replay"
					  " window, and replay-window is 0; a"
					  " replay-window such as 1024, or the"
					  " proposal without esn, would be right",
					  text);
	}
	return 0;
}

static int check_selectors(const struct ike_conn *c, char *err, size_t errlen)
{
	const struct ike_selector *s;
	unsigned int i, children = 0;

	if (c->nprotect == 0 || c->nprotect > IKE_MAX_SELECTORS)
		return ike_refuse(err, errlen, "protect: 1 to %d sections, not %u",
				  IKE_MAX_SELECTORS, c->nprotect);
	for (i = 0; i < c->nprotect; i++) {
		s = &c->protect[i];
		if (s->local_min > s->local_max ||
		    s->remote_min > s->remote_max)
			return ike_refuse(err, errlen, "protect: a port range ends"
					  " before it begins");
		if (s->proto == 0 && (s->local_min || s->remote_min ||
				      s->local_max != 65535 ||
				      s->remote_max != 65535))
			return ike_refuse(err, errlen, "protect: ports need a"
					  " protocol, for instance proto = \"udp\"");
		if (s->child >= IKE_MAX_CONN_CHILDREN)
			return ike_refuse(err, errlen, "protect: child: 0 to %d",
					  IKE_MAX_CONN_CHILDREN - 1);
		children |= 1u << s->child;
	}
	if (children & (children + 1))
		return ike_refuse(err, errlen, "protect: child: numbers from 0 on,"
				  " without a gap");
	return 0;
}

/* What is protected is between hosts of a family that is asked for. */
static int check_virtual(const struct ike_conn *c, char *err, size_t errlen)
{
	unsigned int families = 0, i;

	if (!c->pool[0] && !c->nvirtual)
		return c->device[0] ? ike_refuse(err, errlen, "device needs"
			    " virtual-address, for instance virtual-address ="
			    " { \"0.0.0.0\" }") : 0;
	if (c->mode != MOBX_MODE_TUNNEL)
		return ike_refuse(err, errlen, "%s needs mode = \"tunnel\"",
				  c->pool[0] ? "pool" : "virtual-address");
	if (c->pool[0] && (c->nvirtual || c->role == IKE_INITIATE))
		return ike_refuse(err, errlen, "pool is for role \"respond\", who"
				  " initiates asks with virtual-address");
	if (c->nvirtual && c->role != IKE_INITIATE)
		return ike_refuse(err, errlen, "virtual-address is for role"
				  " \"initiate\", who responds gives out from a"
				  " pool");
	for (i = 0; i < c->nvirtual && i < IKE_MAX_VIRTUAL; i++) {
		if (families & 1u << c->virtual[i].family)
			return ike_refuse(err, errlen, "virtual-address: one of"
					  " IPv4 and one of IPv6 at most");
		families |= 1u << c->virtual[i].family;
	}
	for (i = 0; c->nvirtual && i < c->nprotect; i++) {
		const uint8_t l = c->protect[i].local.addr.family;
		const uint8_t r = c->protect[i].remote.addr.family;

		if ((l && !(families & 1u << l)) || (r && !(families & 1u << r)))
			return ike_refuse(err, errlen, "protect: an IPv%u address,"
					  " and virtual-address asks for none",
					  l && !(families & 1u << l) ? l : r);
	}
	return 0;
}

/* Who responds signs, or both go by EAP alone (RFC 5998). */
static int check_eap(const struct ike_conn *c, char *err, size_t errlen)
{
	bool respond = c->role == IKE_RESPOND;
	enum ike_authby first = respond ? c->remote_auth : c->local_auth;
	enum ike_authby second = respond ? c->local_auth : c->remote_auth;
	unsigned int i;

	if (!ike_method(first)->eap)
		return ike_method(second)->eap ? ike_refuse(err, errlen, "who"
			    " responds can use EAP only if who initiates does")
			: 0;
	if (!ike_method(second)->eap && !ike_method(second)->signs)
		return ike_refuse(err, errlen, "EAP of who initiates needs a"
				  " certificate or key of who responds:"
				  " %s-auth = \"pubkey\"",
				  respond ? "local" : "remote");
	if (c->neap == 0 || c->neap > IKE_MAX_EAP)
		return ike_refuse(err, errlen, "EAP: 1 to %d methods, not %u",
				  IKE_MAX_EAP, c->neap);
	for (i = 0; i < c->neap; i++)
		if (c->eap[i] < IKE_EAP_FIRST_METHOD ||
		    c->eap[i] >= IKE_EAP_EXPANDED)
			return ike_refuse(err, errlen, "EAP: %u is no method",
					  c->eap[i]);
	if (c->ppk_id_len)
		return ike_refuse(err, errlen, "ppk-id does not go with EAP");
	return 0;
}

int ike_conn_check(const struct ike_conn *c, char *err, size_t errlen)
{
	int rc;

	if (!c->name[0] || !memchr(c->name, 0, sizeof(c->name)))
		return ike_refuse(err, errlen, "a connection needs a name of 1 to"
				  " %d characters", IKE_MAX_NAME - 1);
	rc = check_addresses(c, err, errlen);
	if (!rc)
		rc = check_suites(c, err, errlen);
	if (!rc)
		rc = check_selectors(c, err, errlen);
	if (!rc)
		rc = check_virtual(c, err, errlen);
	if (!rc)
		rc = check_eap(c, err, errlen);
	if (rc)
		return rc;
	if (c->nprefer > IKE_MAX_IFNAMES)
		return ike_refuse(err, errlen, "prefer: at most %d interfaces",
				  IKE_MAX_IFNAMES);
	rc = check_own(c, err, errlen);
	if (rc)
		return rc;
	if (!c->local_id.len)
		return ike_refuse(err, errlen, "local-id is missing");
	if (c->role == IKE_INITIATE && !c->remote_id.len)
		return ike_refuse(err, errlen, "remote-id is missing");
	if (c->redirect_to.family && c->role == IKE_INITIATE)
		return ike_refuse(err, errlen, "redirect-to is for role"
				  " \"respond\"");
	if (c->mobikex && !c->mobike)
		return ike_refuse(err, errlen, "mobike-x = true needs mobike ="
				  " true");
	if (c->max_paths < 2 || c->max_paths > IKE_MAX_PATHS)
		return ike_refuse(err, errlen, "max-paths: 2 to %d, not %u",
				  IKE_MAX_PATHS, c->max_paths);
	if (c->replay_window > MOBX_MAX_REPLAY_WINDOW)
		return ike_refuse(err, errlen, "replay-window: at most %d packets,"
				  " not %u", MOBX_MAX_REPLAY_WINDOW,
				  c->replay_window);
	if (c->resume_us && c->ppk_id_len)
		return ike_refuse(err, errlen, "resume-seconds and ppk-id do not"
				  " go together: what is resumed is not mixed with"
				  " the key again");
	if (c->retransmit_first_us < 10000 ||
	    c->retransmit_first_us > 10 * IKE_SECOND)
		return ike_refuse(err, errlen, "retransmit-first-ms: 10 to 10000");
	if (c->retransmit_tries < 1 || c->retransmit_tries > 30)
		return ike_refuse(err, errlen, "retransmit-tries: 1 to 30, not %u",
				  c->retransmit_tries);
	return 0;
}

bool ike_prefix_has(const struct ike_prefix *p, const struct wire_addr *a)
{
	if (!p->addr.family)
		return true;
	return wire_addr_in_prefix(a, &p->addr, p->plen);
}

bool ike_prefixes_have(const struct ike_prefix *v, unsigned int n,
		       const struct wire_addr *a)
{
	for (unsigned int i = 0; i < n; i++)
		if (ike_prefix_has(&v[i], a))
			return true;
	return false;
}

/* ---------------------------------------------------------- identities */

#define KEY_ID_PREFIX "key-id:"

int ike_id_parse(const char *text, struct ike_id *id)
{
	const void *data = text;
	size_t len = strlen(text);
	uint8_t dn[IKE_MAX_ID];
	struct wire_addr addr;
	uint8_t type;

	memset(id, 0, sizeof(*id));
	if (!strncmp(text, KEY_ID_PREFIX, strlen(KEY_ID_PREFIX))) {
		type = IKE_ID_KEY_ID;
		data = text + strlen(KEY_ID_PREFIX);
		len -= strlen(KEY_ID_PREFIX);
	} else if (wire_addr_parse(&addr, text)) {
		type = addr.family == 4 ? IKE_ID_IPV4_ADDR : IKE_ID_IPV6_ADDR;
		data = addr.a;
		len = wire_addr_len(addr.family);
	} else if (strchr(text, '=')) {
		type = IKE_ID_DER_ASN1_DN;
		len = crypto_dn_parse(text, dn, sizeof(dn));
		data = dn;
	} else if (strchr(text, '@')) {
		type = IKE_ID_RFC822_ADDR;
	} else {
		type = IKE_ID_FQDN;
	}
	if (len == 0 || len > IKE_MAX_ID)
		return -EINVAL;
	id->type = type;
	id->len = (uint8_t)len;
	memcpy(id->data, data, len);
	return 0;
}

const char *ike_id_text(const struct ike_id *id, char *buf, size_t len)
{
	char text[WIRE_ADDR_TEXT];
	struct wire_addr addr;
	size_t at = 0, i;

	if (len == 0)
		return "";
	buf[0] = 0;
	switch (id->type) {
	case 0:
		snprintf(buf, len, "any");
		return buf;
	case IKE_ID_IPV4_ADDR:
	case IKE_ID_IPV6_ADDR:
		if (wire_addr_set(&addr, id->data, id->len))
			snprintf(buf, len, "%s", wire_addr_text(&addr, text));
		return buf;
	case IKE_ID_DER_ASN1_DN:
		if (crypto_dn_text((struct wire_span){ id->data, id->len },
				   buf, len))
			return buf;
		break;
	case IKE_ID_KEY_ID:
		at = (size_t)snprintf(buf, len, "%s", KEY_ID_PREFIX);
		break;
	default:
		break;
	}
	/* The peer chose the octets: nothing of them may fool a terminal. */
	for (i = 0; i < id->len && at + 1 < len; i++, at++)
		buf[at] = id->data[i] > ' ' && id->data[i] < 0x7f ?
			  (char)id->data[i] : '?';
	if (at < len)
		buf[at] = 0;
	return buf;
}

bool ike_id_equal(const struct ike_id *a, const struct ike_id *b)
{
	if (a->type == IKE_ID_DER_ASN1_DN && b->type == a->type)
		return crypto_dn_equal((struct wire_span){ a->data, a->len },
				       (struct wire_span){ b->data, b->len });
	if (a->type != b->type || a->len != b->len)
		return false;
	if (a->type == IKE_ID_FQDN)
		return !strncasecmp((const char *)a->data,
				    (const char *)b->data, a->len);
	return !memcmp(a->data, b->data, a->len);
}
