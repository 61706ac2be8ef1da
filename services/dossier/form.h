/*
 * Forms: what a declaration asks for, as data (FORMS.md), and what people filled in.
 *
 * Pure. A definition is JSON text; loaded, it lives in the caller's arena. It is checked whole when
 * it is loaded, so that whoever uses it meets no unknown field, no cycle and no missing label. The
 * values of a form are JSON as well: one object, a member per field, groups as lists of objects.
 */
#pragma once

#include "common/arena.h"
#include "common/date.h"
#include "common/json.h"

enum {
    DOSSIER_FORM_DEFINITION_MAX = 64 * 1024, /* bytes of JSON text */
    DOSSIER_FORM_FIELDS_MAX = 200,           /* of a form, those of its groups counted */
    DOSSIER_FORM_RULES_MAX = 50,
    DOSSIER_FORM_OPTIONS_MAX = 100, /* of one choice, and values in one condition */
    DOSSIER_FORM_PROCEDURES_MAX = 50,
    DOSSIER_FORM_ITEMS_MAX = 50,    /* of a repeated group */
    DOSSIER_FORM_NAME_MAX = 40,     /* characters of a code or a field's name */
    DOSSIER_FORM_LABEL_MAX = 300,   /* characters of labels, hints and messages */
    DOSSIER_FORM_TEXT_MAX = 1000,   /* characters of a text, unless the field says less */
    DOSSIER_FORM_LINES_MAX = 4000,  /* the same of a text of several lines */
    DOSSIER_FORM_PROBLEMS_MAX = 90, /* told at once; a refusal has room for MC_VIOLATIONS_MAX */
    DOSSIER_PATTERN_MAX = 100,      /* bytes of a pattern */
    DOSSIER_PATTERN_STATES_MAX = 256,
};

/* --- a pattern: form_pattern.c --- */

/*
 * A small part of ECMAScript's regular expressions, the whole text matched: characters, '.', \d,
 * \w, [a-z0-9], [^…], \ before a sign, each perhaps followed by ? * + {m} {m,} or {m,n}. There are
 * no groups and no alternatives, so matching takes time in proportion to the text's length.
 * Patterns are ASCII; in '.' and [^…] any character counts as one.
 */
mc_nodiscard bool dossier_pattern_valid(const char *pattern);
/* False for a pattern that is not valid. */
bool dossier_pattern_match(const char *pattern, const char *text);

/* --- places: form_places.c --- */

struct dossier_place {
    const char *code; /* of the statistics office: 01, 00004 */
    const char *name; /* "Phường Ba Đình" */
    const char *province;
};
struct dossier_places {
    struct dossier_place *provinces;
    size_t provinces_len;
    struct dossier_place *communes; /* by code */
    size_t communes_len;
};
mc_nodiscard enum mc_status dossier_places_load(struct dossier_places *places,
                                                struct mc_arena *memory, struct mc_bytes provinces,
                                                struct mc_bytes communes);
const struct dossier_place *dossier_province_find(const struct dossier_places *places,
                                                  const char *code);
const struct dossier_place *dossier_commune_find(const struct dossier_places *places,
                                                 const char *code);

/* --- a definition: form_load.c --- */

enum dossier_field_type {
    DOSSIER_FIELD_TEXT,
    DOSSIER_FIELD_LINES,
    DOSSIER_FIELD_NAME,     /* of a person */
    DOSSIER_FIELD_NUMBER,   /* whole */
    DOSSIER_FIELD_MONEY,    /* VND */
    DOSSIER_FIELD_DATE,     /* dd/MM/yyyy */
    DOSSIER_FIELD_BIRTH,    /* the same, or MM/yyyy, or yyyy */
    DOSSIER_FIELD_IDENTITY, /* CCCD or CMND */
    DOSSIER_FIELD_PERSONAL_ID,
    DOSSIER_FIELD_PHONE,
    DOSSIER_FIELD_EMAIL,
    DOSSIER_FIELD_CHOICE,
    DOSSIER_FIELD_CHOICES,
    DOSSIER_FIELD_CHECK, /* yes or no; required: must be yes */
    DOSSIER_FIELD_PROVINCE,
    DOSSIER_FIELD_COMMUNE,
    DOSSIER_FIELD_FILE,  /* no value: a paper of that component is attached */
    DOSSIER_FIELD_GROUP, /* repeated */
    DOSSIER_FIELD_TYPES_LEN,
};

struct dossier_option {
    const char *value;
    const char *label;
};

enum dossier_condition_kind {
    DOSSIER_WHEN_ALWAYS, /* there is no condition */
    DOSSIER_WHEN_IN,     /* its value is one of these, or it is checked or not */
    DOSSIER_WHEN_FILLED,
    DOSSIER_WHEN_EMPTY,
};

