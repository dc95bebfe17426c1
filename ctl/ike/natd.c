// SPDX-License-Identifier: GPL-2.0
/*
 * NAT detection and traversal (RFC 7296, section 2.23). What follows a changed
 * mapping here is what that section has; with MOBIKE it is RFC 4555's, section
 * 3.8: who is behind the NAT finds out and says so.
 */
#include <errno.h>
#include <string.h>

#include "crypto/util.h"
#include "ike/priv.h"

void ike_put_natd(const struct ike_sa *sa, struct wire_enc *b,
		  const struct wire_endpoint *from,
		  const struct wire_endpoint *to)
{
	uint8_t hash[IKE_NATD_LEN];

	crypto_natd(sa->spi_i, sa->spi_r, from, hash);
	wire_notify_encode(b, IKE_N_NAT_DETECTION_SOURCE_IP, hash,
			   sizeof(hash));
	crypto_natd(sa->spi_i, sa->spi_r, to, hash);
	wire_notify_encode(b, IKE_N_NAT_DETECTION_DESTINATION_IP, hash,
			   sizeof(hash));
}

/**
 * ike_natd_check() - what the NATD payloads of a message say
 * @spi_i: SPIs as in its header
 * @spi_r: likewise
 * @local: where it came to
 * @remote: where it came from
 * @msg: message
 *
 * A sender with several addresses may list several sources: one has to fit.
 *
 * Return: IKE_NATD_*.
 */
unsigned int ike_natd_check(uint64_t spi_i, uint64_t spi_r,
			    const struct wire_endpoint *local,
			    const struct wire_endpoint *remote,
			    const struct wire_msg *msg)
{
	bool source = false, source_ok = false, dest = false, dest_ok = false;
	uint8_t from[IKE_NATD_LEN], to[IKE_NATD_LEN];
	const struct wire_payload *pl = NULL;
	unsigned int found = 0;
	struct wire_notify n;

	if (crypto_natd(spi_i, spi_r, remote, from) ||
	    crypto_natd(spi_i, spi_r, local, to))
		return IKE_NATD_ABSENT;
	while ((pl = wire_msg_next(msg, IKE_PL_NOTIFY, pl))) {
		if (wire_notify_decode(pl, &n) != WIRE_OK)
			continue;
		if (n.type == IKE_N_NAT_DETECTION_SOURCE_IP) {
			source = true;
			source_ok |= n.data.len == sizeof(from) &&
				     crypto_equal(n.data.p, from, sizeof(from));
		} else if (n.type == IKE_N_NAT_DETECTION_DESTINATION_IP) {
			dest = true;
			dest_ok |= n.data.len == sizeof(to) &&
				   crypto_equal(n.data.p, to, sizeof(to));
		}
	}
	if (!source || !dest)
		return IKE_NATD_ABSENT;
	if (!source_ok)
		found |= IKE_NATD_REMOTE;
	if (!dest_ok)
		found |= IKE_NATD_LOCAL;
	return found ? found : IKE_NATD_NONE;
}

unsigned int ike_in_natd(const struct ike_sa *sa, const struct ike_in *in)
{
	return ike_natd_check(sa->spi_i, sa->spi_r, &in->local, &in->remote,
			      in->msg);
}

/**
 * ike_nat_found() - what IKE_SA_INIT has shown
 * @sa: IKE SA
 * @natd: from ike_natd_check()
 */
void ike_nat_found(struct ike_sa *sa, unsigned int natd)
{
	sa->natt = natd != IKE_NATD_ABSENT;
	sa->nat = natd & (IKE_NATD_LOCAL | IKE_NATD_REMOTE);
}

void ike_sa_set_nat(struct ike_sa *sa, unsigned int nat)
{
	if (sa->nat == nat)
		return;
	sa->nat = nat;
	/* Nothing has left by the new way yet that anybody counted. */
	sa->p->nat_look_us = sa->eng->now;
	sa->p->nat_quiet_us = sa->eng->now;
}

