/* What is asked of one device. Each getter checks its arguments alike, then takes one figure from the table or reading. */
#include <stdio.h>
#include <string.h>

#include "device.h"

#define MIB (1024ULL * 1024ULL)

static nvmlReturn_t asked(const struct device *device, const void *target) {
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;
    return device == NULL || target == NULL ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
}

/* A getter of one unsigned figure: its name, and an expression over `device`. */
#define FIGURE(function, expression)                                               \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *value) {     \
        nvmlReturn_t result = asked(device, value);                                \
        if (result == NVML_SUCCESS) *value = (expression);                         \
        return result;                                                             \
    }

#define TEXT(function, expression)                                                            \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, char *target, unsigned int length) {  \
        nvmlReturn_t result = asked(device, target);                                          \
        return result == NVML_SUCCESS ? copy_text((expression), target, length) : result;     \
    }

TEXT(nvmlDeviceGetName, device->name)
TEXT(nvmlDeviceGetUUID, device->uuid)
TEXT(nvmlDeviceGetVbiosVersion, device->vbios)

FIGURE(nvmlDeviceGetIndex, device->index)
FIGURE(nvmlDeviceGetMinorNumber, device->index)
FIGURE(nvmlDeviceGetBrand, NVML_BRAND_GEFORCE)

FIGURE(nvmlDeviceGetCurrPcieLinkGeneration, device_reading(device).pcie_gen)
FIGURE(nvmlDeviceGetCurrPcieLinkWidth, device_reading(device).pcie_width)
FIGURE(nvmlDeviceGetMaxPcieLinkGeneration, device->pcie_gen_max)
FIGURE(nvmlDeviceGetMaxPcieLinkWidth, device->pcie_width_max)

FIGURE(nvmlDeviceGetPowerUsage, device_reading(device).power_mw)
FIGURE(nvmlDeviceGetPowerManagementDefaultLimit, device->power_default_w * 1000)
FIGURE(nvmlDeviceGetPowerManagementMode, 1)
FIGURE(nvmlDeviceGetPowerManagementLimit, settings_get(table_current(), device).power_limit_mw)
FIGURE(nvmlDeviceGetEnforcedPowerLimit, settings_get(table_current(), device).power_limit_mw)
FIGURE(nvmlDeviceGetPersistenceMode, settings_get(table_current(), device).persistence_mode)

FIGURE(nvmlDeviceGetNumFans, device->fans)
FIGURE(nvmlDeviceGetPerformanceState, device_reading(device).performance_state)

