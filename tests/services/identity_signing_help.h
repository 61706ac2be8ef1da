/* Authorities, holders and a responder for the tests of signing, and its steps. */
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include "../common/cert_help.h"
#include "identity_help.h"
#include "services/identity/signing.h"

#define MST      "9900000016"
#define MNS      "1047665"
#define DAY_MS   (24LL * 60 * MINUTE_MS)
#define OCSP_URL "http://ocsp.test/"
#define CRL_URL  "http://crl.test/1.crl"

/* Made once: each test's room trusts them by file. */
static struct {
    char public_file[64];
    char government_file[64];
    struct cert_party root;
    struct cert_party government;
    struct cert_party responder;
    struct cert_party citizen;
    struct cert_party enterprise;
    struct cert_party agency;
    struct cert_party officer; /* a person, by the Government's authority */
} world;

static inline struct cert_party holder_of(const struct cert_party *issuer, const char *name,
                                          const char *uid, const char *other_uid)
{
    struct cert_spec spec = cert_holder(issuer, HARNESS_T0);

    spec.parts[0] = (struct cert_part){.oid = CERT_UID, .value = uid};
    spec.parts[1] = (struct cert_part){.oid = "CN", .value = name};
    if (other_uid != NULL)
        spec.parts[2] = (struct cert_part){.oid = CERT_UID, .value = other_uid};
    spec.places = "OCSP;URI:" OCSP_URL;
    spec.lists = "URI:" CRL_URL;
    return cert_make(&spec);
}

static inline void file_of(char path[64], const struct cert_party *root)
{
    (void)snprintf(path, 64, "/tmp/motcua-signing-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    cert_write(path, (const struct cert_party *const[]){root, NULL});
}

static inline int open_signing_world(void **state)
{
    (void)state;
    world.root = cert_authority("Thử nghiệm-CA", NULL, HARNESS_T0);
    world.government = cert_authority("Co quan chung thuc so thu nghiem", NULL, HARNESS_T0);
    file_of(world.public_file, &world.root);
    file_of(world.government_file, &world.government);
    struct cert_spec spec = cert_holder(&world.root, HARNESS_T0);
    spec.name = "Responder";
    spec.purposes = "OCSPSigning";
    world.responder = cert_make(&spec);
    world.citizen =
        holder_of(&world.root, "NGUYỄN THỊ HOÀ BÌNH", "CCCD:" BINH_ID, "CMND:012345678");
    world.enterprise = holder_of(&world.root, "CÔNG TY CỔ PHẦN THỬ NGHIỆM", "MST:" MST, NULL);
    world.agency = holder_of(&world.government, "UBND xã Bến Cầu", "MNS:" MNS, "MST:9900000023");
    world.officer = holder_of(&world.government, "NGUYỄN THỊ HOÀ BÌNH", "CCCD:" BINH_ID, NULL);
    return 0;
}

static inline int close_signing_world(void **state)
{
    (void)state;
    struct cert_party *all[] = {&world.root,    &world.government, &world.responder,
                                &world.citizen, &world.enterprise, &world.agency,
                                &world.officer};

    for (size_t i = 0; i < MC_LEN(all); i++)
        cert_free(all[i]);
    (void)unlink(world.public_file);
    (void)unlink(world.government_file);
    return 0;
}

static inline struct harness *open_signing_room_of(const struct mc_room *room, const char *more)
{
    static const char carrier_url[] = "identity.carrier_url=" CARRIER_URL;
    static char public_set[128];
    static char government_set[128];
    const char *settings[] = {carrier_url,
                              public_set,
                              government_set,
                              "identity.sim_url=https://sim.test/signatures",
                              "identity.remote_url=https://smartca.test/signatures",
                              more,
                              NULL};

    (void)snprintf(public_set, sizeof public_set, "identity.trust_public=%s", world.public_file);
    (void)snprintf(government_set, sizeof government_set, "identity.trust_government=%s",
                   world.government_file);
    return harness_open(room, settings);
}

static inline int open_signing_room(void **state)
{
    if (mc_arena_init(&kept, 8 << 20) != MC_OK)
        return -1;
    *state = open_signing_room_of(&identity_room, NULL);
    return 0;
}

static inline Identity__StartSigningRequest start_of(Identity__SigningPurpose purpose,
                                                     Identity__SubjectKind kind)
{
    Identity__StartSigningRequest request = IDENTITY__START_SIGNING_REQUEST__INIT;

    request.purpose = purpose;
    request.method = text("USB_TOKEN");
    request.subject_kind = kind;
    return request;
}

static inline const Identity__Signing *begin(struct harness *h, Identity__SigningPurpose purpose,
                                             Identity__SubjectKind kind)
{
    Identity__StartSigningRequest request = start_of(purpose, kind);

    return harness_call(h, "StartSigning", &request.base, MC_OK);
}

static inline struct mc_bytes signature_by(const struct cert_party *holder, struct mc_bytes over)
{
    return cert_sign(&kept, &(struct cert_signing){.signer = holder, .flags = CMS_DETACHED}, over);
}

static inline const Identity__Signing *submit(struct harness *h, ProtobufCBinaryData id,
                                              struct mc_bytes signature)
{
    Identity__SubmitSignatureRequest request = IDENTITY__SUBMIT_SIGNATURE_REQUEST__INIT;

    request.signing_id = id;
    request.signature = identity_data(signature);
    return harness_call(h, "SubmitSignature", &request.base, MC_OK);
}

static inline const Identity__Signing *signing(struct harness *h, ProtobufCBinaryData id)
{
    Identity__GetSigningRequest request = IDENTITY__GET_SIGNING_REQUEST__INIT;

    request.signing_id = id;
    return harness_call(h, "GetSigning", &request.base, MC_OK);
}

/* The responder answers what it was asked, with its nonce. */
static inline void responder_says(struct harness *h, const struct cert_party *issuer,
                                  const struct cert_party *signer, const struct cert_party *about,
                                  int status)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "cert.ocsp", &exchange));
    assert_string_equal(exchange.http.url, OCSP_URL);
    assert_string_equal(exchange.http.content_type, "application/ocsp-request");
    const unsigned char *at = exchange.http.body.data;
    OCSP_REQUEST *asked = d2i_OCSP_REQUEST(NULL, &at, (long)exchange.http.body.len);
    assert_non_null(asked);
    X509_EXTENSION *nonce =
        OCSP_REQUEST_get_ext(asked, OCSP_REQUEST_get_ext_by_NID(asked, NID_id_pkix_OCSP_Nonce, -1));
    struct cert_answer says = {
        .signer = signer,
        .about = about,
        .issuer = issuer,
        .status = status,
        .this_ms = harness_now(h) - MINUTE_MS,
        .next_ms = harness_now(h) + MINUTE_MS,
        .nonce = ASN1_STRING_get0_data(X509_EXTENSION_get_data(nonce)) + 2,
    };
    const struct mc_result result = {
        .outcome = MC_HTTP_ANSWERED, .http_status = 200, .body = cert_ocsp(&kept, &says)};
    OCSP_REQUEST_free(asked);
    harness_result(h, &exchange, &result);
}

