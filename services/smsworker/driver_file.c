/* A file in place of a gateway, for development: a JSON line a text, which counts as delivered. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/date.h"
#include "common/json.h"

#include "smsworker.h"

static enum mc_status file_open(struct smsworker *worker, char *why, size_t why_size)
{
    (void)snprintf(why, why_size, "smsworker.file: cannot write to %s", worker->file);
    worker->file_fd = open(worker->file, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    return worker->file_fd >= 0 ? MC_OK : MC_IO;
}

static void file_close(struct smsworker *worker)
{
    if (worker->file_fd >= 0)
        (void)close(worker->file_fd);
}

/* The line with its newline; empty when the arena is full. */
static struct mc_bytes line_of(struct slot *slot)
{
    struct smsworker *worker = slot->worker;
    struct mc_json_writer writer;
    struct mc_bytes text;
    char at[MC_RFC3339_SIZE];

    mc_time_format_rfc3339(at, sizeof at, mc_now_ms(&worker->process.clock));
    mc_json_begin(&writer, &worker->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "at");
    mc_json_string(&writer, at);
    mc_json_key(&writer, "to");
    mc_json_string(&writer, slot->phone);
    mc_json_key(&writer, "reference");
    mc_json_string(&writer, slot->reference);
    mc_json_key(&writer, "text");
    mc_json_string(&writer, slot->text);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK)
        return (struct mc_bytes){0};
    ((char *)mc_unconst(text.data))[text.len] = '\n'; /* in place of its NUL */
    return (struct mc_bytes){text.data, text.len + 1};
}

static void file_send(struct slot *slot)
{
    static const struct outcome failed = {VERDICT_LATER, "FILE", NULL};
    static const struct outcome taken = {VERDICT_TAKEN, NULL, NULL};
    struct mc_bytes line = line_of(slot);
    bool written =
        line.len > 0 && write(slot->worker->file_fd, line.data, line.len) == (ssize_t)line.len;

    smsworker_sent(slot, written ? &taken : &failed);
}

const struct driver smsworker_file = {
    .mode = "file",
    .taken_is_delivered = true,
    .open = file_open,
    .close = file_close,
    .send = file_send,
};
