#include "pipeline/config/rest_fields.h"

#include "pipeline/config/auth.h"
#include "pipeline/config/rest_paging.h"

namespace millrace::pipeline {
namespace {

constexpr int64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

using T = FieldType;

const ObjectSpec& PartitionsSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "partitions",
      .doc = "The endpoint is asked for each of these values; each has pages of its own.",
      .fields = {{.key = "name",
                  .type = T::kName,
                  .doc = "Its value stands wherever {name} is in `url`, `params`, `headers` and "
                         "`body`.",
                  .required = true},
                 {.key = "values",
                  .type = T::kTexts,
                  .doc = "The values, each of which becomes part of row ids.",
                  .required = true,
                  .min = 1}}};
  return *spec;
}

const ObjectSpec& ResponseRuleSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "response rule",
      .doc =
          "What an answer means. The first rule that fits decides; without one 2xx is a page "
          "and anything else an error.",
      .fields = {
          {.key = "status", .type = T::kText, .doc = "A status or a range of them: 404, 500-599."},
          {.key = "body",
           .type = T::kText,
           .doc = "A path; the rule fits when the answer has something there other than "
                  "null and false."},
          {.key = "action",
           .type = T::kChoice,
           .doc = "The answer is a page, an error, to be asked for again, or holds no "
                  "records.",
           .required = true,
           .choices = {"success", "fail", "retry", "ignore"}}}};
  return *spec;
}

