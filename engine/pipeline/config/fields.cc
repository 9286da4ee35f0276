#include "pipeline/config/fields.h"

#include "export/prompts/prompt_options.h"
#include "io/csv/csv_reader.h"
#include "pipeline/config/rest_fields.h"
#include "pipeline/config/storage_fields.h"
#include "pipeline/config/vault.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB, kTiB = 1024 * kGiB;

using T = FieldType;

const ObjectSpec& LengthSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "length",
      .doc = "How long a text (in code points) or a list (in elements) may be.",
      .fields = {
          {.key = "min", .type = T::kInteger, .doc = "The least length.", .min = 0},
          {.key = "max", .type = T::kInteger, .doc = "The greatest length.", .min = 0},
      }};
  return *spec;
}

const ObjectSpec& BoolValuesSpec() {
  static const auto* spec =
      new ObjectSpec{.name = "bool values",
                     .doc = "The texts of a bool column; compared as they stand.",
                     .fields = {
                         {.key = "true",
                          .type = T::kTexts,
                          .doc = "The texts that mean true.",
                          .required = true,
                          .min = 1,
                          .allow_single = true},
                         {.key = "false",
                          .type = T::kTexts,
                          .doc = "The texts that mean false.",
                          .required = true,
                          .min = 1,
                          .allow_single = true},
                     }};
  return *spec;
}

std::vector<Field> ColumnFields() {
  return {
      {.key = "type",
       .type = T::kText,
       .doc =
           "The type: bool, int8 to int64, uint8 to uint64, float32, float64, decimal(p,s), "
           "string, binary, date, timestamp[unit, tz], time[unit], list<...>, struct<...>, json.",
       .fallback = "string"},
      {.key = "from",
       .type = T::kFrom,
       .doc = "Where the value comes from: a column name or a path into a JSON record, `{const: "
              "text}`, `{expr: expression}`, or a map from source names to one of these. Without "
              "it, the column of the same name."},
      {.key = "required",
       .type = T::kBool,
       .doc = "A row without a value breaks the contract.",
       .fallback = "false"},
      {.key = "unique",
       .type = T::kBool,
       .doc = "Of rows with the same value only the first one stays; null is exempt.",
       .fallback = "false"},
      {.key = "default", .type = T::kText, .doc = "The value of a row that has none."},
      {.key = "trim",
       .type = T::kChoice,
       .doc = "White space to take off before anything else.",
       .fallback = "none",
       .choices = {"none", "both", "left", "right"}},
      {.key = "null_values",
       .type = T::kTexts,
       .doc = "Texts that mean null.",
       .allow_single = true,
       .null_is_text = true},
      {.key = "bool_values",
       .type = T::kObject,
       .doc = "The texts of a bool column, instead of true and false.",
       .object = &BoolValuesSpec()},
      {.key = "format",
       .type = T::kTexts,
       .doc = "How dates, times and timestamps are written, for example \"%d/%m/%Y %H:%M\"; "
              "several are tried in order.",
       .min = 1,
       .allow_single = true},
      {.key = "enum", .type = T::kTexts, .doc = "The values allowed.", .min = 1},
      {.key = "min", .type = T::kText, .doc = "The least value allowed."},
      {.key = "max", .type = T::kText, .doc = "The greatest value allowed."},
      {.key = "round",
       .type = T::kBool,
       .doc = "Of float columns: take the nearest value where digits would be lost.",
       .fallback = "false"},
      {.key = "length",
       .type = T::kObject,
       .doc = "How long a text (in code points) or a list (in elements) may be.",
       .object = &LengthSpec()},
      {.key = "regex",
       .type = T::kText,
       .doc = "A regular expression (RE2) that the whole value must match."},
      {.key = "sensitive",
       .type = T::kBool,
       .doc = "Values never reach logs, errors, manifests, profiles or reports.",
       .fallback = "false"},
      {.key = "on_error",
       .type = T::kChoice,
       .doc = "What becomes of a row whose value breaks a rule.",
       .fallback = "reject",
       .choices = {"reject", "set_null", "fail"}},
  };
}

const ObjectSpec& ColumnSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "column",
      .doc = "One column of a contract: its type, where it comes from, and what holds for it.",
      .fields = ColumnFields()};
  return *spec;
}