struct dossier_field;
struct dossier_condition {
    enum dossier_condition_kind kind;
    const struct dossier_field *field; /* of the same group, or of the form */
    const char **values;
    size_t values_len;
};

struct dossier_field {
    const char *name;
    const char *label;
    const char *hint;
    enum dossier_field_type type;
    bool required;
    struct dossier_condition required_when;
    struct dossier_condition show_when;
    int64_t min; /* of a number; characters of a text; items of a group or choices */
    int64_t max;
    const char *pattern; /* or NULL */
    bool not_future;     /* of a date */
    bool not_past;
    int64_t age_min; /* full years on the day of checking; -1: any */
    int64_t age_max;
    struct dossier_option *options;
    size_t options_len;
    const struct dossier_field *province; /* that a commune must belong to, or NULL */
    const char *component;                /* of a file */
    const char *fact; /* what the State may know already, "applicant.full_name"; or NULL */
    struct dossier_field *fields; /* of a group */
    size_t fields_len;
    const struct dossier_field *group; /* that it belongs to, or NULL */
};

enum dossier_rule_kind {
    DOSSIER_RULE_ORDER,     /* the first is not after, or above, the second */
    DOSSIER_RULE_DIFFERENT, /* the two are not the same */
    DOSSIER_RULE_SAME,
    DOSSIER_RULE_ANY, /* at least one is filled */
};

struct dossier_rule {
    enum dossier_rule_kind kind;
    const struct dossier_field **fields; /* of the form, not of groups */
    size_t fields_len;
    const char *message;
};

struct dossier_form {
    const char *code; /* "birth" */
    const char *title;
    const char *basis;    /* the law that asks for it */
    const char *paper;    /* component that may stand for the form, filled by hand; or NULL */
    uint64_t version;     /* of a linked-in form; else 0 */
    struct mc_date from;  /* the first day it holds */
    struct mc_date until; /* the last; year 0: open */
    const char **procedures;
    size_t procedures_len;
    struct dossier_field *fields; /* of all sections, in their order */
    size_t fields_len;
    struct dossier_rule *rules;
    size_t rules_len;
};

/* What is wrong with a definition or with values: where, a stable code, and words for its text. */
struct dossier_problem {
    const char *field; /* "sections[0].fields[2].show_when"; "children[1].name" */
    const char *code;
    const char *label; /* of the field; or the word that is wrong in a definition */
    const char *limit; /* or "" */
    const char *text;  /* a rule's own message, or "" */
};
struct dossier_problems {
    struct mc_arena *arena;
    struct dossier_problem rows[DOSSIER_FORM_PROBLEMS_MAX];
    size_t len;
    size_t more; /* that had no room */
};
void dossier_problem_add(struct dossier_problems *problems, const char *field, const char *code,
                         const char *label, const char *limit, const char *text);

/* MC_INVALID with problems, or MC_FULL. */
mc_nodiscard enum mc_status dossier_form_load(struct dossier_form *form, struct mc_arena *arena,
                                              struct mc_bytes text,
                                              struct dossier_problems *problems);
const struct dossier_field *dossier_form_field(const struct dossier_form *form, const char *name);
bool dossier_form_serves(const struct dossier_form *form, const char *procedure);
bool dossier_form_holds(const struct dossier_form *form, struct mc_date day);
const char *dossier_field_type_name(enum dossier_field_type type);

/* --- values: form_check.c --- */

struct dossier_form_check {
    const struct dossier_form *form;
    const struct dossier_places *places;
    struct mc_date today;
    const char *const *components; /* of the papers that are attached */
    size_t components_len;
    bool papers; /* look at them */
};

/*
 * Checks every field, and writes the values as they are kept: cleaned, in the form's order, only
 * of fields that are shown. MC_INVALID with problems, or MC_FULL.
 */
mc_nodiscard enum mc_status dossier_form_check(const struct dossier_form_check *check,
                                               const struct mc_json *values,
                                               struct dossier_problems *problems,
                                               struct mc_bytes *ret_clean);

/* One value in the form it is kept in, or why not; texts end in NUL, in the arena. */
mc_nodiscard enum mc_status dossier_form_clean(struct mc_arena *arena,
                                               const struct dossier_field *field, const char *text,
                                               const char **ret_clean, const char **ret_code);

/* --- two versions: form_diff.c --- */

struct dossier_form_change {
    const char *field;
    const char *what; /* ADDED, REMOVED, CHANGED */
    const char *label;
};
/* Of fields, rules ("#rules") and the head ("#form"); at most as many as the list holds. */
size_t dossier_form_diff(struct mc_arena *arena, struct mc_bytes before, struct mc_bytes after,
                         struct dossier_form_change *changes, size_t max);
