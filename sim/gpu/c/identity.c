/* What a device is, and where it sits. */
#include <stdio.h>
#include <string.h>

#include "access.h"

TEXT(nvmlDeviceGetName, device->name)
TEXT(nvmlDeviceGetUUID, device->uuid)
TEXT(nvmlDeviceGetVbiosVersion, device->vbios)

FIGURE(nvmlDeviceGetIndex, (unsigned int)device->index)
FIGURE(nvmlDeviceGetMinorNumber, device->slot)
FIGURE(nvmlDeviceGetBoardId, device->pci_bus << 8)
FIGURE(nvmlDeviceGetBrand, device->brand)
FIGURE(nvmlDeviceGetArchitecture, device->architecture)
FIGURE(nvmlDeviceGetComputeMode, 0)
FIGURE(nvmlDeviceGetDisplayMode, 0)
FIGURE(nvmlDeviceGetDisplayActive, 0)
FIGURE(nvmlDeviceGetMaxMigDeviceCount, device->mig ? 7 : 0)
FIGURE(nvmlDeviceIsMigDeviceHandle, 0)
FIGURE(nvmlDeviceGetPersistenceMode, card->settings.persistence_mode)

FIGURE(nvmlDeviceGetCurrPcieLinkGeneration, device_reading(device, card).pcie_gen)
FIGURE(nvmlDeviceGetCurrPcieLinkWidth, device_reading(device, card).pcie_width)
FIGURE(nvmlDeviceGetMaxPcieLinkGeneration, device->pcie_gen_max)
FIGURE(nvmlDeviceGetGpuMaxPcieLinkGeneration, device->pcie_gen_max)
FIGURE(nvmlDeviceGetMaxPcieLinkWidth, device->pcie_width_max)
FIGURE(nvmlDeviceGetPcieReplayCounter, 0)

NVML_API nvmlReturn_t nvmlDeviceGetPcieThroughput(nvmlDevice_t device, unsigned int counter, unsigned int *kib_per_s) {
    LOOK(device, kib_per_s);
    *kib_per_s = counter > 2 ? 0 : (unsigned int)(card->load.demand.core * 200000);
    DONE(counter > 2 ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v3(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    LOOK(device, pci);
    (void)card;
    memset(pci, 0, sizeof *pci);
    pci->domain = device->pci_domain;
    pci->bus = device->pci_bus;
    pci->device = device->pci_device;
    pci->pciDeviceId = device->pci_device_id;
    pci->pciSubSystemId = device->pci_subsystem_id;
    snprintf(pci->busIdLegacy, sizeof pci->busIdLegacy, "%04X:%02X:%02X.0", pci->domain & 0xffff, pci->bus & 0xff,
             pci->device & 0xff);
    snprintf(pci->busId, sizeof pci->busId, "%08X:%02X:%02X.0", pci->domain, pci->bus & 0xff, pci->device & 0xff);
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo_v2(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetPciInfo(nvmlDevice_t device, nvmlPciInfo_t *pci) {
    return nvmlDeviceGetPciInfo_v3(device, pci);
}

NVML_API nvmlReturn_t nvmlDeviceGetCudaComputeCapability(nvmlDevice_t device, int *major, int *minor) {
    LOOK(device, major);
    (void)card;
    if (minor == NULL) DONE(NVML_ERROR_INVALID_ARGUMENT);
    *major = (int)device->compute_major;
    *minor = (int)device->compute_minor;
    DONE(NVML_SUCCESS);
}

/* Only data-centre cards can be divided; none of them is. */
NVML_API nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned int *current, unsigned int *pending) {
    LOOK(device, current);
    (void)card;
    if (pending == NULL) DONE(NVML_ERROR_INVALID_ARGUMENT);
    *current = *pending = device->mig;
    DONE(device->hbm ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED);
}
