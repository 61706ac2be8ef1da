#include "common/mail.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/date.h"
#include "common/ident.h"

enum {
    LINE_BYTES = 57,     /* make 76 letters of base64: RFC 2045 section 6.8 */
    WORD_BYTES = 39,     /* make 64 with =?UTF-8?B? and ?=: 73 after "Subject: "; RFC 2047: 76 */
    HEAD_SIZE = 16384,   /* all headers of a mail with the longest names */
    PART_SIZE = 2048,    /* the headers of one part */
    ESCAPED_TIMES = 6,   /* "&quot;" */
    ADDRESS_SIZE = 1024, /* of List-Unsubscribe */
};

/* Base64 has neither '=' followed by '_' nor a line that begins with "--". */
#define MIXED "=_motcua_mixed"
#define BOTH  "=_motcua_both"

/* Grows to `size` and no further; `full` sticks. */
struct page {
    char *out;
    size_t len;
    size_t size;
    bool full;
};

static void put(struct page *page, const char *text, size_t len)
{
    if (page->full || len > page->size - page->len) {
        page->full = true;
        return;
    }
    memcpy(page->out + page->len, text, len);
    page->len += len;
}

static void say(struct page *page, const char *text)
{
    put(page, text, strlen(text));
}

static bool plain_line(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool id_ok(const char *id)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_";
    size_t len = strlen(id);

    return len > 0 && len <= MC_MAIL_ID_MAX && strspn(id, allowed) == len;
}

/* "application/pdf", without parameters. */
static bool type_ok(const char *type)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-";
    size_t major = strspn(type, allowed);
    size_t minor = type[major] == '/' ? strspn(type + major + 1, allowed) : 0;

    return major > 0 && minor > 0 && type[major + 1 + minor] == '\0' && strlen(type) <= 100;
}

static bool unsubscribe_ok(const char *url)
{
    return strncmp(url, "https://", 8) == 0 && strlen(url) < ADDRESS_SIZE &&
           strpbrk(url, "<> ,") == NULL && plain_line(url);
}

static enum mc_status check_files(const struct mc_mail *mail)
{
    size_t size = 0;

    if (mail->files_len > MC_MAIL_FILES_MAX)
        return MC_LIMITED;
    for (size_t i = 0; i < mail->files_len; i++) {
        const struct mc_mail_file *file = &mail->files[i];

        if (!plain_line(file->name) || file->name[0] == '\0' || !type_ok(file->type))
            return MC_INVALID;
        if (strlen(file->name) > MC_MAIL_FILE_NAME_MAX ||
            file->bytes.len > MC_MAIL_FILES_SIZE - size)
            return MC_LIMITED;
        size += file->bytes.len;
    }
    return MC_OK;
}

static enum mc_status check(const struct mc_mail *mail)
{
    const char *name = mail->from_name != NULL ? mail->from_name : "";

    if (mc_email_check(mail->from) != MC_WHY_OK || mc_email_check(mail->to) != MC_WHY_OK ||
        !plain_line(name) || !plain_line(mail->subject) || !id_ok(mail->id) ||
        (mail->unsubscribe != NULL && !unsubscribe_ok(mail->unsubscribe)))
        return MC_INVALID;
    if (strlen(name) > MC_MAIL_TEXT_MAX || strlen(mail->subject) > MC_MAIL_TEXT_MAX ||
        strlen(mail->text) > MC_MAIL_BODY_MAX ||
        (mail->html != NULL && strlen(mail->html) > MC_MAIL_BODY_MAX))
        return MC_LIMITED;
    return check_files(mail);
}

