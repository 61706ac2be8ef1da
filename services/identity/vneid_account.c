/*
 * Whose account: the one this TechID is known by, else the one of the number, else a new one. What
 * VNeID says of level and person makes an account verified (indicator 4.5).
 */
#include <string.h>

#include "common/date.h"
#include "common/ident.h"
#include "common/json.h"
#include "common/password.h"
#include "common/text.h"

#include "vneid.h"

struct vneid_person {
    const char *tech_id;
    char number[MC_CCCD_SIZE];
    char name[MC_NAME_SIZE];
    char birth[MC_DATE_SIZE];
    unsigned ial;
};

static unsigned ial_of(const struct mc_json *claims)
{
    int64_t number = 0;
    const char *text = mc_json_text(claims, "IAL");

    if (text != NULL && text[0] >= '1' && text[0] <= '3' && text[1] == '\0')
        number = text[0] - '0';
    else
        (void)mc_json_number(claims, "IAL", &number);
    return number >= 1 && number <= OIDC_LEVEL_MAX ? (unsigned)number : 0;
}

static bool is_citizen(const struct mc_json *claims)
{
    const char *text = mc_json_text(claims, "LoaiTaiKhoan");
    int64_t number = 0;

    if (text != NULL)
        return strcmp(text, "1") == 0;
    return mc_json_number(claims, "LoaiTaiKhoan", &number) && number == 1;
}

static bool read_person(const struct mc_json *claims, struct vneid_person *person)
{
    const char *number = mc_json_text(claims, "SoDinhDanh");
    const char *name = mc_json_text(claims, "HoVaTen");
    const char *birth = mc_json_text(claims, "NgayThangNamSinh");
    enum mc_identity_kind kind = MC_IDENTITY_NONE;
    struct mc_date date;

    person->tech_id = mc_json_text(claims, "TechID");
    person->ial = ial_of(claims);
    if (person->tech_id == NULL || person->tech_id[0] == '\0' ||
        strlen(person->tech_id) > VNEID_TEXT_MAX || person->ial == 0 || number == NULL ||
        name == NULL || birth == NULL)
        return false;
    if (mc_identity_parse(number, person->number, sizeof person->number, &kind) != MC_WHY_OK ||
        kind != MC_IDENTITY_CCCD || mc_birth_parse(birth, &date) != MC_WHY_OK)
        return false;
    mc_date_format(person->birth, sizeof person->birth, date);
    return mc_text_clean(person->name, sizeof person->name, name) == MC_OK &&
           mc_name_check(person->name) == MC_WHY_OK;
}

static void emit_opened(struct mc_txn *txn, struct mc_bytes id, const struct vneid_person *person)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *keys[] = {identity_key(txn, "account", id), NULL};

    opened.account_id = identity_uuid(txn, id);
    opened.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    opened.ial = person->ial;
    opened.full_name = mc_unconst(person->name);
    opened.login_id = mc_unconst(person->number);
    opened.birth_date = mc_unconst(person->birth);
    opened.verified_by = mc_unconst("VNEID");
    mc_emit(txn, "identity.account_opened", &opened.base, MC_SEALED, keys);
}

static struct mc_bytes open_account(struct mc_txn *txn, const struct vneid_person *said,
                                    struct mc_bytes index, struct mc_bytes tech)
{
    IdentityState__Account account = IDENTITY_STATE__ACCOUNT__INIT;
    IdentityState__Person person = IDENTITY_STATE__PERSON__INIT;
    struct mc_bytes id = mc_new_id(txn);

    person.login_id = mc_unconst(said->number);
    person.full_name = mc_unconst(said->name);
    person.birth_date = mc_unconst(said->birth);
    account.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    account.ial = said->ial;
    account.method = mc_unconst(IDENTITY_VNEID_METHOD);
    account.person = identity_person_seal(txn, &person);
    account.login_index = identity_data(index);
    account.password_hash = mc_seal_text(txn, mc_password_dummy_hash); /* no password fits */
    account.verified_at_ms = txn->now_ms;
    account.verified_by = mc_unconst("VNEID");
    account.vneid_tech = identity_data(tech);
    identity_account_open(txn, id, &account);
    emit_opened(txn, id, said);
    return id;
}

/* Linked once; the level may rise, never fall, by what VNeID says. */
static void link_account(struct mc_txn *txn, struct mc_bytes id, IdentityState__Account *account,
                         const struct vneid_person *said, struct mc_bytes tech)
{
    struct identity_change change;

    if (!identity_change_begin(txn, id, account, &change))
        return;
    if (account->verified_at_ms == 0) {
        account->verified_at_ms = txn->now_ms;
        account->verified_by = mc_unconst("VNEID");
    }
    account->ial = MC_MAX(account->ial, said->ial);
    account->vneid_tech = identity_data(tech);
    mc_save(txn, IDENTITY_ACCOUNTS, id, &account->base);
    identity_change_save(txn, &change, IDENTITY_BY_SYSTEM, "Đăng nhập bằng VNeID");
}

/* Who has an account signs in; a new one opens only while the table of methods says so (REG-05). */
static bool may_open(const struct identity *identity, int64_t now_ms)
{
    return identity_method_is_open(identity_method_find(identity, IDENTITY_VNEID_METHOD),
                                   IDENTITY__SUBJECT_KIND__CITIZEN, now_ms);
}

static bool is_same(struct mc_bytes a, struct mc_bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

const char *vneid_account(const struct identity *identity, struct mc_txn *txn,
                          const struct mc_json *claims, IdentityState__VneidLogin *login)
{
    struct vneid_person said = {0};
    struct mc_bytes by_tech = {0};
    struct mc_bytes by_number = {0};

    if (!is_citizen(claims))
        return "VNEID_KIND";
    if (!read_person(claims, &said))
        return "VNEID_WRONG";
    struct mc_bytes tech = mc_blind(txn, "vneid_tech", said.tech_id);
    struct mc_bytes index = identity_login_index(txn, said.number);
    bool known_tech = mc_get(txn, IDENTITY_VNEID_INDEX, tech, &by_tech);
    bool known_number = identity_account_find(txn, index, &by_number);
    struct mc_bytes id = known_number ? by_number : by_tech;
    IdentityState__Account *account = identity_account_load(txn, id);

    if ((known_tech && known_number && !is_same(by_tech, by_number)) ||
        (known_tech && !known_number) ||
        (account != NULL && account->vneid_tech.len != 0 &&
         !is_same(mc_key_bytes(account->vneid_tech), tech))) {
        vneid_emit(txn, "identity.vneid_alarm", id, "VNEID_TECHID_OTHER");
        return "VNEID_TECHID_OTHER";
    }
    if (account == NULL && !may_open(identity, txn->now_ms))
        return "METHOD_NOT_OPEN";
    bool linked = account != NULL && account->vneid_tech.len != 0;
    if (account == NULL)
        id = open_account(txn, &said, index, tech);
    else if (!linked || account->ial < said.ial)
        link_account(txn, id, account, &said, tech);
    if (!linked) {
        mc_put(txn, IDENTITY_VNEID_INDEX, tech, id);
        vneid_emit(txn, "identity.vneid_linked", id, "");
    }
    login->account = identity_data(id);
    return NULL;
}
