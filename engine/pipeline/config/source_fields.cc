#include "pipeline/config/source_fields.h"

#include "io/csv/csv_reader.h"
#include "pipeline/config/rest_fields.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kKiB = 1024, kGiB = kKiB * 1024 * 1024;

using T = FieldType;

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
  static const VariantFamily family = {
      "source",
      "The format of the files, `hf` or `dataset` for datasets, `rest` for an API.",
      {"csv", "dataset", "fixed_width", "hf", "jsonl", "parquet", "rest", "xml"}};
  more.push_back({.key = "contract",
                  .type = T::kName,
                  .doc = "The contract of its rows, by its name under `contracts`."});
  more.push_back({.key = "limits",
                  .type = T::kObject,
                  .doc = "How many rejects a run puts up with.",
                  .object = &SourceLimitsSpec()});
  more.push_back({.key = "keep_rows",
                  .type = T::kBool,
                  .doc =
                      "Whether a run keeps the rows in its workspace as they were ingested, also "
                      "where only stages read them, which could do so in the files.",
                  .fallback = "false"});
  return VariantSpec(family, type, doc, std::move(more));
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

}  // namespace

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
  static const auto* dataset = new ObjectSpec(SourceVariant(
      "dataset",
      "A dataset that a Python program hands to the run; docs/guides/python.md explains it.",
      {{.key = "stream_split_rows",
        .type = T::kInteger,
        .doc = "Of a streaming dataset: how many rows are stored together and read as a split.",
        .fallback = "65536",
        .min = 1,
        .max = 1 << 24}}));
  static const auto* hf = new ObjectSpec(SourceVariant(
      "hf",
      "A folder of Hugging Face datasets: what `save_to_disk` wrote, or Parquet files in the "
      "layout of the Hub. With `load`, in a Python program, what `load_dataset` gives.",
      {{.key = "path",
        .type = T::kPath,
        .doc = "The folder, on disk. Needed where there is no `load`."},
       {.key = "split",
        .type = T::kName,
        .doc = "Which split of it; may be left out where there is one."},
       {.key = "load",
        .type = T::kNamedTexts,
        .doc = "Instead of `path`: how `datasets.load_dataset` is called, by its arguments; lists "
               "and maps as JSON. Only Python can run it."}}));
  static const auto* spec =
      new ObjectSpec{.name = "source",
                     .doc = "Where rows come from.",
                     .variants = {csv, dataset, fixed_width, hf, jsonl, parquet, rest, xml}};
  return *spec;
}

}  // namespace millrace::pipeline