static inline void responder_is_good(struct harness *h, const struct cert_party *holder)
{
    bool government = holder == &world.agency || holder == &world.officer;

    responder_says(h, government ? &world.government : &world.root,
                   government ? &world.government : &world.responder, holder,
                   V_OCSP_CERTSTATUS_GOOD);
}

/* From the text to an accepted signature; returns the signing's id. */
static inline ProtobufCBinaryData sign_as(struct harness *h, const struct cert_party *holder,
                                          const Identity__StartSigningRequest *request)
{
    const Identity__Signing *begun = harness_call(h, "StartSigning", &request->base, MC_OK);
    const Identity__Signing *sent =
        submit(h, begun->signing_id, signature_by(holder, mc_key_bytes(begun->text)));

    assert_int_equal(sent->state, IDENTITY__SIGNING_STATE__SIGNING_CHECKING);
    responder_is_good(h, holder);
    assert_int_equal(signing(h, begun->signing_id)->state,
                     IDENTITY__SIGNING_STATE__SIGNING_ACCEPTED);
    return begun->signing_id;
}

static inline ProtobufCBinaryData sign_for(struct harness *h, const struct cert_party *holder,
                                           Identity__SigningPurpose purpose,
                                           Identity__SubjectKind kind)
{
    Identity__StartSigningRequest request = start_of(purpose, kind);

    return sign_as(h, holder, &request);
}

static inline Identity__RegisterByCertificateRequest agree(ProtobufCBinaryData id)
{
    Identity__RegisterByCertificateRequest request =
        IDENTITY__REGISTER_BY_CERTIFICATE_REQUEST__INIT;

    request.signing_id = id;
    request.email = text("ben.cau@example.vn");
    request.consent_version = text("2026-01");
    return request;
}

static inline const Identity__RegisterByCertificateReply *
register_as(struct harness *h, const struct cert_party *holder, Identity__SubjectKind kind)
{
    Identity__RegisterByCertificateRequest request =
        agree(sign_for(h, holder, IDENTITY__SIGNING_PURPOSE__SIGN_REGISTER, kind));

    return harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
}

static inline const Identity__SessionReply *
login_as(struct harness *h, const struct cert_party *holder, Identity__SubjectKind kind)
{
    Identity__LoginByCertificateRequest request = IDENTITY__LOGIN_BY_CERTIFICATE_REQUEST__INIT;

    request.signing_id = sign_for(h, holder, IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN, kind);
    return harness_call(h, "LoginByCertificate", &request.base, MC_OK);
}
