// SPDX-License-Identifier: GPL-2.0
/*
 * mobx: IPsec for hosts that move.
 */

#include <linux/module.h>

#include "datapath.h"
#include "deliver.h"
#include "device.h"
#include "esp.h"
#include "loop.h"
#include "memo.h"
#include "netlink.h"
#include "netns.h"
#include "replay.h"
#include "selftest.h"

/* A debug build that fails its own tests does not load. */
static int __init mobx_selftests(void)
{
	int err;

	err = mobx_selector_selftest();
	if (!err)
		err = mobx_spd_selftest();
	if (!err)
		err = mobx_binding_selftest();
	if (!err)
		err = mobx_replay_selftest();
	if (!err)
		err = mobx_alg_selftest();
	return err;
}

static int __init mobx_init(void)
{
	int err;

	err = mobx_memo_init();
	if (err)
		return err;
	err = mobx_replay_init();
	if (err)
		goto err_memo;
	err = mobx_selftests();
	if (err)
		goto err_replay;
	err = mobx_loop_init();
	if (err)
		goto err_replay;
	err = mobx_deliver_init();
	if (err)
		goto err_replay;
	err = mobx_netns_init();
	if (err)
		goto err_deliver;
	err = mobx_datapath_init();
	if (err)
		goto err_netns;
	err = mobx_device_init();
	if (err)
		goto err_datapath;
	err = mobx_netlink_init();
	if (err)
		goto err_device;
	pr_info("mobx: IPsec for hosts that move\n");
	return 0;

err_device:
	mobx_device_exit();
err_datapath:
	mobx_datapath_exit();
err_netns:
	mobx_netns_exit();
err_deliver:
	mobx_deliver_exit();
err_replay:
	mobx_replay_exit();
err_memo:
	mobx_memo_exit();
	return err;
}

static void __exit mobx_exit(void)
{
	mobx_netlink_exit();
	mobx_device_exit();
	mobx_datapath_exit();
	/* Waits for requests to the cipher, SAs and their RCU callbacks. */
	mobx_netns_exit();
	mobx_esp_exit();
	mobx_deliver_exit();
	mobx_replay_exit();
	mobx_memo_exit();
}

module_init(mobx_init);
module_exit(mobx_exit);

MODULE_DESCRIPTION("IPsec for hosts that move");
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY("mobx");