Field DriftField(const std::string& key, const std::string& doc) {
  return {.key = key, .type = T::kChoice, .doc = doc, .choices = {"allow", "warn", "fail"}};
}

const ObjectSpec& DriftSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "drift",
      .doc =
          "What becomes of data whose shape changes between the files of a source or since the "
          "last run (docs/drift.md).",
      .fields = {
          DriftField("column_added",
                     "A new column; if absent `warn`, with `unknown_columns: keep` `allow`, with "
                     "`fail` `fail`."),
          DriftField("column_removed", "A column is gone; if absent `warn`."),
          DriftField("type_widened", "Values need a wider type; if absent `warn`."),
          DriftField("type_narrowed", "Values fit a narrower type; if absent `allow`."),
          DriftField("type_conflict", "Values are of another type; if absent `warn`."),
          DriftField("nullability", "A column has nulls and had none; if absent `warn`."),
          DriftField("format", "Dates or the like are written otherwise; if absent `warn`."),
          DriftField("new_enum_value",
                     "A column of few values has another one; if absent `allow`."),
          DriftField("dialect", "A file is written in another dialect; if absent `warn`."),
          DriftField("encoding", "A file has another encoding; if absent `warn`."),
      }};
  return *spec;
}

const ObjectSpec& ContractSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "contract",
      .doc = "What the rows of a table must look like.",
      .fields = {
          {.key = "version",
           .type = T::kInteger,
           .doc = "The version of the contract, for people and manifests.",
           .fallback = "1",
           .min = 1,
           .max = std::numeric_limits<int32_t>::max()},
          {.key = "unknown_columns",
           .type = T::kChoice,
           .doc = "What becomes of a column of the data that the contract does not name.",
           .fallback = "drop",
           .choices = {"drop", "keep", "fail"}},
          {.key = "drift",
           .type = T::kObject,
           .doc = "What becomes of data whose shape changes.",
           .object = &DriftSpec()},
          {.key = "columns",
           .type = T::kNamedObjects,
           .doc = "The columns by name, in the order they are written.",
           .required = true,
           .min = 1,
           .max = 10'000,
           .object = &ColumnSpec(),
           .free_names = true},
      }};
  return *spec;
}

const ObjectSpec& SourceLimitsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "source limits",
      .doc = "How many rejects of a source a run puts up with; more end it with exit code 3.",
      .fields = {
          {.key = "max_rejects", .type = T::kInteger, .doc = "The most rejects.", .min = 0},
          {.key = "max_reject_fraction",
           .type = T::kNumber,
           .doc = "The greatest share of rejects among the rows read, from 0 to 1.",
           .number_min = 0,
           .number_max = 1},
      }};
  return *spec;
}

ObjectSpec SourceVariant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  ObjectSpec spec{.name = type + " source", .doc = doc};
  spec.type_value = type;
  spec.fields = {
      {.key = "type",
       .type = T::kChoice,
       .doc = "The format of the files, or `rest` for an API.",
       .required = true,
       .choices = {"csv", "fixed_width", "jsonl", "parquet", "rest", "xml"}},
      {.key = "contract",
       .type = T::kName,
       .doc = "The contract of its rows, by its name under `contracts`."},
      {.key = "limits",
       .type = T::kObject,
       .doc = "How many rejects a run puts up with.",
       .object = &SourceLimitsSpec()},
  };
  spec.fields.insert(spec.fields.begin() + 1, more.begin(), more.end());
  return spec;
}

// Of files: where they are comes right behind `type`, the rest of their fields last.
ObjectSpec FileVariant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  ObjectSpec spec = SourceVariant(
      type, doc,
      {{.key = "path",
        .type = T::kPath,
        .doc = "A file, a folder, or a pattern with *, ?, [...] and **; on disk or a URL.",
        .required = true}});
  spec.fields.insert(spec.fields.end(), more.begin(), more.end());
  return spec;
}

Field RecordLimit() {
  return {.key = "record_bytes_max",
          .type = T::kSize,
          .doc = "A longer record is a reject.",
          .fallback = "16MiB",
          .min = kKiB,
          .max = kGiB};
}

