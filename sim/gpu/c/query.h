/* The fields that `--query-gpu` knows, and how their values are written. */
#ifndef RIGWRIGHT_SIM_QUERY_H
#define RIGWRIGHT_SIM_QUERY_H

#include "nvml.h"

/* The text of one field of a device, with its unit if wanted; NULL when there is no such field.
 * It stands until eight more have been asked for. */
const char *query_value(const char *field, nvmlDevice_t device, int units);

/* Prints the fields of the devices as `format` says; gives nvidia-smi's exit status. */
int query(const char *fields, const char *format, const nvmlDevice_t *devices, int count);

/* Prints the heading of a query that has no rows. */
int query_nothing(const char *fields, const char *format);

/* Prints the names of the fields. */
int query_fields(void);

#endif
