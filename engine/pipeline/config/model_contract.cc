#include "pipeline/config/model_contract.h"

#include <algorithm>

#include "base/sha256.h"
#include "contract/contract.h"
#include "pipeline/config/canonical.h"
#include "pipeline/config/problems.h"
#include "pipeline/config/references.h"
#include "pipeline/config/walk.h"

namespace millrace::pipeline {
namespace {

using contract::Requirement;

std::optional<int64_t> OptionalInteger(const ConfigValue& value, const char* key) {
  const ConfigValue* member = value.Find(key);
  return member == nullptr ? std::nullopt : std::optional<int64_t>(member->integer);
}

class Build {
 public:
  Build(const ConfigValue& root, const std::vector<std::string>& tables, ConfigProblems* problems)
      : root_(root), tables_(tables), problems_(problems) {}

  contract::ModelContract Run() {
    contract::ModelContract model;
    model.model = root_.Text("model");
    model.owner = root_.Text("owner");
    model.composition = root_.Texts("composition");
    const ConfigValue* requirements = root_.Find("requirements");
    if (requirements == nullptr) return model;
    for (const auto& [id, value] : requirements->members) {
      if (value.kind != ConfigValue::Kind::kObject) continue;
      model.requirements.push_back(BuildRequirement(id, value));
    }
    return model;
  }

 private:
  Requirement BuildRequirement(const std::string& id, const ConfigValue& value) {
    Requirement requirement;
    requirement.id = id;
    requirement.statement = value.Text("statement");
    requirement.type = value.spec->type_value;
    requirement.table = value.Text("table");
    const std::string on_fail = value.Text("on_fail", root_.Text("on_fail"));
    requirement.on_unmet = on_fail == "fail" ? contract::OnUnmet::kFail : contract::OnUnmet::kWarn;
    if (const ConfigValue* share = value.Find("max_fraction")) {
      requirement.max_fraction = share->number;
    }
    CheckTable(value);
    requirement.check = BuildCheck(requirement.type, value);
    return requirement;
  }

  void CheckTable(const ConfigValue& value) {
    std::string names;
    for (const std::string& table : tables_) names += (names.empty() ? "`" : ", `") + table + "`";
    const ConfigValue* named = value.Find("table");
    const std::string table = named == nullptr ? "" : named->text;
    if (std::find(tables_.begin(), tables_.end(), table) != tables_.end()) return;
    if (named == nullptr) {
      if (value.IsWritten("table") || tables_.empty()) return;
      problems_->Add(ErrorCode::kMissingKey, value.span, "`table` is missing",
                     "the pipeline has several contracts: name one of " + names);
      return;
    }
    std::string suggestion = DidYouMean(table, tables_);
    if (suggestion.empty()) {
      const bool short_form = tables_.size() == 1 && tables_[0].empty();
      suggestion = short_form ? "the pipeline has one contract without a name: leave it out"
                              : "its contracts are " + names;
    }
    problems_->Add(ErrorCode::kUnknownReference, named->span,
                   "the pipeline has no contract `" + table + "`", suggestion);
  }

  contract::Check BuildCheck(const std::string& type, const ConfigValue& value) {
    if (type == "fields") return BuildFields(value);
    if (type == "nulls") return contract::NullsCheck{value.Texts("columns")};
    if (type == "length") return BuildLength(value);
    if (type == "pii") return BuildPii(value);
    if (type == "size") return BuildSize(value);
    if (type == "duplicates" || type == "unique") {
      return contract::DuplicatesCheck{value.Texts("columns"), type == "unique"};
    }
    contract::ValuesCheck check{value.Text("column"), value.Texts("allowed")};
    if (type == "languages") check.kind = contract::ValueKind::kLanguage;
    if (type == "licences") check.kind = contract::ValueKind::kLicence;
    return check;
  }

  contract::FieldsCheck BuildFields(const ConfigValue& value) {
    contract::FieldsCheck check;
    const ConfigValue* fields = value.Find("fields");
    if (fields == nullptr) return check;
    if (fields->members.empty()) {
      problems_->Add(ErrorCode::kBadValue, fields->span, "`fields` is empty",
                     "name at least one column");
    }
    for (const auto& [name, type] : fields->members) {
      if (type.kind != ConfigValue::Kind::kText) continue;
      if (type.text == "any") {
        check.fields.emplace_back(name, "");
        continue;
      }
      bool is_json = false;
      const auto parsed = contract::ParseType(type.text, &is_json);
      if (!parsed.ok()) {
        Diagnostic problem = DiagnosticsOf(parsed.status()).front();
        problems_->Add(problem.code, type.span, problem.message, problem.suggestion);
        continue;
      }
      check.fields.emplace_back(name, is_json ? "json" : contract::TypeText(**parsed));
    }
    return check;
  }

