// exact_dedup and unique: the first of rows that are equal in some columns.
#include <algorithm>

#include "op/operator_list.h"

namespace millrace::op {
namespace {

// The columns that the parameter `key` names, each once; empty, reported, when one is wrong.
std::vector<std::string> ColumnsOf(const Request& request, std::string_view key) {
  std::vector<std::string> names;
  const ConfigValue* list = request.parameters().Find(key);
  if (list == nullptr || request.columns() == nullptr) return names;
  std::vector<ConfigValue> items = list->items;
  if (list->kind == ConfigValue::Kind::kText) items = {*list};
  for (const ConfigValue& item : items) {
    if (request.Column(item) < 0) continue;
    if (std::find(names.begin(), names.end(), item.text) != names.end()) {
      request.Report(*list, ErrorCode::kDuplicateName, "`" + item.text + "` is named twice");
    }
    names.push_back(item.text);
  }
  return names;
}

std::shared_ptr<const Operator> MakeExactDedup(const Request& request) {
  auto columns = ColumnsOf(request, "fields");
  const ConfigValue* as = request.parameters().Find("index_as");
  if (as != nullptr && request.parameters().Find("index") == nullptr) {
    request.Report(*as, ErrorCode::kBadValue, "`index_as` has no effect without `index`");
  }
  if (!request.ready()) return nullptr;
  const std::string column = columns.size() == 1 ? columns.front() : "";
  KeyFilterOptions options;
  options.nulls_equal = request.parameters().Text("nulls") == "equal";
  options.verify = request.parameters().Bool("verify");
  options.index = request.parameters().Text("index");
  options.index_as = request.parameters().Text("index_as");
  return std::make_shared<KeyFilter>(
      std::move(columns), std::move(options),
      Reason{"exact_dedup.duplicate", column, "", "an earlier row has the same values"});
}

std::shared_ptr<const Operator> MakeUnique(const Request& request) {
  auto columns = ColumnsOf(request, "field");
  if (!request.ready()) return nullptr;
  const std::string column = columns.front();
  return std::make_shared<KeyFilter>(
      std::move(columns), KeyFilterOptions(),
      Reason{"unique.duplicate", column, "", "an earlier row has the same value"});
}

}  // namespace

OperatorType ExactDedup() {
  OperatorType type;
  type.name = "exact_dedup";
  type.version = 2;  // since 2 a value has the same digest whether nulls stand beside it or not
  type.kind = Kind::kFilter;
  type.global = true;
  type.keys_only = true;
  type.doc =
      "Keeps the first of rows that are equal in the fields, in the order of the input. "
      "Values are compared by 128-bit digests (XXH3).";
  type.parameters = {
      {.key = "fields",
       .type = FieldType::kTexts,
       .doc = "The columns to compare; together they are the key.",
       .required = true,
       .min = 1,
       .allow_single = true},
      {.key = "nulls",
       .type = FieldType::kChoice,
       .doc = "Whether null is `equal` to null, or a row with a null among the "
              "fields is `exempt`.",
       .fallback = "equal",
       .choices = {"equal", "exempt"}},
      {.key = "verify",
       .type = FieldType::kBool,
       .doc = "Compare the values of rows whose digests are equal, too. It reads the "
              "fields once more."},
      {.key = "index",
       .type = FieldType::kPath,
       .doc = "A folder or URL that holds digests of rows beyond this stage. Rows "
              "that others have put there are dropped; when the stage is done, the "
              "rows it kept are there as well."},
      {.key = "index_as",
       .type = FieldType::kName,
       .doc = "The name of this stage's rows in the `index`: what is there under "
              "that name is not looked at, but replaced. If absent pipeline, stage "
              "and id."}};
  type.example = "{id: once, type: exact_dedup, fields: [text]}";
  type.make = MakeExactDedup;
  return type;
}

OperatorType Unique() {
  OperatorType type;
  type.name = "unique";
  type.kind = Kind::kFilter;
  type.global = true;
  type.keys_only = true;
  type.doc =
      "Keeps the first of rows with the same value, as `unique: true` of a contract's column "
      "does; null is exempt.";
  type.parameters = {{.key = "field",
                      .type = FieldType::kText,
                      .doc = "The column whose values are to be unique.",
                      .required = true}};
  type.example = "{id: by_url, type: unique, field: url}";
  type.make = MakeUnique;
  return type;
}

}  // namespace millrace::op
