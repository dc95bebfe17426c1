// SPDX-License-Identifier: GPL-2.0
#include "agent/virtual.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/rtnl.h"

static bool may_touch(const struct conf *conf, const struct ike_ac_addr *m)
{
	if (!memchr(m->device, 0, sizeof(m->device)) || !m->device[0] ||
	    wire_addr_kind(&m->addr) != WIRE_ADDR_UNICAST)
		return false;
	for (unsigned int i = 0; i < conf->nconn; i++)
		if (!strcmp(conf->conn[i].ike.device, m->device))
			return true;
	return false;
}

static void refused(const struct ike_ac_addr *m, struct msg_kernel_done *done)
{
	char text[WIRE_ADDR_TEXT];

	if (done->err == -ENODEV)
		snprintf(done->text, sizeof(done->text),
			 "there is no device %s, which is to get %s: ip link add %s type dummy, for instance",
			 m->device, wire_addr_text(&m->addr, text), m->device);
	else
		snprintf(done->text, sizeof(done->text),
			 "device %s cannot get %s: %s", m->device,
			 wire_addr_text(&m->addr, text), strerror(-done->err));
}

void virtual_run(const struct conf *conf, uint32_t type, const void *data,
		 size_t len, struct msg_kernel_done *done)
{
	struct ike_ac_addr m;
	uint32_t ifindex = 0;
	struct rtnl r;

	memset(done, 0, sizeof(*done));
	if (len == sizeof(m))
		memcpy(&m, data, sizeof(m));
	if (len != sizeof(m) || !may_touch(conf, &m)) {
		done->err = -EBADMSG;
		snprintf(done->text, sizeof(done->text),
			 "no connection has this device any more");
		return;
	}
	done->err = rtnl_open(&r);
	if (!done->err) {
		done->err = rtnl_find(&r, m.device, &ifindex);
		if (!done->err)
			done->err = rtnl_addr(&r, type == MSG_ADDR_NEW,
					      ifindex, &m.addr);
		rtnl_close(&r);
	}
	/* That it is gone already is as good. */
	if (type == MSG_ADDR_DEL &&
	    (done->err == -ENODEV || done->err == -EADDRNOTAVAIL))
		done->err = 0;
	if (done->err)
		refused(&m, done);
}
