/* Two operators in plain C: `count_letters` measures a text, `calm` drops what shouts.
 *
 *   cc -shared -fPIC -O2 -I ../../engine/include -o libtext.so text_plugin.c
 */
#include <millrace/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arrow arrays, as far as they are needed here ---- */

/* A text column of a batch. */
struct texts {
  const uint8_t* valid; /* NULL: no nulls */
  const int32_t* offsets;
  const char* bytes;
  int64_t offset;
};

static struct texts texts_of(const struct ArrowArray* rows, int column) {
  const struct ArrowArray* array = rows->children[column];
  struct texts texts = {array->buffers[0], array->buffers[1], array->buffers[2],
                        array->offset + rows->offset};
  return texts;
}

/* The text of a row and its length in bytes; NULL for a null. */
static const char* text_at(const struct texts* texts, int64_t row, size_t* size) {
  const int64_t at = texts->offset + row;
  if (texts->valid != NULL && (texts->valid[at / 8] >> (at % 8) & 1) == 0) return NULL;
  *size = (size_t)(texts->offsets[at + 1] - texts->offsets[at]);
  return *size == 0 ? "" : texts->bytes + texts->offsets[at];
}

static void release_schema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release != NULL) schema->children[i]->release(schema->children[i]);
    free(schema->children[i]);
  }
  free(schema->children);
  schema->release = NULL;
}

/* A struct of columns. Formats are those of the C data interface: "l" int64, "b" bool. */
static void make_schema(struct ArrowSchema* schema, int columns, const char* const* names,
                        const char* const* formats) {
  memset(schema, 0, sizeof *schema);
  schema->format = "+s";
  schema->name = "";
  schema->release = release_schema;
  schema->n_children = columns;
  schema->children = calloc((size_t)columns, sizeof *schema->children);
  for (int i = 0; i < columns; ++i) {
    struct ArrowSchema* child = schema->children[i] = calloc(1, sizeof *child);
    child->format = formats[i];
    child->name = names[i];
    child->flags = ARROW_FLAG_NULLABLE;
    child->release = release_schema;
  }
}

static void release_array(struct ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release != NULL) array->children[i]->release(array->children[i]);
    free(array->children[i]);
  }
  for (int64_t i = 0; i < array->n_buffers; ++i) free((void*)array->buffers[i]);
  free(array->children);
  free(array->buffers);
  array->release = NULL;
}

static void make_array(struct ArrowArray* array, int64_t rows, int buffers, int columns) {
  memset(array, 0, sizeof *array);
  array->length = rows;
  array->n_buffers = buffers;
  array->n_children = columns;
  array->buffers = calloc((size_t)buffers, sizeof *array->buffers);
  array->children = calloc((size_t)columns + 1, sizeof *array->children);
  array->release = release_array;
}

/* A column of the struct; its buffers come from malloc. */
static struct ArrowArray* add_column(struct ArrowArray* parent, int at, void* valid, void* values,
                                     void* bytes) {
  struct ArrowArray* column = parent->children[at] = calloc(1, sizeof *column);
  make_array(column, parent->length, bytes == NULL ? 2 : 3, 0);
  column->buffers[0] = valid;
  column->buffers[1] = values;
  if (bytes != NULL) column->buffers[2] = bytes;
  column->null_count = valid == NULL ? 0 : -1;
  return column;
}

/* ---- count_letters ---- */

struct counting {
  char* field;
  char* letters;
  const char* reads[1];
};

static void release_counting(void* state) {
  struct counting* self = state;
  free(self->field);
  free(self->letters);
  free(self);
}

/* Whether there is a column of that name and of text. */
static int is_text(const struct ArrowSchema* columns, const char* name) {
  for (int64_t i = 0; i < columns->n_children; ++i) {
    if (strcmp(columns->children[i]->name, name) == 0) {
      return strcmp(columns->children[i]->format, "u") == 0;
    }
  }
  return 0;
}

static int refuse(struct millrace_error* error, const char* option, const char* message) {
  snprintf(error->option, sizeof error->option, "%s", option);
  snprintf(error->message, sizeof error->message, "%s", message);
  return 1;
}

static int bind_counting(const struct millrace_request* request, struct millrace_instance* instance,
                         struct millrace_error* error) {
  static const char* const names[] = {".letters"};
  static const char* const formats[] = {"l"};
  if (!is_text(request->columns, request->options[0].value)) {
    return refuse(error, "field", "`field` must name a column of text");
  }
  struct counting* self = calloc(1, sizeof *self);
  self->field = strdup(request->options[0].value);
  self->letters = strdup(request->options[1].value);
  self->reads[0] = self->field;
  instance->state = self;
  instance->reads_count = 1;
  instance->reads = self->reads;
  make_schema(&instance->gives, 1, names, formats);
  return 0;
}

