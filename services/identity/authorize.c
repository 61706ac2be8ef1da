/*
 * Authorize: a portal sends a browser here to sign in (RFC 6749 4.1.1 with PKCE, OpenID Connect
 * Core 3.1.2.1). Until client and address are known to be right nothing goes back to anybody:
 * a refusal is then a page of ours. After that a wrong request is the portal's to hear.
 */
#include <string.h>

#include "oidc.h"

enum { MAX_AGE_DIGITS = 9, WORDS_MAX = 16, WORD_SIZE = 48 };

enum prompt { PROMPT_NONE = 1, PROMPT_LOGIN = 2, PROMPT_CONSENT = 4 };

struct wish {
    unsigned prompt;
    int64_t max_age; /* seconds; -1: not said */
    unsigned level;
    char *scopes[OIDC_SCOPES_LEN];
    size_t scopes_len;
};

/* The next of a list of words with spaces between; false: no more, or one that is too long. */
static bool next_word(const char **at, char word[WORD_SIZE])
{
    const char *start = *at + strspn(*at, " ");
    size_t len = strcspn(start, " ");

    *at = start + len;
    if (len == 0)
        return false;
    memcpy(word, start, MC_MIN(len, (size_t)WORD_SIZE - 1));
    word[MC_MIN(len, (size_t)WORD_SIZE - 1)] = '\0';
    return true;
}

/* Scopes that we do not know, or that this client may not ask for, are left out (RFC 6749 3.3). */
static void read_scopes(const Identity__AuthorizeRequest *req, const IdentityState__Client *client,
                        struct wish *wish)
{
    for (size_t i = 0; i < OIDC_SCOPES_LEN; i++) {
        const char *at = req->scope;
        char word[WORD_SIZE];
        bool allowed = i == 0 || oidc_scope_has(client->scopes, client->n_scopes, oidc_scopes[i]);
        while (allowed && next_word(&at, word))
            if (strcmp(word, oidc_scopes[i]) == 0) {
                wish->scopes[wish->scopes_len++] = mc_unconst(oidc_scopes[i]);
                break;
            }
    }
}

static bool read_prompt(const char *prompt, struct wish *wish)
{
    char word[WORD_SIZE];

    while (next_word(&prompt, word)) {
        if (strcmp(word, "none") == 0)
            wish->prompt |= PROMPT_NONE;
        else if (strcmp(word, "login") == 0 || strcmp(word, "select_account") == 0)
            wish->prompt |= PROMPT_LOGIN;
        else if (strcmp(word, "consent") == 0)
            wish->prompt |= PROMPT_CONSENT;
        else
            return false;
    }
    return (wish->prompt & PROMPT_NONE) == 0 || wish->prompt == PROMPT_NONE;
}

static bool read_max_age(const char *text, struct wish *wish)
{
    size_t len = strspn(text, "0123456789");

    wish->max_age = -1;
    if (text[0] == '\0')
        return true;
    if (text[len] != '\0' || len > MAX_AGE_DIGITS)
        return false;
    wish->max_age = 0;
    for (size_t i = 0; i < len; i++)
        wish->max_age = wish->max_age * 10 + (text[i] - '0');
    return true;
}

/* LoA1 … LoA3, IAL1 … IAL3: the least one named will do. Others are not ours to judge. */
static void read_levels(const char *values, struct wish *wish)
{
    char word[WORD_SIZE];

    while (next_word(&values, word)) {
        bool known = strlen(word) == 4 &&
                     (strncmp(word, "LoA", 3) == 0 || strncmp(word, "IAL", 3) == 0) &&
                     word[3] >= '1' && word[3] <= '0' + OIDC_LEVEL_MAX;
        unsigned level = known ? (unsigned)(word[3] - '0') : 0;
        if (known && (wish->level == 0 || level < wish->level))
            wish->level = level;
    }
}

static bool is_challenge(const char *text)
{
    return strlen(text) == OIDC_CHALLENGE_LEN &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               OIDC_CHALLENGE_LEN;
}

struct fault {
    const char *error;
    const char *description;
};