/** ike_nat_report() - who is behind a NAT, if anybody */
void ike_nat_report(const struct ike_sa *sa, struct ike_report *r)
{
	static const char *const who[] = {
		[IKE_NATD_LOCAL] = "here",
		[IKE_NATD_REMOTE] = "peer",
		[IKE_NATD_LOCAL | IKE_NATD_REMOTE] = "here,peer",
	};

	if (sa->nat)
		ike_report_text(r, "nat", "%s", who[sa->nat]);
}

/** ike_nat_path() - with a NAT in between ESP goes in UDP, by IKE's ports */
void ike_nat_path(const struct ike_sa *sa, struct ike_path *path)
{
	if (!sa->nat)
		return;
	path->encap_sport = sa->local.port;
	path->encap_dport = sa->remote.port;
}

/* May the peer be there? A mapping gives it no more than a move of its own. */
static bool may_be_at(struct ike_sa *sa, const struct wire_addr *addr)
{
	const struct ike_ext_ops *ext = sa->eng->ext;

	return wire_addr_equal(&sa->remote.addr, addr) || !ext ||
	       !ext->may_be_at || ext->may_be_at(sa, addr);
}

/**
 * ike_nat_follow() - a NAT has given the peer another address or port
 * @sa: IKE SA
 * @in: fresh, authentic message
 *
 * Only a host that is behind no NAT itself follows, lest two wait for each
 * other.
 */
void ike_nat_follow(struct ike_sa *sa, const struct ike_in *in)
{
	struct ike_path paths[2];
	struct ike_report *r;
	unsigned int n = 1;

	if (sa->nat != IKE_NATD_REMOTE || sa->mobike || !sa->peer ||
	    sa->state != IKE_SA_ESTABLISHED ||
	    wire_endpoint_equal(&sa->remote, &in->remote) ||
	    !may_be_at(sa, &in->remote.addr))
		return;
	r = ike_sa_report(sa, IKE_LOG_INFO, "nat");
	ike_report_text(r, "who", "peer");
	ike_report_addr(r, "from", &sa->remote.addr);
	ike_report_addr(r, "to", &in->remote.addr);
	ike_report_number(r, "port", in->remote.port);
	memset(paths, 0, sizeof(paths));
	paths[0].local = sa->local.addr;
	paths[0].remote = in->remote.addr;
	paths[0].state = MOBX_PATH_STATE_VALID;
	paths[0].flags = MOBX_PATH_FLAGS_PRIMARY;
	if (!wire_addr_equal(&sa->remote.addr, &in->remote.addr)) {
		paths[n].local = sa->local.addr;
		paths[n].remote = sa->remote.addr;
		paths[n].state = MOBX_PATH_STATE_DEPRECATED;
		paths[n++].accept_until_ms = IKE_NAT_GRACE_MS;
	}
	sa->remote = in->remote;
	for (unsigned int i = 0; i < n; i++)
		ike_nat_path(sa, &paths[i]);
	ike_sa_rebind(sa, paths, n, NULL, NULL);
}

/* Who answers from where its ESP came from lives there. */
static void probe_answered(struct ike_sa *sa, void *ctx,
			   enum ike_result result, const struct ike_in *in)
{
	(void)ctx;
	if (result == IKE_RESULT_ANSWER)
		ike_nat_follow(sa, in);
}

/**
 * ike_nat_hint() - authentic ESP in UDP came from another port or address
 * @sa: IKE SA
 * @h: from where
 *
 * Whoever holds a packet up may send it on from elsewhere, so ESP moves nobody
 * (I8); but an answer that comes from there does.
 */