NVML_API nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int *least,
                                                                   unsigned int *most) {
    nvmlReturn_t result = asked(device, least);
    if (result != NVML_SUCCESS || most == NULL) return result != NVML_SUCCESS ? result : NVML_ERROR_INVALID_ARGUMENT;
    *least = device->power_min_w * 1000;
    *most = device->power_max_w * 1000;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed_v2(nvmlDevice_t device, unsigned int fan, unsigned int *speed) {
    nvmlReturn_t result = asked(device, speed);
    if (result != NVML_SUCCESS) return result;
    if (device->fans == 0) return NVML_ERROR_NOT_SUPPORTED;
    if (fan >= device->fans) return NVML_ERROR_INVALID_ARGUMENT;
    *speed = device_reading(device).fan_percent;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *speed) {
    return nvmlDeviceGetFanSpeed_v2(device, 0, speed);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, unsigned int sensor, unsigned int *degrees) {
    nvmlReturn_t result = asked(device, degrees);
    if (result != NVML_SUCCESS) return result;
    if (sensor != NVML_TEMPERATURE_GPU) return NVML_ERROR_INVALID_ARGUMENT;
    *degrees = device_reading(device).temperature_c;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t device, nvmlTemperature_v1_t *temperature) {
    nvmlReturn_t result = asked(device, temperature);
    if (result != NVML_SUCCESS) return result;
    if (temperature->version != NVML_STRUCT_VERSION(nvmlTemperature_v1_t, 1)) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    if (temperature->sensorType != NVML_TEMPERATURE_GPU) return NVML_ERROR_INVALID_ARGUMENT;
    temperature->temperature = (int)device_reading(device).temperature_c;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t device, unsigned int kind, unsigned int *degrees) {
    nvmlReturn_t result = asked(device, degrees);
    if (result != NVML_SUCCESS) return result;
    switch (kind) {
        case NVML_TEMPERATURE_THRESHOLD_SHUTDOWN: *degrees = device->temperature_shutdown_c; return NVML_SUCCESS;
        case NVML_TEMPERATURE_THRESHOLD_SLOWDOWN: *degrees = device->temperature_slowdown_c; return NVML_SUCCESS;
        default: return NVML_ERROR_NOT_SUPPORTED;
    }
}

NVML_API nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
    nvmlReturn_t result = asked(device, utilization);
    if (result != NVML_SUCCESS) return result;
    struct reading now = device_reading(device);
    *utilization = (nvmlUtilization_t){now.utilization_gpu_percent, now.utilization_memory_percent};
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    nvmlReturn_t result = asked(device, memory);
    if (result != NVML_SUCCESS) return result;
    /* The first version counts what the driver keeps to itself as used. */
    unsigned long long used = (device_reading(device).memory_used_mib + device->memory_reserved_mib) * MIB;
    *memory = (nvmlMemory_t){device->memory_total_mib * MIB, device->memory_total_mib * MIB - used, used};
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    nvmlReturn_t result = asked(device, memory);
    if (result != NVML_SUCCESS) return result;
    if (memory->version != NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2)) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    memory->total = device->memory_total_mib * MIB;
    memory->reserved = device->memory_reserved_mib * MIB;
    memory->used = device_reading(device).memory_used_mib * MIB;
    memory->free = memory->total - memory->reserved - memory->used;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    nvmlReturn_t result = asked(device, pci);
    if (result != NVML_SUCCESS) return result;
    memset(pci, 0, sizeof *pci);
    pci->domain = device->pci_domain;
    pci->bus = device->pci_bus;
    pci->device = device->pci_device;
    pci->pciDeviceId = device->pci_device_id;
    pci->pciSubSystemId = device->pci_subsystem_id;
    snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "%04X:%02X:%02X.0", pci->domain & 0xffff, pci->bus & 0xff,
             pci->device & 0xff);
    snprintf(pci->busId, sizeof pci->busId, "%08X:%02X:%02X.0", pci->domain, pci->bus & 0xff, pci->device & 0xff);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v2(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    nvmlReturn_t result = asked(device, major);
    if (result != NVML_SUCCESS || minor == NULL) return result != NVML_SUCCESS ? result : NVML_ERROR_INVALID_ARGUMENT;
    *major = (int)device->compute_major;
    *minor = (int)device->compute_minor;
    return NVML_SUCCESS;
}

static nvmlReturn_t clock_of(unsigned int kind, unsigned int graphics, unsigned int memory, unsigned int *mhz) {
    if (kind > NVML_CLOCK_VIDEO) return NVML_ERROR_INVALID_ARGUMENT;
    *mhz = kind == NVML_CLOCK_MEM ? memory : graphics;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, unsigned int kind, unsigned int *mhz) {
    nvmlReturn_t result = asked(device, mhz);
    if (result != NVML_SUCCESS) return result;
    struct reading now = device_reading(device);
    return clock_of(kind, now.clock_graphics_mhz, now.clock_memory_mhz, mhz);
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, unsigned int kind, unsigned int *mhz) {
    nvmlReturn_t result = asked(device, mhz);
    if (result != NVML_SUCCESS) return result;
    return clock_of(kind, device->clock_graphics_max_mhz, device->clock_memory_max_mhz, mhz);
}

/* No program ever runs on a simulated device. */
NVML_API nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned int *count, void *processes) {
    (void)processes;
    nvmlReturn_t result = asked(device, count);
    if (result == NVML_SUCCESS) *count = 0;
    return result;
}