// The four that most files need may also be written at the source itself.
std::vector<Field> CommonDialectFields() {
  return {
      {.key = "delimiter",
       .type = T::kCharacter,
       .doc = "What stands between fields: up to 8 characters or `tab`; told from the file if "
              "absent.",
       .max = static_cast<int64_t>(io::kDelimiterBytesMax)},
      {.key = "quote",
       .type = T::kCharacter,
       .doc = "What stands around quoted fields, or `none`; told from the file if absent.",
       .allow_none = true},
      {.key = "escape",
       .type = T::kCharacter,
       .doc = "What takes a quote's meaning away inside quotes: the quote itself, doubled, or "
              "another character; told from the file if absent."},
      {.key = "header",
       .type = T::kBool,
       .doc = "Whether the first record names the columns; told from the file if absent."},
  };
}

Field EncodingField(const std::string& otherwise) {
  return {.key = "encoding",
          .type = T::kChoice,
          .doc = "The encoding of the text; " + otherwise + " if absent.",
          .choices = io::EncodingNames()};
}

const ObjectSpec& DialectSpec() {
  static const auto* spec = [] {
    std::vector<Field> fields = CommonDialectFields();
    const std::vector<Field> more = {
        EncodingField("told from the file"),
        {.key = "newline",
         .type = T::kChoice,
         .doc = "What ends a line: `lf` (also with a carriage return before it), a lone `cr`, or "
                "`any` of them; told from the file if absent.",
         .choices = {"lf", "cr", "any"}},
        {.key = "skip_rows",
         .type = T::kInteger,
         .doc = "How many lines stand before the table; told from the file if absent.",
         .min = 0,
         .max = 1'000'000},
        {.key = "header_rows",
         .type = T::kInteger,
         .doc = "How many records name the columns, instead of `header`; the names of several are "
                "joined with `_`, and with 0 and no `columns` they are column_1, column_2, ...",
         .min = 0,
         .max = io::kHeaderRowsMax},
        {.key = "footer_rows",
         .type = T::kInteger,
         .doc = "How many lines that are not blank stand behind the table; told from the file if "
                "absent.",
         .min = 0,
         .max = 1000},
        {.key = "comment",
         .type = T::kCharacter,
         .doc = "What lines start with that are comments, or `none`; told from the file if absent.",
         .max = static_cast<int64_t>(io::kCommentBytesMax),
         .allow_none = true},
        {.key = "trailing_delimiter",
         .type = T::kBool,
         .doc = "Whether records end with a delimiter that begins no field; told from the file if "
                "absent."},
        {.key = "table",
         .type = T::kInteger,
         .doc = "Which table of a file with several, from 1: they stand between blank lines. All "
                "of the file if absent.",
         .min = 1,
         .max = 1'000'000},
    };
    fields.insert(fields.end(), more.begin(), more.end());
    return new ObjectSpec{.name = "dialect",
                          .doc =
                              "How CSV files are written. What is left out is told from each "
                              "file; `millrace inspect FILE --dialect` writes the whole block.",
                          .fields = std::move(fields)};
  }();
  return *spec;
}

std::vector<Field> CsvFields() {
  std::vector<Field> fields = CommonDialectFields();
  const std::vector<Field> more = {
      {.key = "dialect",
       .type = T::kObject,
       .doc = "How the files are written, or `guess`: take what is told with too little "
              "confidence, too.",
       .choices = {"guess"},
       .object = &DialectSpec()},
      {.key = "columns",
       .type = T::kTexts,
       .doc = "Column names, instead of the header's or where there is none.",
       .min = 1},
      {.key = "short_rows",
       .type = T::kChoice,
       .doc = "What becomes of a record with fewer fields than columns: a reject, or its missing "
              "fields are null.",
       .fallback = "reject",
       .choices = {"reject", "fill"}},
      RecordLimit(),
  };
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

Field JsonlLayout() {
  return {.key = "layout",
          .type = T::kChoice,
          .doc =
              "How the objects stand in the file: one a line, in one array, or one behind the "
              "other; `auto` tells it from the file.",
          .fallback = "auto",
          .choices = {"auto", "lines", "array", "concatenated"}};
}

const ObjectSpec& FixedColumnSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "fixed column",
      .doc = "Where a column stands in every line.",
      .fields = {
          {.key = "start",
           .type = T::kInteger,
           .doc = "Its first place, counted from 1; if absent, behind the column before.",
           .min = 1,
           .max = kGiB},
          {.key = "width",
           .type = T::kInteger,
           .doc = "How many places it has; the last column without one goes to the line's end.",
           .min = 1,
           .max = kGiB},
      }};
  return *spec;
}

