/* Config's inside: one value's text into its target, and back. Only config*.c include this. */
#pragma once

#include "common/config.h"

enum { MC_CONFIG_NUMBER_SIZE = 32 };

/* Gives one key its value in the current layer; `origin` is where it was found. */
mc_nodiscard enum mc_status mc_config_apply(struct mc_config *config, const char *name,
                                            const char *const *items, size_t len,
                                            const char *origin);

/* MC_OK where a refusal was told to config->problem and the reading may go on. */
enum mc_status mc_config_tolerate(struct mc_config *config, enum mc_status status);

/*
 * Writes the target. The text returned is the value as YAML. MC_INVALID comes with what is wrong,
 * as the end of a sentence that began with the key.
 */
mc_nodiscard enum mc_status mc_config_value_store(struct mc_arena *arena,
                                                  const struct mc_config_key *key,
                                                  const char *const *items, size_t len,
                                                  void *target, const char **ret_text,
                                                  const char **ret_wrong);

const char *mc_config_type_name(enum mc_config_type type);

/* As a person would write it: 90000 ms is 90s. */
void mc_config_number(char out[MC_CONFIG_NUMBER_SIZE], enum mc_config_type type, int64_t number);