const ObjectSpec& RateSpec() {
  static const auto* spec =
      new ObjectSpec{.name = "rate limit",
                     .doc = "How often a host is asked, whoever asks it in the run.",
                     .fields = {{.key = "requests_per_second",
                                 .type = T::kNumber,
                                 .doc = "The most requests a second.",
                                 .required = true,
                                 .number_min = 0.001,
                                 .number_max = 100'000},
                                {.key = "burst",
                                 .type = T::kInteger,
                                 .doc = "So many may go at once after a rest.",
                                 .fallback = "1",
                                 .min = 1,
                                 .max = 100'000}}};
  return *spec;
}

const ObjectSpec& RetrySpec() {
  static const auto* spec = new ObjectSpec{
      .name = "retry",
      .doc =
          "What is tried again: answers with 408, 425, 429 and 5xx, and requests without a whole "
          "answer. Waits grow, and keep to `Retry-After`.",
      .fields = {{.key = "attempts",
                  .type = T::kInteger,
                  .doc = "The most attempts of a request; 1: none is made again.",
                  .fallback = "6",
                  .min = 1,
                  .max = 100},
                 {.key = "seconds",
                  .type = T::kInteger,
                  .doc = "No attempt begins later than this after the first.",
                  .fallback = "600",
                  .min = 0,
                  .max = 86'400},
                 {.key = "retry_after_max_seconds",
                  .type = T::kInteger,
                  .doc = "A longer `Retry-After` is cut down to this.",
                  .fallback = "300",
                  .min = 0,
                  .max = 86'400},
                 {.key = "post",
                  .type = T::kBool,
                  .doc = "A POST changes nothing and may be made again.",
                  .fallback = "false"}}};
  return *spec;
}

std::vector<Field> RequestFields() {
  return {{.key = "url",
           .type = T::kText,
           .doc = "The endpoint: an absolute http or https URL.",
           .required = true},
          {.key = "method",
           .type = T::kChoice,
           .doc = "How it is asked.",
           .fallback = "GET",
           .choices = {"GET", "POST"}},
          {.key = "params", .type = T::kNamedTexts, .doc = "Parameters of the query, by name."},
          {.key = "headers", .type = T::kNamedTexts, .doc = "Headers of the request, by name."},
          {.key = "body", .type = T::kText, .doc = "The body of a POST."}};
}

Field RecordsField() {
  return {.key = "records",
          .type = T::kText,
          .doc = "The path of the records in a JSON answer, for example $.data[*].",
          .fallback = "$"};
}

Field RecordsMayMissField() {
  return {.key = "records_may_miss",
          .type = T::kBool,
          .doc = "A page without anything at `records` has no records, and is no error.",
          .fallback = "false"};
}

Field PaginateField() {
  return {.key = "paginate",
          .type = T::kObject,
          .doc = "How the pages follow one another; without it one answer is all.",
          .object = &PagingSpec()};
}

const ObjectSpec& ParentSpec() {
  static const auto* spec = [] {
    auto* parent = new ObjectSpec{
        .name = "parent",
        .doc =
            "Another endpoint of the same host: the source's own is asked for each of its "
            "records.",
        .fields = {{.key = "name",
                    .type = T::kName,
                    .doc = "The parent's key stands wherever {name} is in the source's own `url`, "
                           "`params`, `headers` and `body`.",
                    .required = true},
                   {.key = "key",
                    .type = T::kText,
                    .doc = "The path of the key in a parent's record; it becomes part of row ids.",
                    .required = true},
                   {.key = "carry",
                    .type = T::kNamedTexts,
                    .doc = "Members that every record gets of its parent: names, and paths in the "
                           "parent's record."}}};
    for (Field& field : RequestFields()) parent->fields.push_back(std::move(field));
    parent->fields.push_back(PaginateField());
    parent->fields.push_back(RecordsField());
    parent->fields.push_back(RecordsMayMissField());
    return parent;
  }();
  return *spec;
}

const ObjectSpec& IncrementalSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "incremental",
      .doc =
          "After the first fetch only what is new is asked for, partition by partition; the new "
          "pages follow the old ones.",
      .fields = {
          {.key = "param",
           .type = T::kText,
           .doc = "The parameter that takes the greatest value seen so far.",
           .required = true},
          InField(),
          {.key = "field",
           .type = T::kText,
           .doc = "The path of the value in a record.",
           .required = true},
          {.key = "form",
           .type = T::kChoice,
           .doc = "What the values are; it decides which is greater.",
           .fallback = "timestamp",
           .choices = {"date", "timestamp", "unix", "unix_ms", "integer", "text"}},
          {.key = "initial",
           .type = T::kText,
           .doc = "What the first fetch sends; nothing if absent."},
          {.key = "lookback",
           .type = T::kText,
           .doc = "How far before the greatest value the next fetch begins: of times a number and "
                  "s, m, h or d, of integers a number. What comes again is a row again."}}};
  return *spec;
}

std::vector<Field> AnswerFields() {
  return {{.key = "format",
           .type = T::kChoice,
           .doc = "What an answer's body is, whatever its headers say; compressed ones are told by "
                  "their first bytes.",
           .fallback = "json",
           .choices = {"json", "jsonl", "csv"}},
          RecordsField(),
          RecordsMayMissField(),
          {.key = "record_bytes_max",
           .type = T::kSize,
           .doc = "A longer record is a reject.",
           .fallback = "16MiB",
           .min = kKiB,
           .max = kGiB},
          {.key = "total",
           .type = T::kText,
           .doc = "The path of the number of all records in a JSON answer: it is compared with "
                  "what the pages held."},
          {.key = "total_mismatch",
           .type = T::kChoice,
           .doc = "What a difference means.",
           .fallback = "fail",
           .choices = {"fail", "warn", "ignore"}},
          {.key = "responses",
           .type = T::kNamedObjects,
           .doc = "What answers mean, by a name of your own; the first that fits decides.",
           .max = 100,
           .object = &ResponseRuleSpec()}};
}

std::vector<Field> ConductFields() {
  return {{.key = "max_pages",
           .type = T::kInteger,
           .doc = "The most pages of a partition; more are an error.",
           .fallback = "10000",
           .min = 1,
           .max = 9'999'999},
          {.key = "page_bytes_max",
           .type = T::kSize,
           .doc = "A longer page is an error.",
           .fallback = "64MiB",
           .min = kKiB,
           .max = kGiB},
          {.key = "concurrency",
           .type = T::kInteger,
           .doc = "How many partitions are fetched at once.",
           .fallback = "4",
           .min = 1,
           .max = 64},
          {.key = "timeout_seconds",
           .type = T::kInteger,
           .doc = "The longest wait for an answer, or for its next byte.",
           .fallback = "60",
           .min = 1,
           .max = 3600},
          {.key = "rate_limit",
           .type = T::kObject,
           .doc = "How often the host is asked; without it, as fast as it answers.",
           .object = &RateSpec()},
          {.key = "retry",
           .type = T::kObject,
           .doc = "How often and how long a request is tried.",
           .object = &RetrySpec()},
          AuthField(),
          {.key = "ca_file",
           .type = T::kPath,
           .doc = "A PEM file of the authorities to trust; the system's if absent."},
          {.key = "allow_private",
           .type = T::kBool,
           .doc = "Addresses of this machine and of private networks may be asked.",
           .fallback = "false"}};
}

}  // namespace

std::vector<Field> RestFields() {
  std::vector<Field> fields = RequestFields();
  fields.push_back(PaginateField());
  fields.push_back({.key = "partitions",
                    .type = T::kObject,
                    .doc = "Values for which the endpoint is asked one by one.",
                    .object = &PartitionsSpec()});
  fields.push_back({.key = "parent",
                    .type = T::kObject,
                    .doc = "An endpoint for each of whose records this one is asked.",
                    .object = &ParentSpec()});
  fields.push_back({.key = "incremental",
                    .type = T::kObject,
                    .doc = "How to ask only for what is new.",
                    .object = &IncrementalSpec()});
  for (Field& field : AnswerFields()) fields.push_back(std::move(field));
  for (Field& field : ConductFields()) fields.push_back(std::move(field));
  return fields;
}

}  // namespace millrace::pipeline
