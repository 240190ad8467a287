/* Stand-in for NVIDIA's main kernel module: it drives nothing, and tells of itself where the real one does. */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static int NVreg_PreserveVideoMemoryAllocations;
static int NVreg_UsePageAttributeTable = -1;
static int NVreg_DynamicPowerManagement = 3;
static int NVreg_EnableGpuFirmware = 18;
static char *NVreg_RegistryDwords = "";
module_param(NVreg_PreserveVideoMemoryAllocations, int, 0);
module_param(NVreg_UsePageAttributeTable, int, 0);
module_param(NVreg_DynamicPowerManagement, int, 0);
module_param(NVreg_EnableGpuFirmware, int, 0);
module_param(NVreg_RegistryDwords, charp, 0);

void nv_stand_in(void);
void nv_stand_in(void)
{
}
EXPORT_SYMBOL(nv_stand_in);

static int show_version(struct seq_file *file, void *unused)
{
	seq_puts(file, "NVRM version: " NV_SELF "  " NV_VERSION_STRING NV_BUILD "\n");
	seq_puts(file, "GCC version:  " __VERSION__ "\n");
	return 0;
}

static int show_params(struct seq_file *file, void *unused)
{
	seq_printf(file, "PreserveVideoMemoryAllocations: %d\n", NVreg_PreserveVideoMemoryAllocations);
	seq_printf(file, "UsePageAttributeTable: %u\n", NVreg_UsePageAttributeTable);
	seq_printf(file, "DynamicPowerManagement: %d\n", NVreg_DynamicPowerManagement);
	seq_printf(file, "EnableGpuFirmware: %d\n", NVreg_EnableGpuFirmware);
	seq_printf(file, "RegistryDwords: \"%s\"\n", NVreg_RegistryDwords);
	return 0;
}

static int __init start(void)
{
	struct proc_dir_entry *folder = proc_mkdir("driver/nvidia", NULL);

	if (!folder)
		return -ENOMEM;
	proc_create_single("version", 0444, folder, show_version);
	proc_create_single("params", 0444, folder, show_params);
	return 0;
}

static void __exit stop(void)
{
	remove_proc_subtree("driver/nvidia", NULL);
}

module_init(start);
module_exit(stop);
MODULE_DESCRIPTION("Stand-in for NVIDIA's module, of Rigwright's simulation");
MODULE_LICENSE(NV_LICENSE);
MODULE_VERSION(NV_VERSION_STRING);
/* Display controllers of NVIDIA's, VGA and 3D: what makes udev load it. */
MODULE_ALIAS("pci:v000010DEd*sv*sd*bc03sc00i00*");
MODULE_ALIAS("pci:v000010DEd*sv*sd*bc03sc02i00*");
