// SPDX-License-Identifier: GPL-2.0
#include "agent/mptcp.h"

#include <errno.h>
#include <linux/mptcp.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/log.h"

/* As the kernel's header has them for their attribute, by kind. */
static const uint32_t kind_flags[] = {
	[IKE_MPTCP_SUBFLOW] = MPTCP_PM_ADDR_FLAG_SUBFLOW,
	[IKE_MPTCP_SIGNAL] = MPTCP_PM_ADDR_FLAG_SIGNAL,
	[IKE_MPTCP_FULLMESH] = MPTCP_PM_ADDR_FLAG_SUBFLOW |
			       MPTCP_PM_ADDR_FLAG_FULLMESH,
};

static int open_socket(struct mptcp *m)
{
	int ret;

	if (m->nl)
		return 0;
	m->nl = nl_socket_alloc();
	if (!m->nl)
		return -NLE_NOMEM;
	ret = genl_connect(m->nl);
	if (!ret)
		ret = genl_ctrl_resolve(m->nl, MPTCP_PM_NAME);
	if (ret >= 0) {
		m->family = ret;
		return 0;
	}
	nl_socket_free(m->nl);
	m->nl = NULL;
	return ret;
}

static struct nl_msg *request(const struct mptcp *m, uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, m->family, 0,
			       flags, cmd, MPTCP_PM_VER))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static int make(struct mptcp *m, const struct wire_addr *addr, uint32_t flags)
{
	bool is_ip4 = addr->family == 4;
	struct nl_msg *msg = request(m, MPTCP_PM_CMD_ADD_ADDR, NLM_F_ACK);
	struct nlattr *nest;

	if (!msg)
		return -NLE_NOMEM;
	nest = nla_nest_start(msg, MPTCP_PM_ATTR_ADDR);
	if (!nest ||
	    nla_put_u16(msg, MPTCP_PM_ADDR_ATTR_FAMILY,
			is_ip4 ? AF_INET : AF_INET6) ||
	    nla_put(msg, is_ip4 ? MPTCP_PM_ADDR_ATTR_ADDR4 :
				  MPTCP_PM_ADDR_ATTR_ADDR6,
		    (int)wire_addr_len(addr->family), addr->a) ||
	    nla_put_u32(msg, MPTCP_PM_ADDR_ATTR_FLAGS, flags)) {
		nlmsg_free(msg);
		return -NLE_NOMEM;
	}
	nla_nest_end(msg, nest);
	return nl_send_sync(m->nl, msg);
}

/** struct search - for the number of an endpoint; @id is 0 until it is found */
struct search {
	const struct wire_addr *addr;
	uint8_t id;
};

static int on_endpoint(struct nl_msg *msg, void *ctx)
{
	struct nlattr *outer[MPTCP_PM_ATTR_MAX + 1];
	struct nlattr *tb[MPTCP_PM_ADDR_ATTR_MAX + 1];
	struct search *s = ctx;
	struct wire_addr a;
	struct nlattr *at;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, outer, MPTCP_PM_ATTR_MAX, NULL) ||
	    !outer[MPTCP_PM_ATTR_ADDR] ||
	    nla_parse_nested(tb, MPTCP_PM_ADDR_ATTR_MAX,
			     outer[MPTCP_PM_ATTR_ADDR], NULL))
		return NL_OK;
	at = tb[s->addr->family == 4 ? MPTCP_PM_ADDR_ATTR_ADDR4 :
				       MPTCP_PM_ADDR_ATTR_ADDR6];
	if (at && tb[MPTCP_PM_ADDR_ATTR_ID] &&
	    nla_len(tb[MPTCP_PM_ADDR_ATTR_ID]) &&
	    wire_addr_set(&a, nla_data(at), (size_t)nla_len(at)) &&
	    wire_addr_equal(&a, s->addr))
		s->id = nla_get_u8(tb[MPTCP_PM_ADDR_ATTR_ID]);
	return NL_OK;
}

