#include "pipeline/config/export_fields.h"

#include "export/prompts/prompt_options.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

ObjectSpec ExportVariant(const std::string& type, const std::string& doc, std::vector<Field> more) {
  static const VariantFamily family = {
      "export", "The format to write.", {"parquet", "jsonl", "prompts"}};
  std::vector<Field> fields = {
      {.key = "path",
       .type = T::kPath,
       .doc = "The folder that releases are written into, each in a folder of its own; on disk or "
              "a URL.",
       .required = true},
      {.key = "contract",
       .type = T::kName,
       .doc = "The table to export as it was ingested, where the pipeline has several contracts."},
      {.key = "from",
       .type = T::kName,
       .doc = "The stage to export; if absent the last one, or without stages the table."},
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
  fields.insert(fields.end(), more.begin(), more.end());
  return VariantSpec(family, type, doc, std::move(fields));
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

}  // namespace

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

}  // namespace millrace::pipeline
