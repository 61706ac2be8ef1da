/*
 * Feedback: phản ánh, kiến nghị of people (SYS-21), and questions. The glossary's word for the
 * formal kind is petition.
 *
 * An agency has working days for each thing, after the indicators of QĐ 766/QĐ-TTg (item
 * PETITION_PROCESSING_ON_TIME): to refuse, to ask for more, to answer, to publish. What is late is
 * done all the same, and counted.
 */
#pragma once

#include "identity.pb-c.h"

#include "support.h"

enum {
    SUPPORT_REFUSE_DAYS = 2,
    SUPPORT_ASK_DAYS = 5,
    SUPPORT_PROCESS_DAYS = 15,
    SUPPORT_PUBLISH_DAYS = 2,
    SUPPORT_KEY_LEN = 16, /* bytes, of who has no session */
    SUPPORT_ANSWER_CHARS_MAX = 4000,
    SUPPORT_ADDRESS_CHARS_MAX = 300,
    SUPPORT_RATING_MAX = 5,
    SUPPORT_SATISFIED = 4, /* from this rating on */
    SUPPORT_SUM_MONTHS_MAX = 36,
};

#define SUPPORT_RIGHT_FEEDBACK "FEEDBACK_PROCESS" /* identity's catalogue of rights */

/* Bits, so that a row names all who may. */
enum support_feedback_actor {
    SUPPORT_FEEDBACK_SENDER = 1 << 0,
    SUPPORT_FEEDBACK_OFFICER = 1 << 1, /* of the unit it is for, or above it; an operator */
    SUPPORT_FEEDBACK_MEMBER = 1 << 2,  /* the member's own system */
};

struct support_feedback_stage {
    unsigned from;
    unsigned to;
    unsigned actors;
    bool text;    /* words are needed */
    bool forward; /* only with another unit */
    int days;     /* working days it is on time in, since the unit's time began; 0: any */
};

/* feedback_stages.c, pure. NULL: no such step, or not by him. */
const struct support_feedback_stage *support_feedback_stage_find(Support__FeedbackState from,
                                                                 Support__FeedbackState to,
                                                                 unsigned actors, bool forward);
const struct support_feedback_stage *support_feedback_stages(size_t *ret_len);
const char *support_feedback_state_name(Support__FeedbackState state);
bool support_feedback_is_final(Support__FeedbackState state);

/* feedback.c: one in the hand. */
struct support_feedback {
    SupportState__Feedback *record;
    struct mc_bytes id;
    unsigned actor; /* enum support_feedback_actor */
    unsigned was;
    const char *was_unit;
};
/* By id or code; the key is that of who has no session. Refused as not found for all others. */
mc_nodiscard bool support_feedback_open(const struct support *support, struct mc_txn *txn,
                                        ProtobufCBinaryData id, const char *code, const char *key,
                                        struct support_feedback *ret_feedback);
/* For a member's system, which acts for `unit`: of it or below. */
mc_nodiscard bool support_feedback_open_member(struct mc_txn *txn, const char *unit,
                                               const char *code,
                                               struct support_feedback *ret_feedback);
mc_nodiscard bool support_feedback_check_version(struct mc_txn *txn,
                                                 const struct support_feedback *feedback,
                                                 uint64_t version);
/* A step of the table, with its clock and its sums; `unit` not NULL: forwarded to it. */
mc_nodiscard bool support_feedback_step(const struct support *support, struct mc_txn *txn,
                                        struct support_feedback *feedback,
                                        Support__FeedbackState to, const char *text,
                                        const char *unit, const char *unit_name);
void support_feedback_save(const struct support *support, struct mc_txn *txn,
                           struct support_feedback *feedback, const char *event);
void support_feedback_show(const struct support *support, struct mc_txn *txn,
                           const struct support_feedback *feedback, Support__Feedback *rep);
/* A new one, received now; its fields are set, its words indexed. */
void support_feedback_begin(const struct support *support, struct mc_txn *txn,
                            struct support_feedback *feedback, const char *title);
void support_feedback_overdue(struct mc_txn *txn, struct mc_bytes id);
/* By when the next thing must be done; 0: nothing. */
int64_t support_feedback_due(const struct support *support, const SupportState__Feedback *record);
struct mc_bytes support_feedback_key_hash(struct mc_txn *txn, const char *key);
Support__FeedbackRow **support_feedback_rows(const struct support *support, struct mc_txn *txn,
                                             const struct support_found *found);

