#include "pipeline/config/fields.h"

#include "pipeline/config/export_fields.h"
#include "pipeline/config/hook_fields.h"
#include "pipeline/config/source_fields.h"
#include "pipeline/config/stage_fields.h"
#include "pipeline/config/storage_fields.h"
#include "pipeline/config/vault.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kMiB = 1024 * 1024, kTiB = kMiB * 1024 * 1024;

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

const ObjectSpec& PipelineSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "pipeline",
      .doc =
          "A pipeline: sources in, a contract for their rows, stages that curate them, exports "
          "out.",
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
          {.key = "at_step",
           .type = T::kInteger,
           .doc = "The step at which mixtures with `curriculum_by: step` are drawn; if absent 0. "
                  "--at-step replaces it.",
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
          {.key = "model_contract",
           .type = T::kPath,
           .doc = "The file in which the model's team says what it asks of the rows "
                  "(docs/model_contract.md)."},
          {.key = "inputs",
           .type = T::kNamedObjects,
           .doc = "The `inputs` of the first stage.",
           .min = 1,
           .max = 255,
           .object = &StageInputSpec()},
          {.key = "mixture",
           .type = T::kObject,
           .doc = "The `mixture` of the first stage.",
           .object = &MixtureSpec()},
          {.key = "stages",
           .type = T::kObjects,
           .doc = "What is done to the rows between ingest and the exports, stage by stage "
                  "(docs/stages.md).",
           .max = 1'000,
           .object = &StageSpec()},
          {.key = "hooks",
           .type = T::kObject,
           .doc = "Commands that are told how stages come on (docs/hooks.md). They shape nothing.",
           .object = &HooksSpec()},
          {.key = "exports",
           .type = T::kNamedObjects,
           .doc = "What is published, by name. Without exports a run ends with its last stage.",
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
