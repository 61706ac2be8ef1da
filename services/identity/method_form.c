/*
 * What a method's form asks beside the person's fields (form.c): its own proof, and whatever else
 * its row of the table marks * (REG-15, REG-27). What the method does not ask for is not kept.
 */
#include <string.h>

#include "common/ident.h"

#include "lookup.h"
#include "signer.h"

enum { POST_ACCOUNT_MIN = 3, POST_ACCOUNT_MAX = 64 };

struct method_form {
    const struct identity *identity;
    struct mc_txn *txn;
    const struct identity_method *method;
    IdentityState__Person *person;
};

/* True: there is something to look at. An empty field that is marked * is refused. */
static bool is_given(const struct method_form *form, const char *field, const char *label,
                     const char *text)
{
    bool required = false;

    if (!identity_method_asks(form->identity, form->method, field, &required))
        return false;
    if (text[strspn(text, " \t")] != '\0')
        return true;
    if (required)
        (void)mc_refuse(form->txn, MC_INVALID, field, "FIELD_REQUIRED", "field", label, NULL);
    return false;
}

/* REG-27: ten digits; the personal number where the insurer takes it. */
static void check_insurance(const struct method_form *form, const char *text)
{
    char number[MC_INSURANCE_SIZE];

    if (!is_given(form, "insurance_no", "mã bảo hiểm xã hội", text))
        return;
    enum mc_why why =
        mc_insurance_parse(text, form->identity->insurance_by_identity, number, sizeof number);
    if (why != MC_WHY_OK) {
        (void)mc_refuse(form->txn, MC_INVALID, "insurance_no", mc_why_code(why), NULL);
        return;
    }
    form->person->insurance_no = mc_strdup(form->txn->arena, number);
    if (form->person->insurance_no == NULL)
        (void)mc_fail(form->txn, MC_FULL, "arena");
}

static void check_post(const struct method_form *form, const char *account)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@";
    size_t len = strlen(account);

    if (!is_given(form, "post_account", "tài khoản Bưu điện Việt Nam", account))
        return;
    if (len < POST_ACCOUNT_MIN || len > POST_ACCOUNT_MAX || strspn(account, allowed) != len)
        (void)mc_refuse(form->txn, MC_INVALID, "post_account", "POST_ACCOUNT_FORMAT", NULL);
    else
        form->person->post_account = mc_unconst(account);
}

/* REG-03, REG-05, REG-15: which methods are open for whom is a table. */
static const struct identity_method *check_method(const struct identity *identity,
                                                  struct mc_txn *txn,
                                                  const Identity__StartRegistrationRequest *req)
{
    bool has_kind = req->subject_kind != IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED;

    if (!has_kind)
        (void)mc_refuse(txn, MC_INVALID, "subject_kind", "FIELD_REQUIRED", "field",
                        "đối tượng đăng ký", NULL);
    if (req->method[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "method", "FIELD_REQUIRED", "field", "phương thức đăng ký",
                        NULL);
    else if (identity_method_signs(req->method)) /* StartSigning begins those */
        (void)mc_refuse(txn, MC_INVALID, "method", "METHOD_NEEDS_SIGNATURE", NULL);
    else if (strcmp(req->method, IDENTITY_DESK_METHOD) == 0) /* OFF-18: in person, by an officer */
        (void)mc_refuse(txn, MC_INVALID, "method", "METHOD_AT_DESK", NULL);
    else if (has_kind &&
             identity_method_check(identity, txn, req->method, (unsigned)req->subject_kind) !=
                 NULL &&
             !identity_lookup_has(req->method))
        (void)mc_refuse(txn, MC_INVALID, "method",
                        strcmp(req->method, IDENTITY_VNEID_METHOD) == 0 ? "METHOD_AT_VNEID"
                                                                        : "METHOD_NOT_OPEN",
                        NULL);
    return identity_method_find(identity, req->method);
}

void identity_method_form_check(const struct identity *identity, struct mc_txn *txn,
                                const Identity__StartRegistrationRequest *req,
                                IdentityState__Person *person)
{
    const struct method_form form = {identity, txn, check_method(identity, txn, req), person};

    if (form.method == NULL)
        return;
    check_insurance(&form, req->insurance_no);
    check_post(&form, req->post_account);
    (void)is_given(&form, "email", "email", req->email); /* optional, unless the table says so */
}

/* 11-digit numbers of before 2018 are taken as what they became, and the person is told so. */
char *identity_phone_notice(struct mc_txn *txn, const char *typed)
{
    struct mc_phone phone;
    char national[MC_PHONE_SIZE] = "0";
    const char *args[] = {"phone", national, NULL};

    if (mc_phone_parse(typed, &phone) != MC_WHY_OK || !phone.converted)
        return mc_unconst("");
    memcpy(national + 1, phone.number + 2, sizeof national - 2);
    return identity_text(txn, "PHONE_CONVERTED", args);
}