/* As many whole characters as an encoded word may take. */
static size_t word_len(const char *text)
{
    size_t len = strnlen(text, WORD_BYTES + 1);

    if (len <= WORD_BYTES)
        return len;
    len = WORD_BYTES;
    while (len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* RFC 2047: encoded words in lines of at most 76 letters, each on a line of its own, none cut in a
 * letter.
 */
static void put_words(struct page *page, const char *text)
{
    char coded[WORD_BYTES * 2];

    for (const char *at = text; *at != '\0';) {
        size_t len = word_len(at);

        say(page, at == text ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        put(page, coded, mc_base64(coded, (struct mc_bytes){at, len}));
        say(page, "?=");
        at += len;
    }
}

static void put_base64(struct page *page, struct mc_bytes bytes)
{
    char line[LINE_BYTES * 2];

    for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
        size_t len = MC_MIN(bytes.len - at, (size_t)LINE_BYTES);

        put(page, line, mc_base64(line, (struct mc_bytes){(const char *)bytes.data + at, len}));
        say(page, "\r\n");
    }
}

/* RFC 5322 section 3.3, in the time of Vietnam. */
static void put_date(struct page *page, int64_t at_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct mc_local t = mc_local_from_ms(at_ms);
    char line[64];

    (void)snprintf(line, sizeof line, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0700\r\n",
                   days + (size_t)mc_date_weekday(t.date) * 3, t.date.day,
                   months + (size_t)(t.date.month - 1) * 3, t.date.year, t.hour, t.minute,
                   t.second);
    say(page, line);
}

/*
 * Auto-Submitted (RFC 3834): nobody's out-of-office answers a notice. The id's right side is the
 * sender's domain.
 */
static void put_head(struct page *page, const struct mc_mail *mail)
{
    put_date(page, mail->at_ms);
    say(page, "From: ");
    if (mail->from_name != NULL && mail->from_name[0] != '\0') {
        put_words(page, mail->from_name);
        say(page, "\r\n ");
    }
    say(page, "<");
    say(page, mail->from);
    say(page, ">\r\nTo: <");
    say(page, mail->to);
    say(page, ">\r\nMessage-ID: <");
    say(page, mail->id);
    say(page, strrchr(mail->from, '@'));
    say(page, ">\r\nSubject: ");
    put_words(page, mail->subject);
    say(page, "\r\nAuto-Submitted: auto-generated\r\n");
    if (mail->unsubscribe != NULL) {
        say(page, "List-Unsubscribe: <");
        say(page, mail->unsubscribe);
        say(page, ">\r\n");
    }
    say(page, "MIME-Version: 1.0\r\n");
}

static void put_text_part(struct page *page, const char *type, const char *text)
{
    say(page, "--" BOTH "\r\nContent-Type: ");
    say(page, type);
    say(page, "; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    put_base64(page, (struct mc_bytes){text, strlen(text)});
}

static void put_texts(struct page *page, const char *text, const char *html)
{
    say(page, "Content-Type: multipart/alternative; boundary=\"" BOTH "\"\r\n\r\n");
    put_text_part(page, "text/plain", text);
    put_text_part(page, "text/html", html);
    say(page, "--" BOTH "--\r\n");
}

/* The name as RFC 2231 has it: any letter, and no way out of the quotes. */
static void put_file(struct page *page, const struct mc_mail_file *file)
{
    static const char hex[] = "0123456789ABCDEF";

    say(page, "--" MIXED "\r\nContent-Type: ");
    say(page, file->type);
    say(page, "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n"
              " filename*=UTF-8''");
    for (const char *c = file->name; *c != '\0'; c++) {
        const char coded[] = {'%', hex[(unsigned char)*c >> 4], hex[(unsigned char)*c & 15]};

        put(page, coded, sizeof coded);
    }
    say(page, "\r\n\r\n");
    put_base64(page, file->bytes);
}

/* The text, for those who read HTML: every sign of it as it is, one line below the other. */
static const char *html_of(struct mc_arena *arena, const char *text)
{
    static const char begin[] =
        "<!DOCTYPE html><html lang=\"vi\"><meta charset=\"utf-8\"><body><p>";
    struct page page = {.size = strlen(text) * ESCAPED_TIMES + sizeof begin};

    page.out = mc_alloc(arena, page.size + 1);
    if (page.out == NULL)
        return NULL;
    say(&page, begin);
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            say(&page, "&amp;");
            break;
        case '<':
            say(&page, "&lt;");
            break;
        case '>':
            say(&page, "&gt;");
            break;
        case '"':
            say(&page, "&quot;");
            break;
        case '\n':
            say(&page, "<br>");
            break;
        default:
            put(&page, text, 1);
        }
    }
    page.out[page.len] = '\0';
    return page.out;
}

static size_t coded_size(size_t len)
{
    return mc_base64_size(len) + (len / LINE_BYTES + 1) * 2;
}

static size_t size_of(const struct mc_mail *mail, const char *html)
{
    size_t size = HEAD_SIZE + coded_size(strlen(mail->text)) + coded_size(strlen(html));

    for (size_t i = 0; i < mail->files_len; i++)
        size += PART_SIZE + coded_size(mail->files[i].bytes.len);
    return size;
}

enum mc_status mc_mail_build(struct mc_arena *arena, const struct mc_mail *mail,
                             struct mc_bytes *ret_bytes)
{
    enum mc_status status = check(mail);

    if (status != MC_OK)
        return status;
    const char *html = mail->html != NULL ? mail->html : html_of(arena, mail->text);
    if (html == NULL)
        return MC_LIMITED;
    struct page page = {.size = size_of(mail, html)};
    page.out = mc_alloc(arena, page.size);
    if (page.out == NULL)
        return MC_LIMITED;

    put_head(&page, mail);
    if (mail->files_len > 0)
        say(&page, "Content-Type: multipart/mixed; boundary=\"" MIXED "\"\r\n\r\n--" MIXED "\r\n");
    put_texts(&page, mail->text, html);
    for (size_t i = 0; i < mail->files_len; i++)
        put_file(&page, &mail->files[i]);
    if (mail->files_len > 0)
        say(&page, "--" MIXED "--\r\n");
    if (page.full)
        return MC_LIMITED;
    *ret_bytes = (struct mc_bytes){page.out, page.len};
    return MC_OK;
}
