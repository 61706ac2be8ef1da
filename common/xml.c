#include "common/xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

struct reading {
    struct mc_arena *arena;
    size_t nodes;
    enum mc_status status;
};

/* An element's own text and CDATA, without blanks around. */
static const char *text_of(struct reading *reading, const xmlNode *element)
{
    size_t len = 0;

    for (const xmlNode *part = element->children; part != NULL; part = part->next)
        if (part->type == XML_TEXT_NODE || part->type == XML_CDATA_SECTION_NODE)
            len += strlen((const char *)part->content);
    char *text = mc_alloc(reading->arena, len + 1);
    if (text == NULL) {
        reading->status = MC_FULL;
        return "";
    }
    char *end = text;
    for (const xmlNode *part = element->children; part != NULL; part = part->next)
        if (part->type == XML_TEXT_NODE || part->type == XML_CDATA_SECTION_NODE)
            end = stpcpy(end, (const char *)part->content);
    while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
        *--end = '\0';
    return text + strspn(text, " \t\r\n");
}

static const struct mc_xml *take(struct reading *reading, const xmlNode *element, unsigned depth);

static const struct mc_xml *take_children(struct reading *reading, const xmlNode *element,
                                          unsigned depth)
{
    const struct mc_xml *first = NULL;
    const struct mc_xml **place = &first;

    for (const xmlNode *at = element->children; at != NULL; at = at->next) {
        if (at->type != XML_ELEMENT_NODE)
            continue;
        struct mc_xml *node = mc_unconst(take(reading, at, depth));
        if (node == NULL)
            return NULL;
        *place = node;
        place = &node->next;
    }
    return first;
}

static const struct mc_xml *take(struct reading *reading, const xmlNode *element, unsigned depth)
{
    struct mc_xml *node = mc_alloc(reading->arena, sizeof *node);

    if (depth > MC_XML_DEPTH_MAX || ++reading->nodes > MC_XML_NODES_MAX) {
        reading->status = MC_INVALID;
        return NULL;
    }
    char *name = mc_strdup(reading->arena, (const char *)element->name);
    if (node == NULL || name == NULL) {
        reading->status = MC_FULL;
        return NULL;
    }
    node->name = name;
    node->text = text_of(reading, element);
    node->child = take_children(reading, element, depth + 1);
    return reading->status == MC_OK ? node : NULL;
}

enum mc_status mc_xml_parse(struct mc_arena *arena, struct mc_bytes text,
                            const struct mc_xml **ret_root)
{
    struct reading reading = {.arena = arena, .status = MC_INVALID};

    if (text.len == 0 || text.len > MC_XML_BYTES_MAX)
        return MC_INVALID;
    xmlDoc *document = xmlReadMemory(text.data, (int)text.len, NULL, NULL,
                                     XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (document == NULL)
        return MC_INVALID;
    const xmlNode *root = xmlDocGetRootElement(document);
    if (root != NULL && document->intSubset == NULL && document->extSubset == NULL) {
        reading.status = MC_OK;
        *ret_root = take(&reading, root, 0);
    }
    xmlFreeDoc(document);
    return reading.status;
}

const struct mc_xml *mc_xml_child(const struct mc_xml *node, const char *name)
{
    for (node = node != NULL ? node->child : NULL; node != NULL; node = node->next)
        if (strcmp(node->name, name) == 0)
            return node;
    return NULL;
}

const struct mc_xml *mc_xml_same(const struct mc_xml *node)
{
    const char *name = node->name;

    for (node = node->next; node != NULL; node = node->next)
        if (strcmp(node->name, name) == 0)
            return node;
    return NULL;
}

const char *mc_xml_text(const struct mc_xml *node, const char *name)
{
    const struct mc_xml *child = mc_xml_child(node, name);

    return child != NULL ? child->text : "";
}
