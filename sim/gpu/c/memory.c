/* A device's memory, and the programs in it. */
#include "access.h"

#define MIB (1024ULL * 1024ULL)

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo(nvmlDevice_t device, nvmlMemory_t *memory) {
    LOOK(device, memory);
    /* The first version counts what the driver keeps to itself as used. */
    unsigned long long used = (device_reading(device, card).memory_used_mib + device->memory_reserved_mib) * MIB;
    *memory = (nvmlMemory_t){device->memory_total_mib * MIB, device->memory_total_mib * MIB - used, used};
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    LOOK(device, memory);
    if (memory->version != NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2)) DONE(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    memory->total = device->memory_total_mib * MIB;
    memory->reserved = device->memory_reserved_mib * MIB;
    memory->used = device_reading(device, card).memory_used_mib * MIB;
    memory->free = memory->total - memory->reserved - memory->used;
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetBAR1MemoryInfo(nvmlDevice_t device, nvmlBAR1Memory_t *memory) {
    LOOK(device, memory);
    (void)card;
    *memory = (nvmlBAR1Memory_t){256 * MIB, 254 * MIB, 2 * MIB};
    DONE(NVML_SUCCESS);
}

/* No program ever runs on a simulated device: what loads it is made up. */
#define NONE_RUN(function)                                                                              \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *count, void *processes) {          \
        (void)processes;                                                                                 \
        LOOK(device, count);                                                                             \
        (void)card;                                                                                      \
        *count = 0;                                                                                      \
        DONE(NVML_SUCCESS);                                                                              \
    }

NONE_RUN(nvmlDeviceGetComputeRunningProcesses)
NONE_RUN(nvmlDeviceGetComputeRunningProcesses_v2)
NONE_RUN(nvmlDeviceGetComputeRunningProcesses_v3)
NONE_RUN(nvmlDeviceGetGraphicsRunningProcesses)
NONE_RUN(nvmlDeviceGetGraphicsRunningProcesses_v2)
NONE_RUN(nvmlDeviceGetGraphicsRunningProcesses_v3)
NONE_RUN(nvmlDeviceGetMPSComputeRunningProcesses)
NONE_RUN(nvmlDeviceGetMPSComputeRunningProcesses_v2)
NONE_RUN(nvmlDeviceGetMPSComputeRunningProcesses_v3)

NVML_API nvmlReturn_t nvmlDeviceGetProcessUtilization(nvmlDevice_t device, void *samples, unsigned int *count,
                                                      unsigned long long since) {
    (void)samples, (void)since;
    LOOK(device, count);
    (void)card;
    *count = 0;
    DONE(NVML_ERROR_NOT_FOUND);
}