std::vector<Field> FixedWidthFields() {
  return {
      {.key = "columns",
       .type = T::kNamedObjects,
       .doc = "The columns by name, in the order of their places; told from the file if absent.",
       .min = 1,
       .max = 10'000,
       .object = &FixedColumnSpec(),
       .free_names = true},
      {.key = "header",
       .type = T::kBool,
       .doc =
           "Whether the first line is a header; if absent, it is one where `columns` is absent."},
      {.key = "trim",
       .type = T::kBool,
       .doc = "White space around a value is none of it; what is blank is null.",
       .fallback = "true"},
      {.key = "short_rows",
       .type = T::kChoice,
       .doc = "What becomes of a line that ends before its last column does: a reject, or what is "
              "missing is null.",
       .fallback = "reject",
       .choices = {"reject", "fill"}},
      {.key = "widths",
       .type = T::kChoice,
       .doc = "What places are.",
       .fallback = "characters",
       .choices = {"characters", "bytes"}},
      RecordLimit(),
  };
}

std::vector<Field> XmlFields() {
  return {
      {.key = "record",
       .type = T::kText,
       .doc = "The name of the elements that are records; if absent, the children of the root."},
      RecordLimit(),
  };
}

const ObjectSpec& SourceSpec() {
  static const auto* csv = new ObjectSpec(
      FileVariant("csv", "Files of separated values, plain or compressed (gzip, zstd, bzip2, lz4).",
                  CsvFields()));
  static const auto* jsonl = new ObjectSpec(FileVariant(
      "jsonl",
      "JSON objects: one a line, in one array, or one behind the other; plain or compressed.",
      {JsonlLayout(), EncodingField("UTF-8, or UTF-16 where the file shows it,"), RecordLimit()}));
  static const auto* parquet =
      new ObjectSpec(FileVariant("parquet", "Parquet files.", std::vector<Field>{}));
  static const auto* fixed_width = new ObjectSpec(FileVariant(
      "fixed_width", "Text whose columns have fixed places in every line; plain or compressed.",
      FixedWidthFields()));
  static const auto* xml = new ObjectSpec(
      FileVariant("xml", "XML elements as records; plain or compressed.", XmlFields()));
  static const auto* rest = new ObjectSpec(
      SourceVariant("rest", "An API that gives its records page by page; docs/rest.md explains it.",
                    RestFields()));
  static const auto* spec =
      new ObjectSpec{.name = "source",
                     .doc = "Where rows come from.",
                     .variants = {csv, fixed_width, jsonl, parquet, rest, xml}};
  return *spec;
}

ObjectSpec ExportVariant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  ObjectSpec spec{.name = type + " export", .doc = doc};
  spec.type_value = type;
  spec.fields = {
      {.key = "type",
       .type = T::kChoice,
       .doc = "The format to write.",
       .required = true,
       .choices = {"parquet", "jsonl", "prompts"}},
      {.key = "path",
       .type = T::kPath,
       .doc = "The folder that releases are written into, each in a folder of its own; on disk or "
              "a URL.",
       .required = true},
      {.key = "contract",
       .type = T::kName,
       .doc = "The table to export, where the pipeline has several contracts."},
      {.key = "columns",
       .type = T::kTexts,
       .doc = type == "prompts" ? "Columns to keep beside the prompt; none if absent."
                                : "The columns to write; all of them if absent.",
       .min = 1},
      {.key = "rows_per_shard",
       .type = T::kInteger,
       .doc = type == "prompts" ? "Rows of a file; one file a split if absent."
                                : "Rows of a file; the stage's own shards if absent.",
       .min = 1},
      {.key = "provenance",
       .type = T::kBool,
       .doc = "Keep the columns that say where each row came from.",
       .fallback = "true"},
      {.key = "overwrite",
       .type = T::kBool,
       .doc = "Add a release although the folder's latest one is of other rows.",
       .fallback = "false"},
  };
  spec.fields.insert(spec.fields.end(), more.begin(), more.end());
  return spec;
}

Field CompressionLevel() {
  return {.key = "compression_level",
          .type = T::kInteger,
          .doc = "The effort: 1 to 22 for zstd, 1 to 9 for gzip.",
          .fallback = "1",
          .min = 1,
          .max = 22};
}

