/*
 * Certificates are issued once and never changed: the proof is kept as it was signed, so that it is
 * known for genuine also when the room signs with another key.
 *
 *     certified: 'a', partner id, NUL, API type, NUL, "live" or "test" -> certificate id
 *                'n', number                                           -> certificate id
 *                'p', hash of the proof                                -> certificate id
 */
#include "certificate.h"

#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/proof.h"

static struct mc_bytes key_of(struct mc_txn *txn, const char *list, struct mc_bytes what)
{
    return mc_key_join(txn, mc_key_text(list), what);
}

static struct mc_bytes find(struct mc_txn *txn, struct mc_bytes key)
{
    struct mc_bytes id = {0};

    return mc_get(txn, PARTNER_CERTIFIED, key, &id) && id.len == MC_ID_LEN
               ? mc_keep(txn, id.data, id.len)
               : (struct mc_bytes){0};
}

struct mc_bytes partner_certificate_numbered(struct mc_txn *txn, const char *number)
{
    return find(txn, key_of(txn, "n", mc_key_text(number)));
}

static struct mc_bytes proof_key(struct mc_txn *txn, struct mc_bytes proof)
{
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, proof);
    return key_of(txn, "p", (struct mc_bytes){hash, sizeof hash});
}

struct mc_bytes partner_certificate_proved(struct mc_txn *txn, struct mc_bytes proof)
{
    return find(txn, proof_key(txn, proof));
}

Partner__IntegrationCertificate *partner_certificate_load(struct mc_txn *txn, struct mc_bytes id)
{
    const PartnerState__Certificate *record =
        id.len == MC_ID_LEN
            ? mc_load(txn, PARTNER_CERTIFICATES, id, &partner_state__certificate__descriptor)
            : NULL;

    return record != NULL
               ? partner_unpack(txn, record->told, &partner__integration_certificate__descriptor)
               : NULL;
}

static bool is_of(const Partner__Contract *told, const Partner__IntegrationCertificate *certificate)
{
    return told->state == PARTNER__CONTRACT_STATE__CONTRACT_HOLDS &&
           strcmp(told->api_type, certificate->api_type) == 0 &&
           (strcmp(told->partner_id, certificate->partner_id) == 0 ||
            strcmp(told->dstcode, certificate->dstcode) == 0);
}

/* The contract tests of this API that hold at present. */
static void add_contracts(struct mc_txn *txn, Partner__IntegrationCertificate *certificate)
{
    struct mc_bytes prefix = mc_unit_index_prefix(txn, "contract", certificate->unit);
    struct mc_cursor cursor =
        mc_seek(txn, PARTNER_BY_UNIT, prefix, (struct mc_bytes){0}, MC_BACKWARD);

    certificate->contract_ids =
        mc_alloc(txn->arena, PARTNER_CERTIFICATE_CONTRACTS_MAX * sizeof(ProtobufCBinaryData));
    if (certificate->contract_ids == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (unsigned n = 0; n < PARTNER_CERTIFICATE_CONTRACT_ROWS &&
                         certificate->n_contract_ids < PARTNER_CERTIFICATE_CONTRACTS_MAX &&
                         mc_next(&cursor) && cursor.key.len == prefix.len + MC_ID_LEN;
         n++) {
        struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor.key.data + prefix.len, MC_ID_LEN);
        Partner__Contract *told = NULL;

        if (partner_contract_load(txn, id, &told) != NULL && is_of(told, certificate))
            certificate->contract_ids[certificate->n_contract_ids++] = told->contract_id;
    }
}

static char *proof_of(const struct partner *partner, struct mc_txn *txn,
                      const Partner__IntegrationCertificate *certificate)
{
    Partner__CertificateProof proof = PARTNER__CERTIFICATE_PROOF__INIT;

    proof.number = certificate->number;
    proof.partner_id = certificate->partner_id;
    proof.dstcode = certificate->dstcode;
    proof.unit = certificate->unit;
    proof.api_type = certificate->api_type;
    proof.production = certificate->production;
    proof.contract_ids = certificate->contract_ids;
    proof.n_contract_ids = certificate->n_contract_ids;
    proof.order_id = certificate->order_id;
    proof.delivery_id = certificate->delivery_id;
    proof.issued_at_s = certificate->issued_at_ms / 1000;
    return mc_proof_make(txn->arena, partner->sign_secret, PARTNER_CERTIFICATE_KIND,
                         mc_key_bytes(partner_pack(txn, &proof.base)));
}

