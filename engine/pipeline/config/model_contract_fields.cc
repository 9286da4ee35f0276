#include "pipeline/config/model_contract.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

Field MaxFraction() {
  return {.key = "max_fraction",
          .type = T::kNumber,
          .doc = "The threshold: the share of the rows that may break it.",
          .fallback = "0",
          .number_min = 0,
          .number_max = 1};
}

Field Column() {
  return {.key = "column", .type = T::kText, .doc = "The column to look at.", .required = true};
}

Field Columns(const std::string& doc, bool required) {
  return {.key = "columns",
          .type = T::kTexts,
          .doc = doc,
          .required = required,
          .min = 1,
          .allow_single = true};
}

Field Count(const std::string& key, const std::string& doc) {
  return {.key = key, .type = T::kInteger, .doc = doc, .min = 0};
}

Field Bytes(const std::string& key, const std::string& doc) {
  return {.key = key, .type = T::kSize, .doc = doc, .min = 0};
}

ObjectSpec RequirementVariant(const std::string& type, const std::string& doc,
                              std::vector<Field> more) {
  static const VariantFamily family = {"requirement",
                                       "What is checked.",
                                       {"fields", "nulls", "length", "values", "languages",
                                        "licences", "duplicates", "unique", "pii", "size"}};
  std::vector<Field> fields = {
      {.key = "statement",
       .type = T::kTitle,
       .doc = "The requirement in a sentence, for the people who approve.",
       .required = true},
      {.key = "table",
       .type = T::kName,
       .doc = "The table it is about, where the pipeline has several contracts."},
      {.key = "on_fail",
       .type = T::kChoice,
       .doc = "What becomes of a run that does not meet it; if absent as the file says.",
       .choices = {"warn", "fail"}},
  };
  fields.insert(fields.end(), more.begin(), more.end());
  return VariantSpec(family, type, doc, std::move(fields));
}

std::vector<Field> AllowedFields(const std::string& doc) {
  return {Column(),
          {.key = "allowed",
           .type = T::kTexts,
           .doc = doc,
           .required = true,
           .min = 1,
           .allow_single = true},
          MaxFraction()};
}

const ObjectSpec* Variant(const std::string& type, const std::string& doc,
                          std::vector<Field> more) {
  return new ObjectSpec(RequirementVariant(type, doc, std::move(more)));
}

const ObjectSpec& RequirementSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "requirement",
      .doc = "One thing that the model's team asks of the rows.",
      .variants = {
          Variant("fields", "Columns that must be there, and their types.",
                  {{.key = "fields",
                    .type = T::kNamedTexts,
                    .doc = "Columns by name, each with its type as a contract names it, or `any`.",
                    .required = true,
                    .free_names = true}}),
          Variant("nulls", "How many rows may lack a value.",
                  {Columns("A row breaks it when one of these is null.", true), MaxFraction()}),
          Variant("length", "How long texts and lists are; null breaks nothing.",
                  {Column(),
                   Count("min", "The least length."),
                   Count("max", "The greatest length."),
                   {.key = "unit",
                    .type = T::kChoice,
                    .doc = "What the length of a text is counted in; lists count elements.",
                    .fallback = "characters",
                    .choices = {"characters", "bytes", "words"}},
                   MaxFraction()}),
          Variant("values", "Which values a column has; null is none of them.",
                  AllowedFields("The values allowed, as texts; compared as they stand.")),
          Variant("languages", "Which languages the rows are in; null is none of them.",
                  AllowedFields("Language codes: `de` allows `de`, `DE` and `de-AT`.")),
          Variant("licences", "Which licences the rows are under; null is none of them.",
                  AllowedFields("Licence tags, for example CC-BY-4.0; compared in any case.")),
          Variant("duplicates", "How many rows may repeat an earlier one; counted exactly.",
                  {Columns("The columns that are compared; all of them if absent.", false),
                   MaxFraction()}),
          Variant("unique", "No row repeats an earlier one.",
                  {Columns("The columns that are compared.", true)}),
          Variant("pii", "How many rows may show what looks like personal data.",
                  {Columns("The text columns to look at; all of them if absent.", false),
                   {.key = "kinds",
                    .type = T::kTexts,
                    .doc = "Of `email`, `phone`, `ipv4`, `ipv6`, `iban` and `card`; all of them if "
                           "absent.",
                    .min = 1,
                    .allow_single = true},
                   MaxFraction()}),
          Variant("size", "How large the table is.",
                  {Count("min_rows", "The fewest rows."), Count("max_rows", "The most rows."),
                   Bytes("min_bytes", "The least size of its committed files."),
                   Bytes("max_bytes", "The greatest size of its committed files.")}),
      }};
  return *spec;
}

}  // namespace

const ObjectSpec& ModelContractSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "model contract",
      .doc = "What the team that trains a model asks of the rows it is given.",
      .fields = {
          {.key = "version",
           .type = T::kInteger,
           .doc = "The version of this format: 1.",
           .required = true,
           .min = 1,
           .max = 1},
          {.key = "model", .type = T::kTitle, .doc = "The model's name.", .required = true},
          {.key = "owner", .type = T::kTitle, .doc = "The team that answers for this file."},
          {.key = "on_fail",
           .type = T::kChoice,
           .doc = "What becomes of a run that does not meet a requirement: `warn` publishes it and "
                  "its card says that it is not fit, `fail` publishes nothing.",
           .fallback = "warn",
           .choices = {"warn", "fail"}},
          {.key = "composition",
           .type = T::kTexts,
           .doc = "Columns whose values the card counts, besides those of `languages` and "
                  "`licences`.",
           .min = 1,
           .allow_single = true},
          {.key = "requirements",
           .type = T::kNamedObjects,
           .doc = "The requirements by id, in the order of the card.",
           .required = true,
           .min = 1,
           .max = 1'000,
           .object = &RequirementSpec()},
      }};
  return *spec;
}

}  // namespace millrace::pipeline