Field JsonlCompression() {
  return {.key = "compression",
          .type = T::kChoice,
          .doc = "How the files are compressed.",
          .fallback = "none",
          .choices = {"none", "gzip", "zstd"}};
}

const ObjectSpec& TurnsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "turns",
      .doc = "The earlier turns of a conversation: one list column (`from`), or two in pairs.",
      .fields = {
          {.key = "from",
           .type = T::kText,
           .doc = "A list column: of structs with a role and a content, or of texts by user and "
                  "assistant in turn."},
          {.key = "role",
           .type = T::kText,
           .doc = "The member of `from` that holds the role.",
           .fallback = "role"},
          {.key = "content",
           .type = T::kText,
           .doc = "The member of `from` that holds the content.",
           .fallback = "content"},
          {.key = "user",
           .type = T::kText,
           .doc = "A list column of what the user says; with `assistant`, instead of `from`."},
          {.key = "assistant",
           .type = T::kText,
           .doc = "A list column of what the assistant answers."},
      }};
  return *spec;
}

const ObjectSpec& SplitSpec() {
  static const auto* spec =
      new ObjectSpec{.name = "split",
                     .doc = "Validation and test files, chosen by a keyed hash of a column.",
                     .fields = {
                         {.key = "by",
                          .type = T::kText,
                          .doc = "The column: rows that agree in it stay in one split.",
                          .required = true},
                         {.key = "validation",
                          .type = T::kNumber,
                          .doc = "The share of rows for validation.",
                          .fallback = "0",
                          .number_min = 0,
                          .number_max = 1},
                         {.key = "test",
                          .type = T::kNumber,
                          .doc = "The share of rows for test.",
                          .fallback = "0",
                          .number_min = 0,
                          .number_max = 1},
                     }};
  return *spec;
}

std::vector<Field> PromptFields() {
  const auto text = [](const char* key, const char* doc) {
    return Field{.key = key, .type = T::kText, .doc = doc};
  };
  return {
      {.key = "shape",
       .type = T::kChoice,
       .doc = "The shape of a line.",
       .required = true,
       .choices = exporting::ShapeNames()},
      text("text", "The template of the shape `text`."),
      text("system",
           "The template of the system message, for `messages` and `sharegpt`; left out "
           "of a prompt where it is empty."),
      text("prompt", "The template of what the user says, or of the instruction."),
      text("input", "The template of the instruction's input, for `alpaca`; may be empty."),
      text("completion", "The template of the answer."),
      {.key = "turns",
       .type = T::kObject,
       .doc = "The earlier turns, for `messages` and `sharegpt`.",
       .object = &TurnsSpec()},
      {.key = "split",
       .type = T::kObject,
       .doc = "Without it all prompts are for training.",
       .object = &SplitSpec()},
      {.key = "max_chars",
       .type = T::kInteger,
       .doc = "A prompt with more characters, all its texts together, is rejected.",
       .min = 1},
      {.key = "max_tokens_approx",
       .type = T::kInteger,
       .doc = "Likewise for tokens, counted as one for every four bytes of UTF-8.",
       .min = 1},
      JsonlCompression(),
      CompressionLevel(),
  };
}

const ObjectSpec& ExportSpec() {
  static const auto* parquet =
      new ObjectSpec(ExportVariant("parquet", "Parquet files, compressed with zstd.",
                                   {{.key = "rows_per_row_group",
                                     .type = T::kInteger,
                                     .doc = "Rows of a row group.",
                                     .fallback = "131072",
                                     .min = 1},
                                    {.key = "partition_by",
                                     .type = T::kTexts,
                                     .doc = "Columns whose values become folders, `column=value/`.",
                                     .min = 1},
                                    CompressionLevel()}));
  static const auto* jsonl = new ObjectSpec(ExportVariant(
      "jsonl", "JSON objects, one a line.", {JsonlCompression(), CompressionLevel()}));
  static const auto* prompts = new ObjectSpec(ExportVariant(
      "prompts", "JSON Lines in a shape that trainers read, from templates over the columns.",
      PromptFields()));
  static const auto* spec = new ObjectSpec{.name = "export",
                                           .doc = "Rows published to the outside.",
                                           .variants = {parquet, jsonl, prompts}};
  return *spec;
}

