/* What a device shows at a moment: of its physical model where it has one, else as it is configured. */
#include "state.h"

static unsigned int whole(double figure) { return figure <= 0 ? 0 : (unsigned int)(figure + 0.5); }

static unsigned int faulty_temperature(struct faults *faults, unsigned int temperature_c) {
    struct fault *absurd = &faults->of[FAULT_TEMPERATURE_ABSURD], *stuck = &faults->of[FAULT_TEMPERATURE_STUCK];
    if (absurd->active) return absurd->value > 0 ? (unsigned int)absurd->value : 65535;
    if (!stuck->active) faults->stuck_c = -1;
    if (stuck->active && faults->stuck_c < 0) faults->stuck_c = (int)temperature_c;
    return stuck->active ? (unsigned int)faults->stuck_c : temperature_c;
}

static void as_configured(const struct device *device, struct reading *reading) {
    *reading = (struct reading){
        .power_mw = device->power_usage_w * 1000,
        .temperature_c = device->temperature_c,
        .memory_temperature_c = device->temperature_c,
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

static void as_it_is(const struct device *device, const struct card *card, struct reading *reading) {
    int works = !(card->body.reasons & REASON_IDLE);
    reading->power_mw = whole(card->body.power_w * 1000);
    reading->temperature_c = whole(card->body.die_c);
    reading->memory_temperature_c = whole(card->body.memory_c);
    reading->utilization_gpu_percent = whole(card->load.demand.core * 100);
    reading->utilization_memory_percent = whole(card->load.demand.memory * 100);
    reading->clock_graphics_mhz = whole(card->body.clock_mhz / 15) * 15; /* clocks go in steps of 15 MHz */
    if (!works) return;
    reading->clock_memory_mhz = device->clock_memory_max_mhz;
    if (card->settings.memory_most_mhz > 0 && reading->clock_memory_mhz > card->settings.memory_most_mhz)
        reading->clock_memory_mhz = card->settings.memory_most_mhz;
    reading->performance_state = 2; /* with CUDA running, a GeForce card is in P2 */
    reading->pcie_gen = device->pcie_gen_max;
}

struct reading device_reading(const struct device *device, const struct card *card) {
    struct reading reading;
    as_configured(device, &reading);
    if (device->moves) as_it_is(device, card, &reading);
    reading.temperature_c = faulty_temperature((struct faults *)&card->faults, reading.temperature_c);
    return reading;
}

unsigned int device_fan_percent(const struct device *device, const struct card *card, unsigned int fan) {
    if (card->settings.fan_percent[fan] >= 0) return (unsigned int)card->settings.fan_percent[fan];
    return device->moves ? whole(card->body.fan_target_percent[fan]) : device->fan_percent;
}

unsigned int device_fan_rpm(const struct device *device, const struct card *card, unsigned int fan) {
    double percent = device->moves ? card->body.fan_percent[fan] : device_fan_percent(device, card, fan);
    double rpm = (device->moves ? device->physics.fan_rpm : 3000.0) * percent / 100;
    return rpm < 30 ? 0 : whole(rpm);
}
