/* Steers the simulated cards of this host from its command line: loads, faults, the room; and says how they truly are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

static const char USAGE[] =
    "rigwright-sim-gpu: steers simulated GPUs, which do not exist.\n"
    "\n"
    "    rigwright-sim-gpu load CARD idle|prefill|decode|training|burst|full [SEED]\n"
    "    rigwright-sim-gpu fault CARD KIND [VALUE] [CALLS] [FUNCTION]\n"
    "    rigwright-sim-gpu clear CARD [KIND]\n"
    "    rigwright-sim-gpu ambient CELSIUS\n"
    "    rigwright-sim-gpu show CARD              as JSON, how it truly is\n"
    "\n"
    "CARD is its place in /etc/rigwright-sim/gpus.conf, from 0 on. VALUE -1: none; CALLS -1: all.\n";

static int number(const char *text, double *value) {
    char *end;
    *value = strtod(text, &end);
    return *text != '\0' && *end == '\0';
}

static void print_list(const char *name, const double *values, int count) {
    printf(", \"%s\": [", name);
    for (int i = 0; i < count; i++) printf("%s%.1f", i ? ", " : "", values[i]);
    printf("]");
}

static nvmlReturn_t show(unsigned int slot) {
    struct truth truth;
    nvmlReturn_t result = rwsim_truth(slot, &truth);
    if (result != NVML_SUCCESS) return result;
    double manual[FANS_MAX];
    int fans = truth.fans < FANS_MAX ? truth.fans : FANS_MAX;
    for (int i = 0; i < fans; i++) manual[i] = truth.fan_manual[i];
    printf("{\"die_c\": %.2f, \"power_w\": %.1f, \"limit_w\": %.1f, \"clock_mhz\": %.0f, \"lock_most_mhz\": %.0f",
           truth.die_c, truth.power_w, truth.limit_w, truth.clock_mhz, truth.lock_most_mhz);
    printf(", \"slowdown_s\": %.2f, \"lost\": %s", truth.slowdown_s, truth.lost ? "true" : "false");
    print_list("fan_percent", truth.fan_percent, fans);
    print_list("fan_rpm", truth.fan_rpm, fans);
    print_list("fan_manual", manual, fans);
    printf("}\n");
    return NVML_SUCCESS;
}

static nvmlReturn_t act(int count, char **words) {
    double first, value = -1, calls = -1, seed = 0;
    if (count < 3 || !number(words[2], &first)) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    unsigned int slot = first < 0 ? ~0U : (unsigned int)first;
    const char *what = words[1], *kind = count > 3 ? words[3] : "";
    if (strcmp(what, "ambient") == 0) return rwsim_ambient(first);
    if (strcmp(what, "show") == 0) return show(slot);
    if (strcmp(what, "clear") == 0) return rwsim_clear(slot, kind);
    if (strcmp(what, "load") == 0 && count > 3 && (count == 4 || number(words[4], &seed)))
        return rwsim_load(slot, kind, (unsigned int)seed);
    if (strcmp(what, "fault") == 0 && count > 3 && (count < 5 || number(words[4], &value)) &&
        (count < 6 || number(words[5], &calls)))
        return rwsim_fault(slot, kind, (long)calls, value, count > 6 ? words[6] : "");
    return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
}

int main(int count, char **words) {
    nvmlReturn_t result = rwsim_open();
    if (result == NVML_SUCCESS) result = act(count, words);
    if (result == NVML_ERROR_ARGUMENT_VERSION_MISMATCH) return fputs(USAGE, stderr), 2;
    if (result != NVML_SUCCESS) fprintf(stderr, "rigwright-sim-gpu: error %d: no such card, or nothing of that name\n", result);
    return result == NVML_SUCCESS ? 0 : 1;
}
