/* The table of simulated devices: what each is (read once from the configuration) and what it shows at a moment. */
#ifndef RIGWRIGHT_SIM_DEVICE_H
#define RIGWRIGHT_SIM_DEVICE_H

#include "nvml.h"
#include "physics.h"

#define DEVICES_MAX 16

/* What does not change while the library is loaded. Figures in the units of their names. */
struct device {
    unsigned int slot;  /* its place in the configuration */
    int index;          /* what this program knows it by; below 0: it is not given to it */
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
    unsigned int brand, architecture; /* NVML's numbers */
    unsigned int hbm;                 /* its memory tells its temperature, as only such memory does */
    unsigned int mig;                 /* it is cut into instances: it has no utilisation of its own then */
    unsigned int margin;              /* it tells how far it is from its limit, and no thresholds */
    unsigned int moves;               /* it has a physical model; else its figures stand as they are configured */
    struct physics physics;
};

enum { MARGIN_TO_SLOWDOWN_K = 2 }; /* nvidia-smi of an H100 and of an RTX 6000 Ada */

struct table {
    unsigned int count; /* of all, given to this program or not: each warms the others */
    struct device devices[DEVICES_MAX];
    char driver_version[64]; /* empty: there is no driver */
    char loaded_version[64]; /* the kernel module's; differs from the library's after a half-done upgrade */
    int cuda_version;        /* 13000 for 13.0 */
    char state_path[256];
    double speed;            /* simulated seconds a second; 0: time moves by hand */
    double ambient_c;        /* when the state is made */
    unsigned long long configuration; /* a number for its text: another text, another state */
};

/* What a device shows now. Everything that a load or heat would move is read through here and nowhere else. */
struct reading {
    unsigned int power_mw, temperature_c, memory_temperature_c;
    unsigned int utilization_gpu_percent, utilization_memory_percent;
    unsigned int memory_used_mib;
    unsigned int pcie_gen, pcie_width;
    unsigned int clock_graphics_mhz, clock_memory_mhz, performance_state;
};

struct card;

/* Reads the configuration into the table. On a fault says so on standard error and gives NVML_ERROR_UNKNOWN. */
nvmlReturn_t table_read(struct table *table);

/* The table of the initialised library; NULL before nvmlInit. */
const struct table *table_current(void);

/* How many devices this program is given. */
unsigned int table_visible(const struct table *table);

/* Both between `state_enter` and `state_leave`. Fan speed: what the fan was told, per cent; or turns at, a minute. */
struct reading device_reading(const struct device *device, const struct card *card);
unsigned int device_fan_percent(const struct device *device, const struct card *card, unsigned int fan);
unsigned int device_fan_rpm(const struct device *device, const struct card *card, unsigned int fan);

/* Copies text as NVML does: NVML_ERROR_INSUFFICIENT_SIZE when it does not fit with its end. */
nvmlReturn_t copy_text(const char *text, char *target, unsigned int size);

#endif
