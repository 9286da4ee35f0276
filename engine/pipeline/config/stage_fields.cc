#include "pipeline/config/stage_fields.h"

#include "op/chain.h"
#include "op/filter/quota_filter.h"
#include "op/operator_table.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

const ObjectSpec& OutputSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "stage output",
      .doc = "How a stage's rows are stored.",
      .fields = {{.key = "rows_per_shard",
                  .type = T::kInteger,
                  .doc = "The most rows of a shard.",
                  .fallback = "1048576",
                  .min = 1},
                 {.key = "bytes_per_shard",
                  .type = T::kSize,
                  .doc = "The size with which a shard ends, in bytes of its rows in memory. Shards "
                         "of less than half of it, and of the rows, are joined with small "
                         "neighbours when the stage ends. If absent shards are as large as their "
                         "splits.",
                  .min = 1024},
                 {.key = "shards_multiple_of",
                  .type = T::kInteger,
                  .doc = "Divide the rows evenly among so many shards or a multiple of them, when "
                         "the stage ends. If absent any number.",
                  .min = 1,
                  .max = 100'000}}};
  return *spec;
}

const ObjectSpec& CapsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "input caps",
      .doc = "How much of an input may be drawn at most.",
      .fields = {{.key = "rows", .type = T::kInteger, .doc = "Its first rows.", .min = 0},
                 {.key = "bytes",
                  .type = T::kSize,
                  .doc = "Its first rows that have no more bytes together: those of their values "
                         "in Arrow's layout, without the engine's own columns.",
                  .min = 0}}};
  return *spec;
}

const ObjectSpec& InputSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "stage input",
      .doc = "A source or earlier stage whose rows a stage reads.",
      .fields = {
          {.key = "from",
           .type = T::kName,
           .doc = "The source or stage; if absent the one that the input is called."},
          {.key = "weight",
           .type = T::kNumber,
           .doc = "Its share of the mixture, held against the weights of the others; at most six "
                  "places after the point.",
           .fallback = "1",
           .number_min = 0,
           .number_max = 1e6},
          {.key = "caps",
           .type = T::kObject,
           .doc = "How much of it may be drawn at most.",
           .object = &CapsSpec()},
      }};
  return *spec;
}

const ObjectSpec& WeightChangeSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "curriculum step",
      .doc = "Other weights from a place of the mixture, or a step of the training, on.",
      .fields = {{.key = "at",
                  .type = T::kInteger,
                  .doc = "Where they begin, from 0: how much has been drawn by then, in the unit "
                         "of the mixture, or a step (`curriculum_by`).",
                  .required = true,
                  .min = 0},
                 {.key = "weights",
                  .type = T::kNamedTexts,
                  .doc = "The weight of each input by name; 0 for those that are not named.",
                  .required = true}}};
  return *spec;
}

}  // namespace

const ObjectSpec& MixtureSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "mixture",
      .doc = "In which proportion the rows of the inputs are drawn.",
      .fields = {
          {.key = "strategy",
           .type = T::kChoice,
           .doc = "`weighted`: by the weights of the inputs, exact within a row in every block of "
                  "1,024.",
           .fallback = "weighted",
           .choices = {"weighted"}},
          {.key = "unit",
           .type = T::kChoice,
           .doc = "What the weights count: `rows`, logical `bytes`, `tokens` or `images`. In the "
                  "latter the share of each input is exact within one row in every block of 4 MiB, "
                  "of 1,048,576 tokens or of 1,024 images; a row counts at least one.",
           .fallback = "rows",
           .choices = {"rows", "bytes", "tokens", "images"}},
          {.key = "tokens",
           .type = T::kText,
           .doc = "What counts the tokens of a row: a column, a measure, or an expression of them "
                  "that is a whole number. If absent the measure of a `token_count` of an earlier "
                  "stage, where there is exactly one."},
          {.key = "images",
           .type = T::kText,
           .doc = "What counts the images of a row: a column that holds them (binary, a struct "
                  "with a member `bytes` that is, or a list of either), or an expression that is a "
                  "whole number. If absent the column that holds images, where there is exactly "
                  "one; counted only where it is written or the `unit` is images."},
          {.key = "stop",
           .type = T::kChoice,
           .doc =
               "When it ends: at the `first_exhausted` input, when a row of it is due and none is "
               "left; at `all_exhausted`, when every input has given all its rows and the small "
               "ones have given them again; or `all_exhausted_without_replacement`, when every "
               "row has been drawn once.",
           .fallback = "first_exhausted",
           .choices = {"first_exhausted", "all_exhausted", "all_exhausted_without_replacement"}},
          {.key = "max_epochs",
           .type = T::kNamedTexts,
           .doc = "How often the rows of an input may be drawn, by name. If absent once, with "
                  "`all_exhausted` as often as it takes."},
          {.key = "curriculum",
           .type = T::kObjects,
           .doc = "Weights that change on the way, in order.",
           .max = 10'000,
           .object = &WeightChangeSpec()},
          {.key = "curriculum_by",
           .type = T::kChoice,
           .doc = "What `at` counts: what has been `drawn`, or the `step` of a training that takes "
                  "a new draw now and then: `at_step` says which it is, and all is drawn with the "
                  "weights that hold there.",
           .fallback = "drawn",
           .choices = {"drawn", "step"}},
      }};
  return *spec;
}

const ObjectSpec& StageInputSpec() { return InputSpec(); }

const ObjectSpec& StageSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "stage",
      .doc = "Operators over rows, with a result that lasts: what is done is not done again.",
      .fields = {
          {.key = "name",
           .type = T::kName,
           .doc = "The stage's name; no source may have it.",
           .required = true},
          {.key = "input",
           .type = T::kTexts,
           .doc = "The sources or earlier stages whose rows it reads, in this order. If absent the "
                  "stage before it, for the first one all sources.",
           .min = 1,
           .allow_single = true},
          {.key = "inputs",
           .type = T::kNamedObjects,
           .doc = "Instead of `input`: the inputs by name, with weights and caps.",
           .min = 1,
           .max = 255,
           .object = &InputSpec()},
          {.key = "mixture",
           .type = T::kObject,
           .doc = "Draw the rows of the `inputs` by their weights; if absent they come one input "
                  "after the other.",
           .object = &MixtureSpec()},
          {.key = "mode",
           .type = T::kChoice,
           .doc = "`incremental`, if absent: what is committed for the same rows and operators is "
                  "not done again. `overwrite`: each run builds the stage anew, beside the old "
                  "one, and switches when it is done.",
           .choices = {"incremental", "overwrite"}},
          {.key = "operators",
           .type = T::kObjects,
           .doc = "What is done to each row. Every row passes every instance once. A stage without "
                  "operators has a `mixture` or an `output_mixture`.",
           .max = static_cast<int64_t>(op::kInstancesMax),
           .object = &op::OperatorSpec()},
          {.key = "edges",
           .type = T::kTextLists,
           .doc = "Which instance comes before which, as pairs of ids. If absent they follow each "
                  "other as listed; otherwise an instance sees only what those before it wrote.",
           .min = 2,
           .max = 2},
          {.key = "output_mixture",
           .type = T::kObject,
           .doc = "Hand on a share of each of several buckets of rows, behind all operators.",
           .object = &op::OutputMixtureSpec()},
          {.key = "output",
           .type = T::kObject,
           .doc = "How its rows are stored.",
           .object = &OutputSpec()},
      }};
  return *spec;
}

}  // namespace millrace::pipeline
