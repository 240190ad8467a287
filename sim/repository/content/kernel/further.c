/* Stand-in for one of NVIDIA's further kernel modules: needs the main one, and is empty otherwise. */
#include <linux/module.h>

extern void nv_stand_in(void);

static int __init start(void)
{
	nv_stand_in();
	return 0;
}

static void __exit stop(void)
{
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Stand-in for NVIDIA's module, of Rigwright's simulation");
MODULE_LICENSE(NV_LICENSE);
MODULE_VERSION(NV_VERSION_STRING);
