/* The table of simulated devices: what each is (read once from the configuration) and what it shows at a moment. */
#ifndef RIGWRIGHT_SIM_DEVICE_H
#define RIGWRIGHT_SIM_DEVICE_H

#include "nvml.h"

#define DEVICES_MAX 16

/* What does not change while the library is loaded. Figures in the units of their names. */
struct device {
    unsigned int index;
    char name[96];
    char uuid[80];
    char vbios[32];
    char pci_bus_id[32]; /* as configured: 0000:03:00.0 */
    unsigned int pci_domain, pci_bus, pci_device;
    unsigned int pci_device_id, pci_subsystem_id; /* device in the upper half, vendor in the lower */
    unsigned int compute_major, compute_minor;
    unsigned int memory_total_mib, memory_reserved_mib, memory_used_mib;
    unsigned int pcie_gen_current, pcie_gen_max, pcie_width_current, pcie_width_max;
    unsigned int power_default_w, power_min_w, power_max_w, power_usage_w;
    unsigned int temperature_c, temperature_slowdown_c, temperature_shutdown_c;
    unsigned int fans, fan_percent;
    unsigned int utilization_gpu_percent, utilization_memory_percent;
    unsigned int clock_graphics_mhz, clock_graphics_max_mhz, clock_memory_mhz, clock_memory_max_mhz;
    unsigned int performance_state;
    unsigned int persistence_mode;
};

struct table {
    unsigned int count;
    struct device devices[DEVICES_MAX];
    char driver_version[64]; /* empty: there is no driver */
    char loaded_version[64]; /* the kernel module's; differs from the library's after a half-done upgrade */
    int cuda_version;        /* 13000 for 13.0 */
    char settings_path[256];
};

/* What a device shows now. Everything that a load or heat would move is read through here and nowhere else. */
struct reading {
    unsigned int power_mw, temperature_c, fan_percent;
    unsigned int utilization_gpu_percent, utilization_memory_percent;
    unsigned int memory_used_mib;
    unsigned int pcie_gen, pcie_width;
    unsigned int clock_graphics_mhz, clock_memory_mhz, performance_state;
};

/* What a program may set on a device; kept in a file, so that every process sees it. */
struct settings {
    unsigned int persistence_mode;
    unsigned int power_limit_mw;
};

/* Reads the configuration into the table. On a fault says so on standard error and gives NVML_ERROR_UNKNOWN. */
nvmlReturn_t table_read(struct table *table);

/* The table of the initialised library; NULL before nvmlInit. */
const struct table *table_current(void);

struct reading device_reading(const struct device *device);

struct settings settings_get(const struct table *table, const struct device *device);
nvmlReturn_t settings_set(const struct table *table, const struct device *device, struct settings wanted);

/* Copies text as NVML does: NVML_ERROR_INSUFFICIENT_SIZE when it does not fit with its end. */
nvmlReturn_t copy_text(const char *text, char *target, unsigned int size);

#endif
