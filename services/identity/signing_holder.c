/*
 * Who a certificate says its holder is. Pure.
 *
 * The numbers stand in the subject with a kind before them: CCCD and CMND of a person, MST of an
 * enterprise, MNS of a state unit. A certificate with a personal number and an enterprise's belongs
 * to somebody who works there: it speaks for the person, not for the enterprise, or anybody on the
 * payroll could open and use the enterprise's account. Two different numbers of one kind say
 * nothing we could rely on.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "signing.h"

struct numbers {
    const char *cccd;
    const char *cmnd;
    const char *mst;
    const char *mns;
    bool ambiguous;
};

static void take(struct numbers *numbers, const char **place, const char *number)
{
    if (*place == NULL)
        *place = number;
    else if (strcmp(*place, number) != 0)
        numbers->ambiguous = true;
}

static void take_person(struct mc_arena *arena, const char *text, struct numbers *numbers)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;

    /* some authorities write CMND before the new number too */
    if (mc_identity_parse(text, number, sizeof number, &kind) == MC_WHY_OK)
        take(numbers, kind == MC_IDENTITY_CCCD ? &numbers->cccd : &numbers->cmnd,
             mc_strdup(arena, number));
}

static void take_number(struct mc_arena *arena, const struct mc_cert_number *at,
                        struct numbers *numbers)
{
    struct mc_tax_code tax;
    char budget[MC_BUDGET_CODE_SIZE];

    if (strcmp(at->kind, "CCCD") == 0 || strcmp(at->kind, "CMND") == 0)
        take_person(arena, at->number, numbers);
    else if (strcmp(at->kind, "MNS") == 0 &&
             mc_budget_code_parse(at->number, budget, sizeof budget) == MC_WHY_OK)
        take(numbers, &numbers->mns, mc_strdup(arena, budget));
    else if (strcmp(at->kind, "MST") == 0 && mc_tax_code_parse(at->number, &tax) == MC_WHY_OK) {
        if (tax.kind == MC_TAX_PERSON) /* since 7/2025 a person's tax code is his number */
            take_person(arena, tax.code, numbers);
        else
            take(numbers, &numbers->mst, mc_strdup(arena, tax.code));
    }
}

static const char *name_of(struct mc_arena *arena, const struct mc_cert *cert)
{
    char name[MC_TEXT_SIZE(MC_CERT_TEXT_MAX)];
    const char *said = cert->common_name[0] != '\0' ? cert->common_name : cert->organization;

    if (mc_text_clean(name, sizeof name, said) != MC_OK)
        return NULL;
    mc_text_truncate(name, IDENTITY_HOLDER_NAME_MAX);
    return mc_strdup(arena, name);
}

static const char *login_id_of(const struct numbers *numbers, unsigned subject_kind,
                               const char **ret_code)
{
    bool person = numbers->cccd != NULL || numbers->cmnd != NULL;
    const char *own = numbers->cccd != NULL ? numbers->cccd : numbers->cmnd;

    *ret_code = person || numbers->mst != NULL || numbers->mns != NULL ? "CERT_NOT_OF_SUBJECT"
                                                                       : "CERT_NO_ID";
    if (subject_kind == IDENTITY__SUBJECT_KIND__CITIZEN)
        return own;
    if (person)
        return NULL;
    if (subject_kind == IDENTITY__SUBJECT_KIND__ENTERPRISE)
        return numbers->mst;
    return numbers->mns != NULL ? numbers->mns : numbers->mst;
}

/* A person's other number goes along: look-ups by it find the same account. */
static bool add_other(struct mc_arena *arena, const struct numbers *numbers,
                      IdentityState__Holder *holder)
{
    if (numbers->cccd == NULL || numbers->cmnd == NULL)
        return true;
    holder->numbers = mc_alloc(arena, sizeof *holder->numbers);
    if (holder->numbers == NULL)
        return false;
    holder->numbers[0] = mc_unconst(numbers->cmnd);
    holder->n_numbers = 1;
    return true;
}

/* NULL: the holder is filled in; else why he is not one of these subjects. */
const char *identity_holder_read(struct mc_arena *arena, const struct mc_cert *cert,
                                 unsigned subject_kind, IdentityState__Holder *ret_holder)
{
    struct numbers numbers = {0};
    const char *code = NULL;

    for (size_t i = 0; i < cert->numbers_len; i++)
        take_number(arena, &cert->numbers[i], &numbers);
    if (numbers.ambiguous)
        return "CERT_ID_AMBIGUOUS";
    const char *login_id = login_id_of(&numbers, subject_kind, &code);
    if (login_id == NULL)
        return code;
    const char *name = name_of(arena, cert);
    if (name == NULL || name[0] == '\0')
        return "CERT_NO_ID";
    ret_holder->login_id = mc_unconst(login_id);
    ret_holder->name = mc_unconst(name);
    ret_holder->issuer = mc_unconst(cert->issuer);
    ret_holder->serial = mc_unconst(cert->serial);
    ret_holder->valid_from_ms = cert->from_ms;
    ret_holder->valid_until_ms = cert->until_ms;
    ret_holder->certificate = identity_data(cert->der);
    ret_holder->issuer_certificate = identity_data(cert->issuer_der);
    ret_holder->ocsp_url = mc_unconst(cert->ocsp_url);
    ret_holder->crl_url = mc_unconst(cert->crl_url);
    if (subject_kind != IDENTITY__SUBJECT_KIND__CITIZEN && numbers.mst != NULL)
        ret_holder->tax_code = mc_unconst(numbers.mst);
    if (subject_kind == IDENTITY__SUBJECT_KIND__CITIZEN && !add_other(arena, &numbers, ret_holder))
        return "SIGNATURE_UNREADABLE";
    return NULL;
}

const char *identity_cert_code(enum mc_cert_verdict verdict)
{
    static const char *const codes[] = {
        [MC_CERT_MALFORMED] = "SIGNATURE_UNREADABLE",
        [MC_CERT_SIGNATURE] = "SIGNATURE_INVALID",
        [MC_CERT_WEAK] = "CERT_WEAK",
        [MC_CERT_UNTRUSTED] = "CERT_UNTRUSTED",
        [MC_CERT_EXPIRED] = "CERT_EXPIRED",
        [MC_CERT_EARLY] = "CERT_NOT_YET",
        [MC_CERT_USAGE] = "CERT_USAGE",
        [MC_CERT_REVOKED] = "CERT_REVOKED",
        [MC_CERT_UNKNOWN] = "CERT_STATUS_UNKNOWN",
        [MC_CERT_STALE] = "CERT_CHECK_AWAY",
    };

    assert(verdict > MC_CERT_OK && verdict < (int)MC_LEN(codes));
    return codes[verdict];
}