/* feedback_who.c */
bool support_feedback_is_officer(const struct support *support, const struct mc_txn *txn,
                                 const char *unit);
/* An agency's code as it is compared; "" with the call refused. */
char *support_feedback_unit(struct mc_txn *txn, const char *field, const char *text);
/* The unit asked for, or all the caller may see; NULL: refused. */
const char *support_feedback_scope(const struct support *support, struct mc_txn *txn,
                                   const char *text);

/* captcha.c: of who has no session, unless support.feedback_captcha is off. `check` refuses the
 * call when it does not hold, and spends what does. NULL: the call has failed. */
char *support_captcha_make(const struct support *support, struct mc_txn *txn,
                           int64_t *ret_expires_ms);
bool support_captcha_needed(const struct support *support, const struct mc_txn *txn);
void support_captcha_check(const struct support *support, struct mc_txn *txn, const char *solved);

/* accounts_merged.c */
bool support_feedback_is_owned(struct mc_txn *txn, const SupportState__Feedback *record,
                               const char *account);
enum mc_status support_accounts_merged(struct support *support, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body);
enum mc_status support_accounts_unmerged(struct support *support, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body);

/* feedback_sums.c: counters by unit and all above it, and month. */
enum support_sum {
    SUPPORT_SUM_RECEIVED,
    SUPPORT_SUM_ENDED,
    SUPPORT_SUM_ON_TIME,
    SUPPORT_SUM_REFUSED,
    SUPPORT_SUM_PUBLISHED,
    SUPPORT_SUM_RATED,
    SUPPORT_SUM_SATISFIED,
};
void support_sum_add(struct mc_txn *txn, const char *unit, enum support_sum what);

/* feedback_member.c: what members are told of changes, by sequence. */
void support_feedback_sync(struct mc_txn *txn, struct support_feedback *feedback);

/* Handlers. */
enum mc_status support_send_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__SendFeedbackRequest *req,
                                     Support__Feedback *rep);
enum mc_status support_get_captcha(struct support *support, struct mc_txn *txn,
                                   const Support__GetCaptchaRequest *req,
                                   Support__GetCaptchaReply *rep);
enum mc_status support_get_feedback(struct support *support, struct mc_txn *txn,
                                    const Support__GetFeedbackRequest *req, Support__Feedback *rep);
enum mc_status support_list_my_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__ListMyFeedbackRequest *req,
                                        Support__ListFeedbackReply *rep);
enum mc_status support_search_feedback(struct support *support, struct mc_txn *txn,
                                       const Support__SearchFeedbackRequest *req,
                                       Support__ListFeedbackReply *rep);
enum mc_status support_move_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__MoveFeedbackRequest *req,
                                     Support__Feedback *rep);
enum mc_status support_publish_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__PublishFeedbackRequest *req,
                                        Support__Feedback *rep);
enum mc_status support_search_published(struct support *support, struct mc_txn *txn,
                                        const Support__SearchPublishedRequest *req,
                                        Support__SearchPublishedReply *rep);
enum mc_status support_rate_feedback(struct support *support, struct mc_txn *txn,
                                     const Support__RateFeedbackRequest *req,
                                     Support__Feedback *rep);
enum mc_status support_sum_feedback(struct support *support, struct mc_txn *txn,
                                    const Support__SumFeedbackRequest *req,
                                    Support__SumFeedbackReply *rep);
enum mc_status support_list_for_partner(struct support *support, struct mc_txn *txn,
                                        const Support__ListForPartnerRequest *req,
                                        Support__ListForPartnerReply *rep);
enum mc_status support_get_answer(struct support *support, struct mc_txn *txn,
                                  const Support__GetAnswerRequest *req,
                                  Support__PartnerFeedback *rep);
enum mc_status support_receive_answer(struct support *support, struct mc_txn *txn,
                                      const Support__ReceiveAnswerRequest *req,
                                      Support__PartnerFeedback *rep);
enum mc_status support_receive_feedback(struct support *support, struct mc_txn *txn,
                                        const Support__ReceiveFeedbackRequest *req,
                                        Support__PartnerFeedback *rep);