static int apply_counting(const void* state, const struct ArrowArray* rows,
                          struct millrace_result* result, struct millrace_error* error) {
  (void)error;
  const struct counting* self = state;
  const struct texts texts = texts_of(rows, 0);
  int64_t* counts = calloc((size_t)rows->length + 1, sizeof *counts);
  uint8_t* valid = calloc((size_t)rows->length / 8 + 1, 1);
  for (int64_t row = 0; row < rows->length; ++row) {
    size_t size = 0;
    const char* text = text_at(&texts, row, &size);
    if (text == NULL) continue; /* of a null the count is null */
    valid[row / 8] |= (uint8_t)(1 << row % 8);
    for (size_t i = 0; i < size; ++i) {
      counts[row] += text[i] != '\0' && strchr(self->letters, text[i]) != NULL;
    }
  }
  make_array(&result->given, rows->length, 1, 1);
  add_column(&result->given, 0, valid, counts, NULL);
  return 0;
}

/* ---- calm ---- */

struct calm {
  char* field;
  char* threshold; /* as written: "0.5" */
  double max;
  const char* reads[1];
  struct millrace_reason reasons[1];
};

static void release_calm(void* state) {
  struct calm* self = state;
  free(self->field);
  free(self->threshold);
  free(self);
}

static int bind_calm(const struct millrace_request* request, struct millrace_instance* instance,
                     struct millrace_error* error) {
  static const char* const names[] = {"keep", "measured"};
  static const char* const formats[] = {"b", "u"};
  char* end = NULL;
  const double max = strtod(request->options[1].value, &end);
  if (end == request->options[1].value || *end != '\0' || !(max >= 0 && max <= 1)) {
    return refuse(error, "max", "`max` must be a number from 0 to 1");
  }
  if (!is_text(request->columns, request->options[0].value)) {
    return refuse(error, "field", "`field` must name a column of text");
  }
  struct calm* self = calloc(1, sizeof *self);
  self->field = strdup(request->options[0].value);
  self->threshold = strdup(request->options[1].value);
  self->max = max;
  self->reads[0] = self->field;
  self->reasons[0].rule = "calm.shouts";
  self->reasons[0].threshold = self->threshold;
  self->reasons[0].message = "too many of its letters are capitals";
  instance->state = self;
  instance->reads_count = 1;
  instance->reads = self->reads;
  instance->reasons_count = 1;
  instance->reasons = self->reasons;
  make_schema(&instance->gives, 2, names, formats);
  return 0;
}

/* The share of capitals among the letters of ASCII. */
static double shouting(const char* text, size_t size) {
  size_t letters = 0, capitals = 0;
  for (size_t i = 0; i < size; ++i) {
    capitals += text[i] >= 'A' && text[i] <= 'Z';
    letters += (text[i] | 32) >= 'a' && (text[i] | 32) <= 'z';
  }
  return letters == 0 ? 0 : (double)capitals / (double)letters;
}

static int apply_calm(const void* state, const struct ArrowArray* rows,
                      struct millrace_result* result, struct millrace_error* error) {
  (void)error;
  const struct calm* self = state;
  const struct texts texts = texts_of(rows, 0);
  uint8_t* keep = calloc((size_t)rows->length / 8 + 1, 1);
  int32_t* offsets = calloc((size_t)rows->length + 1, sizeof *offsets);
  char* bytes = malloc((size_t)rows->length * 8 + 1);
  for (int64_t row = 0; row < rows->length; ++row) {
    size_t size = 0;
    const char* text = text_at(&texts, row, &size);
    const double share = text == NULL ? 0 : shouting(text, size);
    if (share <= self->max) keep[row / 8] |= (uint8_t)(1 << row % 8);
    offsets[row + 1] = offsets[row] + snprintf(bytes + offsets[row], 8, "%.3f", share);
  }
  make_array(&result->given, rows->length, 1, 2);
  add_column(&result->given, 0, NULL, keep, NULL);
  add_column(&result->given, 1, NULL, offsets, bytes);
  return 0;
}

/* ---- the table ---- */

static const struct millrace_option_spec counting_options[] = {{"field", NULL},
                                                               {"letters", "aeiou"}};
static const struct millrace_option_spec calm_options[] = {{"field", NULL}, {"max", "0.5"}};

static const struct millrace_operator operators[] = {
    {"count_letters", "Counts how often some letters stand in a text.", MILLRACE_SCORE, 1, 2,
     counting_options, bind_counting, apply_counting, release_counting},
    {"calm", "Drops texts with too many capitals.", MILLRACE_FILTER, 1, 2, calm_options, bind_calm,
     apply_calm, release_calm},
};

const struct millrace_plugin_table* millrace_plugin(void) {
  static const struct millrace_plugin_table table = {MILLRACE_PLUGIN_ABI, 2, operators};
  return &table;
}