/* «CNTH» (chứng nhận tích hợp), the year, and a number without gaps in it. */
static char *number_next(struct mc_txn *txn)
{
    const int year = mc_date_from_ms(txn->now_ms).year;
    const char *counter = mc_sprintf(txn->arena, "certificate:%04d", year);

    if (counter == NULL)
        return NULL;
    return mc_sprintf(txn->arena, "CNTH-%04d-%06llu", year,
                      (unsigned long long)mc_count(txn, counter));
}

static void keep(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes api_key,
                 const Partner__IntegrationCertificate *certificate)
{
    PartnerState__Certificate record = PARTNER_STATE__CERTIFICATE__INIT;

    record.told = partner_pack(txn, &certificate->base);
    mc_save(txn, PARTNER_CERTIFICATES, id, &record.base);
    mc_put(txn, PARTNER_CERTIFIED, api_key, id);
    mc_put(txn, PARTNER_CERTIFIED, key_of(txn, "n", mc_key_text(certificate->number)), id);
    mc_put(txn, PARTNER_CERTIFIED, proof_key(txn, mc_key_text(certificate->proof)), id);
    mc_unit_index_put(txn, PARTNER_BY_UNIT, "certificate", certificate->unit, id);
}

static void tell(struct mc_txn *txn, const Partner__IntegrationCertificate *certificate)
{
    Partner__CertificateIssued told = PARTNER__CERTIFICATE_ISSUED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "partner:%s", certificate->partner_id),
                          mc_sprintf(txn->arena, "certificate:%s", certificate->number),
                          mc_sprintf(txn->arena, "dossier:%s", certificate->dossier_code), NULL};

    if (keys[0] == NULL || keys[1] == NULL || keys[2] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    told.number = certificate->number;
    told.partner_id = certificate->partner_id;
    told.unit = certificate->unit;
    told.dstcode = certificate->dstcode;
    told.api_type = certificate->api_type;
    told.api_name = certificate->api_name;
    told.production = certificate->production;
    told.order_id = certificate->order_id;
    told.delivery_id = certificate->delivery_id;
    told.dossier_code = certificate->dossier_code;
    told.notice = certificate->notice;
    mc_emit(txn, "partner.certificate_issued", &told.base, MC_PLAIN, keys);
}

static void fill(const struct partner *partner, struct mc_txn *txn, struct mc_bytes delivery_id,
                 const PartnerState__Delivery *delivery, const PartnerState__Partner *record,
                 Partner__IntegrationCertificate *certificate)
{
    const struct partner_goods *what = partner_goods_of((Partner__DeliveryKind)delivery->kind);
    const struct partner_type *type = partner_type_find(&partner->book, what->api_type);

    certificate->partner_id = delivery->partner_id;
    certificate->partner_name = record->name;
    certificate->dstcode = record->dstcode;
    certificate->unit = record->unit;
    certificate->api_type = mc_unconst(what->api_type);
    certificate->api_name = mc_unconst(type != NULL ? type->name : "");
    certificate->production = record->production;
    certificate->order_id = delivery->order_id;
    certificate->delivery_id = (ProtobufCBinaryData){delivery_id.len, mc_unconst(delivery_id.data)};
    certificate->dossier_code = delivery->object;
    certificate->notice = delivery->notice;
    certificate->issued_at_ms = txn->now_ms;
}

static struct mc_bytes api_key_of(struct mc_txn *txn,
                                  const Partner__IntegrationCertificate *certificate)
{
    struct mc_bytes id = {certificate->partner_id, strlen(certificate->partner_id) + 1};
    struct mc_bytes type = {certificate->api_type, strlen(certificate->api_type) + 1};
    const char *kind = certificate->production ? "live" : "test";

    return key_of(txn, "a", mc_key_join(txn, id, mc_key_join(txn, type, mc_key_text(kind))));
}

void partner_certificate_issue(const struct partner *partner, struct mc_txn *txn,
                               struct mc_bytes delivery_id, const PartnerState__Delivery *delivery)
{
    Partner__IntegrationCertificate certificate = PARTNER__INTEGRATION_CERTIFICATE__INIT;
    const PartnerState__Partner *record = partner_load(txn, delivery->partner_id);

    if (record == NULL)
        return;
    fill(partner, txn, delivery_id, delivery, record, &certificate);
    struct mc_bytes api_key = api_key_of(txn, &certificate);
    if (find(txn, api_key).len > 0)
        return;
    add_contracts(txn, &certificate);
    certificate.number = number_next(txn);
    if (txn->status != MC_OK)
        return;
    certificate.proof = certificate.number != NULL ? proof_of(partner, txn, &certificate) : NULL;
    if (certificate.proof == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    keep(txn, mc_new_id(txn), api_key, &certificate);
    tell(txn, &certificate);
}