  void CheckBounds(const ConfigValue& value, const char* least, const char* most) {
    const ConfigValue* min = value.Find(least);
    const ConfigValue* max = value.Find(most);
    if (min == nullptr || max == nullptr || min->integer <= max->integer) return;
    problems_->Add(ErrorCode::kBadValue, max->span,
                   std::string("`") + most + "` is less than `" + least + "`");
  }

  contract::LengthCheck BuildLength(const ConfigValue& value) {
    if (!value.IsWritten("min") && !value.IsWritten("max")) {
      problems_->Add(ErrorCode::kMissingKey, value.span, "neither `min` nor `max` is given");
    }
    CheckBounds(value, "min", "max");
    contract::LengthCheck check;
    check.column = value.Text("column");
    check.min = OptionalInteger(value, "min");
    check.max = OptionalInteger(value, "max");
    const std::string unit = value.Text("unit", "characters");
    check.unit = unit == "bytes"   ? contract::LengthUnit::kBytes
                 : unit == "words" ? contract::LengthUnit::kWords
                                   : contract::LengthUnit::kCharacters;
    return check;
  }

  contract::PiiCheck BuildPii(const ConfigValue& value) {
    contract::PiiCheck check;
    check.columns = value.Texts("columns");
    const ConfigValue* kinds = value.Find("kinds");
    if (kinds == nullptr) return check;
    check.kinds = 0;
    const std::vector<std::string>& names = contract::PiiNames();
    for (const ConfigValue& item : kinds->items) {
      const auto found = std::find(names.begin(), names.end(), item.text);
      if (found == names.end()) {
        std::string known;
        for (const std::string& name : names) known += (known.empty() ? "`" : ", `") + name + "`";
        std::string suggestion = DidYouMean(item.text, names);
        if (suggestion.empty()) suggestion = "the kinds are " + known;
        problems_->Add(ErrorCode::kBadValue, item.span,
                       "`" + item.text + "` is no kind of personal data that is looked for",
                       suggestion);
        continue;
      }
      check.kinds |= 1u << (found - names.begin());
    }
    return check;
  }

  contract::SizeCheck BuildSize(const ConfigValue& value) {
    bool bounded = false;
    for (const char* key : {"min_rows", "max_rows", "min_bytes", "max_bytes"}) {
      bounded = bounded || value.IsWritten(key);
    }
    if (!bounded) {
      problems_->Add(ErrorCode::kMissingKey, value.span, "no size is given",
                     "write `min_rows`, `max_rows`, `min_bytes` or `max_bytes`");
    }
    CheckBounds(value, "min_rows", "max_rows");
    CheckBounds(value, "min_bytes", "max_bytes");
    contract::SizeCheck check;
    check.min_rows = OptionalInteger(value, "min_rows");
    check.max_rows = OptionalInteger(value, "max_rows");
    check.min_bytes = OptionalInteger(value, "min_bytes");
    check.max_bytes = OptionalInteger(value, "max_bytes");
    return check;
  }

  const ConfigValue& root_;
  const std::vector<std::string>& tables_;
  ConfigProblems* problems_;
};

}  // namespace

Result<LoadedModelContract> ParseModelContract(const std::string& text, const std::string& shown,
                                               const std::string& base_dir,
                                               const std::vector<std::string>& tables) {
  const ConfigTree tree = ParseConfigTree(text, shown);
  ConfigProblems problems(&tree);
  FindSecrets(tree.root, &problems);
  for (const Diagnostic& problem : tree.problems) {
    // Of half a tree the rest would look as if it were missing.
    if (problem.code == ErrorCode::kYamlSyntax) return MakeError(problems.Finish());
  }
  ReferenceScope scope;
  scope.base_dir = base_dir;
  const ConfigValue value = WalkConfig(tree.root, ModelContractSpec(), scope, &problems);
  LoadedModelContract loaded;
  if (value.kind == ConfigValue::Kind::kObject) {
    loaded.contract = Build(value, tables, &problems).Run();
  }
  if (!problems.empty()) return MakeError(problems.Finish());
  loaded.resolved_yaml = ResolvedYaml(value);
  loaded.contract.sha256 = Sha256Hex(loaded.resolved_yaml);
  return loaded;
}

}  // namespace millrace::pipeline
