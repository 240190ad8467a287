/* Which driver the simulated devices seem to run under. */
#ifndef RIGWRIGHT_SIM_DRIVER_H
#define RIGWRIGHT_SIM_DRIVER_H

#include "device.h"

/* Fills the table's driver_version, loaded_version and cuda_version.
 *
 * `version` is a version, `none`, or `installed`: that of the library that a driver package put on this host, which is
 * what the real library would say; and, where /proc/driver/nvidia/version stands, that of the loaded module. `loaded` is
 * the same, but that without a loaded module there is no driver: for a host with a kernel of its own.
 * `cuda_version` is a number such as 13000, or `auto`: what the driver's branch supports. */
void driver_find(const char *version, const char *cuda_version, struct table *table);

#endif
