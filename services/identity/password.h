/*
 * Passwords of this room's accounts: chosen, checked, made, set. The steps of every call that sets
 * one: identity_password_check() and identity_password_prepare() in its prepare, the check again
 * and identity_password_made() in its handler, then identity_password_set().
 */
#pragma once

#include "common/password.h"

#include "identity.h"

/* NULL, or a stable code and the field it is about. */
const char *identity_password_check(const IdentityState__Person *person, const char *password,
                                    const char *again, const char **ret_field);

/* With an old hash: the old password is compared, and only if it fits the new one hashed. */
void identity_password_prepare(const struct identity *identity, const IdentityState__Person *person,
                               const char *old_hash, const char *old_password, const char *password,
                               struct mc_work *ret_work);

/* False, and the call refused: it is not there, or too easy to guess. A wrong old one is `made`. */
bool identity_password_made(struct mc_txn *txn, enum mc_work_kind kind);
void identity_password_set(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account,
                           const char *hash);

void identity_security_emit(struct mc_txn *txn, const char *type, struct mc_bytes account);
