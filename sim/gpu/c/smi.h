/* The library's functions that the stand-in for nvidia-smi uses, found at run time. */
#ifndef RIGWRIGHT_SIM_SMI_H
#define RIGWRIGHT_SIM_SMI_H

#include "nvml.h"

/* clang-format off */
struct nvml {
    nvmlReturn_t (*Init_v2)(void);
    nvmlReturn_t (*Shutdown)(void);
    const char *(*ErrorString)(nvmlReturn_t);
    nvmlReturn_t (*SystemGetDriverVersion)(char *, unsigned int);
    nvmlReturn_t (*SystemGetNVMLVersion)(char *, unsigned int);
    nvmlReturn_t (*SystemGetCudaDriverVersion_v2)(int *);
    nvmlReturn_t (*DeviceGetCount_v2)(unsigned int *);
    nvmlReturn_t (*DeviceGetHandleByIndex_v2)(unsigned int, nvmlDevice_t *);
    nvmlReturn_t (*DeviceGetHandleByUUID)(const char *, nvmlDevice_t *);
    nvmlReturn_t (*DeviceGetHandleByPciBusId_v2)(const char *, nvmlDevice_t *);
    nvmlReturn_t (*DeviceGetIndex)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetName)(nvmlDevice_t, char *, unsigned int);
    nvmlReturn_t (*DeviceGetUUID)(nvmlDevice_t, char *, unsigned int);
    nvmlReturn_t (*DeviceGetVbiosVersion)(nvmlDevice_t, char *, unsigned int);
    nvmlReturn_t (*DeviceGetPciInfo_v3)(nvmlDevice_t, nvmlPciInfo_t *);
    nvmlReturn_t (*DeviceGetMemoryInfo_v2)(nvmlDevice_t, nvmlMemory_v2_t *);
    nvmlReturn_t (*DeviceGetPersistenceMode)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceSetPersistenceMode)(nvmlDevice_t, unsigned int);
    nvmlReturn_t (*DeviceGetPowerUsage)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetPowerManagementLimit)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceSetPowerManagementLimit)(nvmlDevice_t, unsigned int);
    nvmlReturn_t (*DeviceGetPowerManagementDefaultLimit)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetPowerManagementLimitConstraints)(nvmlDevice_t, unsigned int *, unsigned int *);
    nvmlReturn_t (*DeviceGetTemperature)(nvmlDevice_t, unsigned int, unsigned int *);
    nvmlReturn_t (*DeviceGetFanSpeed)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetUtilizationRates)(nvmlDevice_t, nvmlUtilization_t *);
    nvmlReturn_t (*DeviceGetCurrPcieLinkGeneration)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetMaxPcieLinkGeneration)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetCurrPcieLinkWidth)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetMaxPcieLinkWidth)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetCudaComputeCapability)(nvmlDevice_t, int *, int *);
    nvmlReturn_t (*DeviceGetPerformanceState)(nvmlDevice_t, unsigned int *);
    nvmlReturn_t (*DeviceGetClockInfo)(nvmlDevice_t, unsigned int, unsigned int *);
    nvmlReturn_t (*DeviceGetMaxClockInfo)(nvmlDevice_t, unsigned int, unsigned int *);
};

#define NVML_FUNCTIONS(X)                                                                                        \
    X(Init_v2) X(Shutdown) X(ErrorString) X(SystemGetDriverVersion) X(SystemGetNVMLVersion)                      \
    X(SystemGetCudaDriverVersion_v2) X(DeviceGetCount_v2) X(DeviceGetHandleByIndex_v2) X(DeviceGetHandleByUUID)  \
    X(DeviceGetHandleByPciBusId_v2) X(DeviceGetIndex) X(DeviceGetName) X(DeviceGetUUID) X(DeviceGetVbiosVersion) \
    X(DeviceGetPciInfo_v3) X(DeviceGetMemoryInfo_v2) X(DeviceGetPersistenceMode) X(DeviceSetPersistenceMode)     \
    X(DeviceGetPowerUsage) X(DeviceGetPowerManagementLimit) X(DeviceSetPowerManagementLimit)                     \
    X(DeviceGetPowerManagementDefaultLimit) X(DeviceGetPowerManagementLimitConstraints) X(DeviceGetTemperature)  \
    X(DeviceGetFanSpeed) X(DeviceGetUtilizationRates) X(DeviceGetCurrPcieLinkGeneration)                         \
    X(DeviceGetMaxPcieLinkGeneration) X(DeviceGetCurrPcieLinkWidth) X(DeviceGetMaxPcieLinkWidth)                 \
    X(DeviceGetCudaComputeCapability) X(DeviceGetPerformanceState) X(DeviceGetClockInfo) X(DeviceGetMaxClockInfo)
/* clang-format on */

extern struct nvml nvml;

#endif