static struct fault judge(const Identity__AuthorizeRequest *req,
                          const IdentityState__Client *client, struct wish *wish)
{
    if (req->has_request)
        return (struct fault){"request_not_supported", "request objects are not taken"};
    if (strcmp(req->response_type, "code") != 0)
        return (struct fault){req->response_type[0] == '\0' ? "invalid_request"
                                                            : "unsupported_response_type",
                              "response_type must be code"};
    if (req->response_mode[0] != '\0' && strcmp(req->response_mode, "query") != 0)
        return (struct fault){"invalid_request", "response_mode must be query"};
    if (strcmp(req->code_challenge_method, "S256") != 0 || !is_challenge(req->code_challenge))
        return (struct fault){"invalid_request", "PKCE with S256 is needed"};
    if (strlen(req->nonce) > OIDC_NONCE_MAX)
        return (struct fault){"invalid_request", "nonce is too long"};
    if (!read_prompt(req->prompt, wish))
        return (struct fault){"invalid_request", "prompt is not understood"};
    if (!read_max_age(req->max_age, wish))
        return (struct fault){"invalid_request", "max_age is not a number of seconds"};
    if (strlen(req->scope) > OIDC_SCOPE_MAX)
        return (struct fault){"invalid_scope", "scope is too long"};
    read_scopes(req, client, wish);
    if (wish->scopes_len == 0 || strcmp(wish->scopes[0], "openid") != 0)
        return (struct fault){"invalid_scope", "scope must contain openid"};
    read_levels(req->acr_values, wish);
    return (struct fault){0};
}

static int64_t signed_in_after(const struct mc_txn *txn, const struct wish *wish)
{
    if ((wish->prompt & PROMPT_LOGIN) != 0)
        return txn->now_ms;
    return wish->max_age >= 0 ? txn->now_ms - wish->max_age * 1000 : 0;
}

static void go_on(const struct identity *identity, struct mc_txn *txn,
                  const Identity__AuthorizeRequest *req, const IdentityState__Client *client,
                  const struct wish *wish, IdentityState__Authorization *record,
                  Identity__AuthorizeReply *rep)
{
    struct oidc_browser browser;
    struct oidc_authorization at = {mc_new_id(txn), record, client};
    bool known = oidc_browser_find(txn, req->browser, &browser);
    const char *cookie = req->browser;

    if (!known) { /* not a cookie that anybody might have planted */
        rep->browser = oidc_secret_make(txn);
        cookie = rep->browser;
    }
    record->challenge = req->code_challenge;
    record->nonce = req->nonce;
    record->scopes = mc_unconst(mc_copy(txn->arena, wish->scopes, sizeof wish->scopes).data);
    record->n_scopes = record->scopes != NULL ? wish->scopes_len : 0;
    record->level = wish->level;
    record->signed_in_after_ms = signed_in_after(txn, wish);
    record->ask_consent = (wish->prompt & PROMPT_CONSENT) != 0;
    record->browser_hash = identity_data(oidc_secret_key(txn, "oidc_browser", cookie));
    record->expires_at_ms = txn->now_ms + OIDC_AUTHORIZATION_MS;
    oidc_advance(identity, txn, &at,
                 &(struct oidc_advance){.browser = known ? &browser : NULL,
                                        .silent = wish->prompt == PROMPT_NONE},
                 rep);
}

enum mc_status identity_authorize(struct identity *identity, struct mc_txn *txn,
                                  const Identity__AuthorizeRequest *req,
                                  Identity__AuthorizeReply *rep)
{
    IdentityState__Authorization record = IDENTITY_STATE__AUTHORIZATION__INIT;
    struct wish wish = {0};
    const IdentityState__Client *client = oidc_client_load(txn, req->client_id);

    if (client == NULL || client->disabled) {
        oidc_refuse_page(txn, "OIDC_CLIENT_UNKNOWN", rep);
        return txn->status;
    }
    if (!oidc_uri_is_among(client->redirect_uris, client->n_redirect_uris, req->redirect_uri)) {
        oidc_refuse_page(txn, "OIDC_REDIRECT_UNKNOWN", rep);
        return txn->status;
    }
    record.client_id = req->client_id;
    record.redirect_uri = req->redirect_uri;
    if (strlen(req->state) > OIDC_STATE_MAX) {
        oidc_go_back(identity, txn, &record, "error", "invalid_request", "state is too long", rep);
        return txn->status;
    }
    record.state = req->state;
    struct fault fault = judge(req, client, &wish);
    if (fault.error != NULL)
        oidc_go_back(identity, txn, &record, "error", fault.error, fault.description, rep);
    else
        go_on(identity, txn, req, client, &wish, &record, rep);
    return txn->status;
}
