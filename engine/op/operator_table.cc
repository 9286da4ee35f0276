#include "op/operator_table.h"

#include <algorithm>

#include "op/operator_list.h"

namespace millrace::op {
namespace {

using T = FieldType;

std::vector<std::string> TypeNames() {
  std::vector<std::string> names;
  for (const OperatorType& type : Operators()) names.push_back(type.name);
  return names;
}

std::vector<Field> CommonFields(const OperatorType& type) {
  std::vector<Field> fields = {
      {.key = "id",
       .type = T::kName,
       .doc = "The instance's name in the stage; its fields are `<id>_<name>`, its measures "
              "`<id>.<name>`.",
       .required = true}};
  if (type.kind != Kind::kFilter && !type.any_kind) return fields;
  if (!type.global) {
    fields.push_back({.key = "action",
                      .type = T::kChoice,
                      .doc =
                          "What becomes of a row it is against: `drop` it, or keep it and `tag` it "
                          "with the instance's id in `__fdf__/tags`.",
                      .fallback = "drop",
                      .choices = {"drop", "tag"}});
  }
  fields.push_back({.key = "rejects",
                    .type = T::kChoice,
                    .doc =
                        "What is kept of a dropped row: the `full` row as it came into the stage, "
                        "the `keys` (row id, rule, measured value), or a `count` alone.",
                    .fallback = type.keys_only ? "keys" : "full",
                    .choices = {"full", "keys", "count"}});
  return fields;
}

std::vector<OperatorType> MakeTable() {
  std::vector<OperatorType> table;
#define X(name) table.push_back(name());
  MILLRACE_OPERATORS(X)
#undef X
  std::sort(table.begin(), table.end(),
            [](const OperatorType& a, const OperatorType& b) { return a.name < b.name; });
  return table;
}

ObjectSpec MakeSpec() {
  static const auto* family =
      new VariantFamily{"operator", "What is done to the rows.", TypeNames()};
  ObjectSpec spec{.name = "operator", .doc = "An operator with its parameters (docs/operators/)."};
  for (const OperatorType& type : Operators()) {
    std::vector<Field> fields = CommonFields(type);
    fields.insert(fields.end(), type.parameters.begin(), type.parameters.end());
    spec.variants.push_back(
        new ObjectSpec(VariantSpec(*family, type.name, type.doc, std::move(fields))));
  }
  return spec;
}

}  // namespace

const std::vector<OperatorType>& Operators() {
  static const auto* table = new std::vector<OperatorType>(MakeTable());
  return *table;
}

const OperatorType* FindOperator(const std::string& name) {
  for (const OperatorType& type : Operators()) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

const ObjectSpec& OperatorSpec() {
  static const auto* spec = new ObjectSpec(MakeSpec());
  return *spec;
}

CommonParameters CommonOf(const ConfigValue& instance) {
  CommonParameters common;
  const std::string rejects = instance.Text("rejects");
  if (rejects == "keys") common.rejects = RejectDetail::kKeys;
  if (rejects == "count") common.rejects = RejectDetail::kCount;
  if (instance.Text("action") == "tag") common.action = Action::kTag;
  return common;
}

}  // namespace millrace::op
