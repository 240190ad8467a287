#include "driver.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOADED "/proc/driver/nvidia/version"

/* Where driver packages put the versioned library: NVIDIA's and Ubuntu's in the first, Debian's in the second. */
static const char *const PLACES[] = {
    "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.[0-9]*.*[0-9]",
    "/usr/lib/x86_64-linux-gnu/nvidia/*/libnvidia-ml.so.[0-9]*.*[0-9]",
};

/* The CUDA version that a branch's driver supports: NVIDIA's CUDA release notes, table "CUDA Toolkit and Corresponding
 * Driver Versions". */
static const struct {
    int branch, cuda;
} SUPPORTED[] = {
    {595, 13020}, {590, 13010}, {580, 13000}, {575, 12090}, {570, 12080},
    {560, 12060}, {555, 12050}, {550, 12040}, {535, 12020}, {525, 12000},
};

static void installed_version(char *version, size_t size) {
    *version = '\0';
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES && *version == '\0'; i++) {
        glob_t found;
        if (glob(PLACES[i], 0, NULL, &found) == 0) {
            const char *last = found.gl_pathv[found.gl_pathc - 1];
            snprintf(version, size, "%s", strstr(last, ".so.") + 4);
            globfree(&found);
        }
    }
}

/* The line reads `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.163.01  Tue Apr  8 …`, with more words before the
 * version in the open module. */
static void loaded_version(char *version, size_t size) {
    FILE *file = fopen(LOADED, "re");
    *version = '\0';
    if (file == NULL) return;
    char line[512];
    if (fgets(line, sizeof line, file) != NULL) {
        for (char *rest = line, *word; (word = strtok_r(rest, " \t\n", &rest)) != NULL;) {
            int major, minor, end = 0;
            if (sscanf(word, "%d.%d%n", &major, &minor, &end) == 2 && end > 3) {
                snprintf(version, size, "%s", word);
                break;
            }
        }
    }
    fclose(file);
}

void driver_find(const char *version, const char *cuda_version, struct table *table) {
    if (strcmp(version, "installed") == 0) {
        installed_version(table->driver_version, sizeof table->driver_version);
        loaded_version(table->loaded_version, sizeof table->loaded_version);
        if (*table->loaded_version == '\0') strcpy(table->loaded_version, table->driver_version);
    } else if (strcmp(version, "loaded") == 0) {
        loaded_version(table->loaded_version, sizeof table->loaded_version);
        if (*table->loaded_version != '\0') installed_version(table->driver_version, sizeof table->driver_version);
    } else if (strcmp(version, "none") != 0) {
        snprintf(table->driver_version, sizeof table->driver_version, "%s", version);
        strcpy(table->loaded_version, table->driver_version);
    }
    if (strcmp(cuda_version, "auto") != 0) {
        table->cuda_version = atoi(cuda_version);
        return;
    }
    for (size_t i = 0; i < sizeof SUPPORTED / sizeof *SUPPORTED; i++) {
        if (atoi(table->driver_version) >= SUPPORTED[i].branch) {
            table->cuda_version = SUPPORTED[i].cuda;
            return;
        }
    }
}
