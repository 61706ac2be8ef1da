/*
 * Config, told: what a running room was started with, with the table of its keys, so that an
 * operator elsewhere sees it and tries a new file against it before a restart.
 */
#pragma once

#include "common/frame.h"

/* A method of the house. Secrets are never values, only paths (config.h). */
enum mc_status mc_config_tell(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ConfigRequest *req, Motcua__ConfigReply *rep);