void ike_nat_hint(struct ike_sa *sa, const struct ike_ev_path_hint *h)
{
	const struct wire_endpoint to = { .addr = h->remote,
					  .port = h->remote_port };
	uint64_t last = sa->p->nat_probe_us;

	if (sa->nat != IKE_NATD_REMOTE || sa->mobike || !h->remote_port ||
	    !wire_addr_equal(&sa->local.addr, &h->local) ||
	    wire_endpoint_equal(&sa->remote, &to) ||
	    !may_be_at(sa, &to.addr) ||
	    (last && sa->eng->now - last < IKE_NAT_PROBE_US))
		return;
	sa->p->nat_probe_us = sa->eng->now;
	ike_info_probe(sa, &to, probe_answered, IKE_NAT_PROBE_US);
}

/* ---------------------------------------------------------- keepalives */

static uint64_t or_beginning(const struct ike_sa *sa, uint64_t at)
{
	return at ? at : sa->established_us;
}

/** ike_nat_deadline() - when to look whether the NAT has to be reminded */
uint64_t ike_nat_deadline(const struct ike_sa *sa)
{
	if (!(sa->nat & IKE_NATD_LOCAL) || sa->state != IKE_SA_ESTABLISHED)
		return IKE_NEVER;
	return or_beginning(sa, sa->p->nat_look_us) + IKE_KEEPALIVE_US / 2;
}

/* One octet that the peer's kernel drops (RFC 3948, sections 2.3 and 4). */
static void keepalive(struct ike_sa *sa)
{
	static const uint8_t octet = 0xff;

	sa->p->nat_quiet_us = sa->eng->now;
	ike_act_send(sa->eng, &sa->local, &sa->remote, &octet, sizeof(octet));
}

/*
 * Looked at twice in the time between two keepalives: packets may have left
 * right after the look before, but not earlier. A second more or less is for
 * the time that an answer takes.
 */
static void sent_answered(struct ike_sa *sa, void *ctx,
			  const struct ike_event *ev)
{
	const struct ike_ev_kernel_done *k = &ev->u.kernel_done;
	struct ike_sa_private *p = sa->p;

	(void)ctx;
	if (k->err == -ECANCELED || sa->state != IKE_SA_ESTABLISHED)
		return;
	if (!k->err && k->packets != p->nat_packets) {
		p->nat_packets = k->packets;
		p->nat_quiet_us = p->nat_look_us - IKE_KEEPALIVE_US / 2;
	} else if (sa->eng->now - or_beginning(sa, p->nat_quiet_us) >=
		   IKE_KEEPALIVE_US - IKE_SECOND) {
		keepalive(sa);
	}
}

void ike_nat_timers(struct ike_sa *sa)
{
	struct ike_action *a;

	if (sa->eng->now < ike_nat_deadline(sa))
		return;
	sa->p->nat_look_us = sa->eng->now;
	a = ike_ask(sa->eng, IKE_AC_PEER_SENT, sa, sent_answered, NULL);
	if (a)
		a->u.peer.id = sa->peer;
	else
		keepalive(sa);
}

/* ----------------------------------------------------------- selectors */

static bool single_host(const struct wire_ts_list *l)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (!wire_addr_equal(&l->ts[i].start, &l->ts[i].end) ||
		    !wire_addr_equal(&l->ts[i].start, &l->ts[0].start))
			return false;
	return l->n > 0;
}

static void substitute(struct wire_ts_list *l, const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < l->n; i++) {
		l->ts[i].start = *addr;
		l->ts[i].end = *addr;
	}
}

/**
 * ike_nat_selectors() - in transport mode the peer speaks of other addresses
 * @sa: IKE SA
 * @own: own side of what the peer has sent
 * @theirs: its own
 *
 * Each end puts those that it sees in their place (RFC 7296, section 2.23.1).
 */
void ike_nat_selectors(const struct ike_sa *sa, struct wire_ts_list *own,
		       struct wire_ts_list *theirs)
{
	if (!sa->nat || sa->conn->mode != MOBX_MODE_TRANSPORT ||
	    !single_host(own) || !single_host(theirs))
		return;
	substitute(own, &sa->local.addr);
	substitute(theirs, &sa->remote.addr);
}
