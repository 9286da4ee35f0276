/* Plug-ins: operators of your own in a shared library. This header is all that one needs; it is C,
 * and what crosses is C and the Arrow C data interface, so a plug-in may be written in anything and
 * built with any compiler. docs/guides/plugins.md shows one from the first line to a run.
 *
 * A library exports one function, `millrace_plugin`, which returns a table of its operators. Each
 * has three functions: `bind` looks at the options and columns of an instance once and says what it
 * reads and gives, `apply` works on a batch of rows, `release` lets go of what `bind` made.
 *
 * What an operator gives for a row must depend on that row, its options and its seed alone: not on
 * the batch the row comes in, the clock, or what was called before. `apply` is called from several
 * threads at once. Functions return 0, or anything else for an error that they have put into
 * `error`. All texts are UTF-8 and end in a zero byte; those the engine gives live as long as the
 * call.
 */
#ifndef MILLRACE_PLUGIN_H_
#define MILLRACE_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The Arrow C data interface, as its specification has it:
 * https://arrow.apache.org/docs/format/CDataInterface.html */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/* The version of this interface. It changes when a library built against another one cannot be
 * used. */
#define MILLRACE_PLUGIN_ABI 1

/* What an operator may do; the engine lets it do no more. */
enum millrace_kind {
  MILLRACE_SCORE = 1,     /* adds measures and fields */
  MILLRACE_EVALUATOR = 2, /* adds findings */
  MILLRACE_FILTER = 3,    /* drops rows */
  MILLRACE_REFINER = 4,   /* changes columns, or adds some */
  MILLRACE_GENERATOR = 5  /* adds columns, or makes rows of a row */
};

#define MILLRACE_MESSAGE_BYTES 512
#define MILLRACE_NAME_BYTES 128

struct millrace_error {
  char message[MILLRACE_MESSAGE_BYTES]; /* what is wrong, for people; never a value of a row */
  char option[MILLRACE_NAME_BYTES];     /* of `bind`: the option to blame; "" for none */
};

/* An option that instances may set in the config. */
struct millrace_option_spec {
  const char* name;
  const char* fallback; /* NULL: it must be given */
};

struct millrace_option {
  const char* name;
  const char* value;
};

/* What an instance is asked for. */
struct millrace_request {
  const char* id; /* of the instance */
  uint64_t seed;  /* of the pipeline */
  size_t options_count;
  const struct millrace_option* options; /* all of the operator's, as its table lists them */
  const struct ArrowSchema* columns;     /* a struct of the columns that reach it; not to release */
};

/* Of a filter: why it drops a row, as a reject shows it. */
struct millrace_reason {
  const char* rule;      /* a stable word of a-z, 0-9, _ and . */
  const char* threshold; /* what was measured against; may be NULL */
  const char* message;   /* a sentence */
};

/* What `bind` says of an instance; all zero when it is called. Texts and lists must live until the
 * engine has called `release`. */
struct millrace_instance {
  void* state; /* the operator's own, handed to `apply` and `release` */
  size_t reads_count;
  const char* const* reads; /* the columns it wants: `apply` gets these, in this order */
  size_t reasons_count;     /* of a filter: at least one, at most 256 */
  const struct millrace_reason* reasons;
  int makes_rows; /* of a generator: a row may become any number of rows */
  /* A struct of what `apply` gives:
   *   score      `.words` is the measure <id>.words (a number or bool), `_label` the field
   * <id>_label evaluator  `pass` is the finding eval.<id>_pass (a number, bool or text) filter
   * `keep` (bool, no nulls); then, if wanted, `reason` (uint8, a position in `reasons`) and
   * `measured` (utf8), in this order refiner    columns by name: one that is there is replaced,
   * another is added generator  columns by name; one that makes rows first gives `parent` (int64,
   * no nulls, ascending): the row of the batch that each new row is made of */
  struct ArrowSchema gives;
};

struct millrace_result {
  struct ArrowArray given; /* of `gives`, with as many rows as came (but see `parent`) */
  /* Rows it could not work on, which become rejects of the instance; leave it as it is for none.
   * A struct of three columns without nulls: row (int64, ascending), rule (utf8, a stable word) and
   * message (utf8). What is given for such a row is not looked at. */
  struct ArrowArray failures;
};

struct millrace_operator {
  const char* name; /* a-z, 0-9 and _ */
  const char* doc;  /* a sentence */
  int32_t kind;     /* enum millrace_kind */
  int32_t version;  /* at least 1; raised with every change of what it gives */
  size_t options_count;
  const struct millrace_option_spec* options;
  int (*bind)(const struct millrace_request* request, struct millrace_instance* instance,
              struct millrace_error* error);
  /* `rows`: a struct of the columns in `reads`, not to release and not to change. Its columns may
   * begin at an offset. The result is zero when it is called, and its arrays are the engine's to
   * release. */
  int (*apply)(const void* state, const struct ArrowArray* rows, struct millrace_result* result,
               struct millrace_error* error);
  void (*release)(void* state); /* may be NULL */
};

struct millrace_plugin_table {
  uint32_t abi; /* MILLRACE_PLUGIN_ABI */
  size_t operators_count;
  const struct millrace_operator* operators;
};

/* The one symbol that the engine looks for. The table must live as long as the process. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
const struct millrace_plugin_table*
millrace_plugin(void);

#ifdef __cplusplus
}
#endif

#endif /* MILLRACE_PLUGIN_H_ */
