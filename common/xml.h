/*
 * XML: foreign documents read into a tree of elements. The owner of libxml2.
 *
 * The tree lives in the arena. Names are without their prefix; attributes, comments and processing
 * instructions are left out; an element's text is that of its own, trimmed. A document with a DTD
 * is refused: entities are a way in, and none of our partners needs them. Nothing is fetched.
 */
#pragma once

#include "common/arena.h"

enum {
    MC_XML_BYTES_MAX = 1 << 20,
    MC_XML_DEPTH_MAX = 16,
    MC_XML_NODES_MAX = 20000,
};

struct mc_xml {
    const char *name;
    const char *text;
    const struct mc_xml *child; /* the first */
    const struct mc_xml *next;  /* the next of the same parent */
};

/* MC_INVALID: not XML, a DTD, or past a limit; MC_FULL: the arena. */
mc_nodiscard enum mc_status mc_xml_parse(struct mc_arena *arena, struct mc_bytes text,
                                         const struct mc_xml **ret_root);

/* The first child of this name; NULL: none, or no node. */
const struct mc_xml *mc_xml_child(const struct mc_xml *node, const char *name);
/* The next sibling of the same name: one element or many are read alike. */
const struct mc_xml *mc_xml_same(const struct mc_xml *node);
/* The text of a child; "" when there is none. */
const char *mc_xml_text(const struct mc_xml *node, const char *name);
