/* What a device shows at a moment: for now the figures of its configuration, whatever is done to it. */
#include "device.h"

struct reading device_reading(const struct device *device) {
    return (struct reading){
        .power_mw = device->power_usage_w * 1000,
        .temperature_c = device->temperature_c,
        .fan_percent = device->fan_percent,
        .utilization_gpu_percent = device->utilization_gpu_percent,
        .utilization_memory_percent = device->utilization_memory_percent,
        .memory_used_mib = device->memory_used_mib,
        .pcie_gen = device->pcie_gen_current,
        .pcie_width = device->pcie_width_current,
        .clock_graphics_mhz = device->clock_graphics_mhz,
        .clock_memory_mhz = device->clock_memory_mhz,
        .performance_state = device->performance_state,
    };
}