/* The kernel removes endpoints by numbers of its own. */
static int number_of(struct mptcp *m, const struct wire_addr *addr, uint8_t *id)
{
	struct search s = { .addr = addr };
	struct nl_msg *msg = request(m, MPTCP_PM_CMD_GET_ADDR, NLM_F_DUMP);
	int ret;

	if (!msg)
		return -NLE_NOMEM;
	nl_socket_modify_cb(m->nl, NL_CB_VALID, NL_CB_CUSTOM, on_endpoint, &s);
	ret = nl_send_auto(m->nl, msg);
	nlmsg_free(msg);
	if (ret >= 0)
		ret = nl_recvmsgs_default(m->nl);
	nl_socket_modify_cb(m->nl, NL_CB_VALID, NL_CB_DEFAULT, NULL, NULL);
	*id = s.id;
	return ret < 0 ? ret : 0;
}

static int unmake(struct mptcp *m, const struct wire_addr *addr)
{
	struct nlattr *nest;
	struct nl_msg *msg;
	uint8_t id;
	int ret = number_of(m, addr, &id);

	/* Somebody else has removed it: as good. */
	if (ret || !id)
		return ret;
	msg = request(m, MPTCP_PM_CMD_DEL_ADDR, NLM_F_ACK);
	nest = msg ? nla_nest_start(msg, MPTCP_PM_ATTR_ADDR) : NULL;
	if (!nest || nla_put_u8(msg, MPTCP_PM_ADDR_ATTR_ID, id)) {
		nlmsg_free(msg);
		return -NLE_NOMEM;
	}
	nla_nest_end(msg, nest);
	return nl_send_sync(m->nl, msg);
}

static void complain(const char *conn, const struct wire_addr *addr, int err)
{
	char text[WIRE_ADDR_TEXT];

	wire_addr_text(addr, text);
	if (err == -NLE_OBJ_NOTFOUND)
		log_line(IKE_LOG_WARNING, conn, "mptcp",
			 "this kernel has no MPTCP: %s does not become an endpoint; mptcp = \"no\" would be right",
			 text);
	else
		log_line(IKE_LOG_WARNING, conn, "mptcp",
			 "the endpoint %s cannot be changed: %s", text,
			 nl_geterror(err));
}

static struct mptcp_endpoint *find(struct mptcp *m, const struct wire_addr *addr)
{
	for (unsigned int i = 0; i < m->n; i++)
		if (wire_addr_equal(&m->v[i].addr, addr))
			return &m->v[i];
	return NULL;
}

static void add(struct mptcp *m, const struct conf *conf,
		const struct ike_ac_endpoint *a)
{
	struct mptcp_endpoint *e = find(m, &a->addr);
	const struct conf_conn *c = conf_find(conf, a->conn);
	uint8_t id = 0;
	int ret;

	if (e) {
		e->users++;
		return;
	}
	if (!c || c->ike.mptcp == IKE_MPTCP_NO ||
	    wire_addr_kind(&a->addr) != WIRE_ADDR_UNICAST ||
	    m->n == sizeof(m->v) / sizeof(m->v[0]))
		return;
	ret = open_socket(m);
	if (!ret)
		ret = make(m, &a->addr, kind_flags[c->ike.mptcp]);
	/*
	 * Left by an agent that was killed, or made by hand: ours from now on.
	 * Kernels do not agree on the error for that.
	 */
	if (ret && m->nl)
		number_of(m, &a->addr, &id);
	if (ret && !id) {
		complain(a->conn, &a->addr, ret);
		return;
	}
	m->v[m->n++] = (struct mptcp_endpoint){ .addr = a->addr, .users = 1 };
}

static void drop(struct mptcp *m, struct mptcp_endpoint *e, const char *conn)
{
	struct wire_addr addr = e->addr;
	int ret;

	*e = m->v[--m->n];
	ret = unmake(m, &addr);
	if (ret)
		complain(conn, &addr, ret);
}

void mptcp_run(struct mptcp *m, const struct conf *conf, uint32_t type,
	       const void *data, size_t len)
{
	struct mptcp_endpoint *e;
	struct ike_ac_endpoint a;

	if (len != sizeof(a))
		return;
	memcpy(&a, data, sizeof(a));
	a.conn[sizeof(a.conn) - 1] = '\0';
	if (type == MSG_ENDPOINT_NEW) {
		add(m, conf, &a);
		return;
	}
	e = find(m, &a.addr);
	if (e && !--e->users)
		drop(m, e, a.conn);
}

void mptcp_end(struct mptcp *m, bool keep)
{
	while (m->n && !keep)
		drop(m, &m->v[0], NULL);
	if (m->nl)
		nl_socket_free(m->nl);
	m->nl = NULL;
}