const ObjectSpec& LimitsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "limits",
      .doc = "What a run may use. Limits never change what is written.",
      .fields = {
          {.key = "memory",
           .type = T::kSize,
           .doc = "The most memory; if absent 2 GiB, or 60 % of the machine's where that is less.",
           .min = 64 * kMiB,
           .max = 64 * kTiB},
          {.key = "threads",
           .type = T::kInteger,
           .doc = "Worker threads; if absent one per CPU the process may use.",
           .min = 1,
           .max = 1024},
          {.key = "scratch",
           .type = T::kPath,
           .doc = "The local folder for what waits to be sent to an object store and for what "
                  "does not fit into memory there; if absent the system's temporary folder."},
      }};
  return *spec;
}

const ObjectSpec& RejectsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "rejects",
      .doc = "What reject files hold of tables with sensitive columns.",
      .fields = {
          {.key = "sensitive",
           .type = T::kChoice,
           .doc = "Of raw records, and of values that are sensitive or may be: `keep` the raw "
                  "records, put a keyed `hash` (HMAC-SHA256) in the place of both, or `drop` both.",
           .fallback = "keep",
           .choices = {"keep", "hash", "drop"}},
          {.key = "hash_key",
           .type = T::kText,
           .doc = "The key of `hash`: ${env:NAME}, ${file:path} or ${vault:path#field}.",
           .secret = true},
      }};
  return *spec;
}

}  // namespace

const Field* ObjectSpec::Find(const std::string& key) const {
  for (const Field& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::vector<std::string> ObjectSpec::Keys() const {
  std::vector<std::string> keys;
  for (const Field& field : fields) keys.push_back(field.key);
  return keys;
}

const ObjectSpec& PipelineSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "pipeline",
      .doc = "A pipeline: sources in, a contract for their rows, exports out.",
      .fields = {
          {.key = "version",
           .type = T::kInteger,
           .doc = "The version of this format: 1.",
           .required = true,
           .min = 1,
           .max = 1},
          {.key = "name", .type = T::kTitle, .doc = "The pipeline's name.", .required = true},
          {.key = "workspace",
           .type = T::kPath,
           .doc =
               "The folder of everything runs leave behind, or the URL of one in an object store.",
           .fallback = "./workspace"},
          {.key = "seed",
           .type = T::kInteger,
           .doc = "The seed of every random choice.",
           .fallback = "0",
           .min = 0},
          {.key = "params",
           .type = T::kNamedTexts,
           .doc = "Values used as `${name}` elsewhere and set with --set name=value; one without "
                  "a value must be set.",
           .is_params = true},
          {.key = "limits",
           .type = T::kObject,
           .doc = "What a run may use.",
           .object = &LimitsSpec()},
          {.key = "vault",
           .type = T::kObject,
           .doc = "Where secrets are kept that the config names as ${vault:path#field}.",
           .object = &VaultSpec()},
          {.key = "rejects",
           .type = T::kObject,
           .doc = "What reject files hold of tables with sensitive columns.",
           .object = &RejectsSpec()},
          {.key = "storage",
           .type = T::kNamedObjects,
           .doc = "How object stores and web servers are reached, by name.",
           .max = 1'000,
           .object = &StorageSpec()},
          {.key = "sources",
           .type = T::kNamedObjects,
           .doc = "Where rows come from, by name; rows keep the order of the sources.",
           .required = true,
           .min = 1,
           .max = 10'000,
           .object = &SourceSpec()},
          {.key = "contract",
           .type = T::kObject,
           .doc = "What all rows must look like: the short form for a pipeline with one table. "
                  "Without any contract one is inferred.",
           .object = &ContractSpec()},
          {.key = "contracts",
           .type = T::kNamedObjects,
           .doc = "Several contracts by name; each source names its own.",
           .min = 1,
           .max = 10'000,
           .object = &ContractSpec()},
          {.key = "exports",
           .type = T::kNamedObjects,
           .doc = "What is published, by name. Without exports a run ends with the stage.",
           .max = 10'000,
           .object = &ExportSpec()},
      }};
  return *spec;
}

const std::vector<std::string>& FromKeys() {
  static const auto* keys = new std::vector<std::string>{"path", "const", "expr"};
  return *keys;
}

}  // namespace millrace::pipeline
