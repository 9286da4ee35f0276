#include "pipeline/config/model_contract.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/testing/temp_folder.h"
#include "pipeline/config/loader.h"

namespace millrace::pipeline {
namespace {

const char* const kHead = "version: 1\nmodel: m\nrequirements:\n";

Result<LoadedModelContract> Parse(const std::string& requirements,
                                  const std::vector<std::string>& tables = {""}) {
  return ParseModelContract(kHead + requirements, "m.yaml", "/", tables);
}

Diagnostic Only(const std::string& requirements, const std::vector<std::string>& tables = {""}) {
  const auto loaded = Parse(requirements, tables);
  REQUIRE_FALSE(loaded.ok());
  const auto diagnostics = DiagnosticsOf(loaded.status());
  REQUIRE(diagnostics.size() == 1);
  return diagnostics[0];
}

}  // namespace

TEST_CASE("a model's contract is read into requirements") {
  const auto loaded = ParseModelContract(
      "version: 1\nmodel: m\nowner: o\non_fail: fail\ncomposition: [lang]\nrequirements:\n"
      "  A-1: {statement: s, type: languages, column: lang, allowed: [de, no], max_fraction: 0.5}\n"
      "  A-2: {statement: s, type: fields, on_fail: warn, fields: {id: \"decimal(4, 2)\", x: "
      "any}}\n"
      "  A-3: {statement: s, type: unique, columns: id}\n"
      "  A-4: {statement: s, type: pii, kinds: [card, email]}\n"
      "  A-5: {statement: s, type: size, min_bytes: 1KiB}\n"
      "  A-6: {statement: s, type: length, column: t, max: 7, unit: words}\n",
      "m.yaml", "/", {""});
  REQUIRE_MESSAGE(loaded.ok(), loaded.status().ToString());
  const contract::ModelContract& model = loaded->contract;
  CHECK(model.owner == "o");
  CHECK(model.sha256.size() == 64);
  REQUIRE(model.requirements.size() == 6);
  CHECK(model.requirements[0].id == "A-1");
  CHECK(model.requirements[0].on_unmet == contract::OnUnmet::kFail);
  CHECK(model.requirements[1].on_unmet == contract::OnUnmet::kWarn);
  const auto& languages = std::get<contract::ValuesCheck>(model.requirements[0].check);
  CHECK(languages.kind == contract::ValueKind::kLanguage);
  CHECK(languages.allowed == std::vector<std::string>{"de", "no"});
  CHECK(contract::ThresholdText(model.requirements[0]) == "at most 50 % of the rows break it");
  const auto& fields = std::get<contract::FieldsCheck>(model.requirements[1].check);
  CHECK(fields.fields[0].second == "decimal(4,2)");
  CHECK(fields.fields[1].second.empty());
  CHECK(std::get<contract::DuplicatesCheck>(model.requirements[2].check).unique);
  CHECK(std::get<contract::PiiCheck>(model.requirements[3].check).kinds ==
        (contract::kPiiEmail | contract::kPiiCard));
  CHECK(contract::ThresholdText(model.requirements[4]) == "1.0 KiB or more");
  CHECK(contract::CheckText(model.requirements[5]) == "`t` has at most 7 words");
}

TEST_CASE("the hash of a model's contract is of what it means") {
  const auto a = Parse("  A: {statement: s, type: nulls, columns: x}\n");
  const auto b = Parse(
      "  A:\n    type: nulls\n    columns: [\"x\"]  # the same\n    statement: s\n"
      "    max_fraction: 0\n");
  REQUIRE(a.ok());
  REQUIRE(b.ok());
  CHECK(a->contract.sha256 == b->contract.sha256);
  CHECK(a->contract.sha256 !=
        Parse("  A: {statement: s, type: nulls, columns: y}\n")->contract.sha256);
}

TEST_CASE("problems of a model's contract point into its file") {
  Diagnostic d = Only("  A: {statement: s, type: nuls, columns: x}\n");
  CHECK(d.span.file == "m.yaml");
  CHECK(d.span.line == 4);
  CHECK(d.span.column == 27);
  CHECK(d.suggestion.find("nulls") != std::string::npos);
  CHECK(Only("  A: {type: nulls, columns: x}\n").code == ErrorCode::kMissingKey);
  CHECK(Only("  A: {statement: s, type: nulls, columns: x, allowed: y}\n")
            .suggestion.find("`type: values`") != std::string::npos);
  CHECK(Only("  A: {statement: s, type: length, column: x}\n").code == ErrorCode::kMissingKey);
  CHECK(Only("  A: {statement: s, type: length, column: x, min: 5, max: 2}\n").span.column == 59);
  CHECK(Only("  A: {statement: s, type: size}\n").code == ErrorCode::kMissingKey);
  CHECK(Only("  A: {statement: s, type: pii, kinds: [mail]}\n").code == ErrorCode::kBadValue);
  CHECK(Only("  A: {statement: s, type: fields, fields: {id: int}}\n").code ==
        ErrorCode::kBadValue);
  CHECK(Only("  A: {statement: s, type: nulls, columns: x, max_fraction: 2}\n").code ==
        ErrorCode::kBadValue);
  CHECK(Only("  A b: {statement: s, type: nulls, columns: x}\n").code == ErrorCode::kBadValue);
}

TEST_CASE("a requirement names its table where there are several") {
  const char* const plain = "  A: {statement: s, type: nulls, columns: x}\n";
  const char* const named = "  A: {statement: s, type: nulls, columns: x, table: docs}\n";
  CHECK(Parse(plain).ok());
  CHECK(Parse(named, {"docs", "users"}).ok());
  CHECK(Only(plain, {"docs", "users"}).code == ErrorCode::kMissingKey);
  CHECK(Only(named).code == ErrorCode::kUnknownReference);
  CHECK(Only(named, {"doc"}).suggestion.find("doc") != std::string::npos);
}

TEST_CASE("a pipeline and its model's contract tell of all their problems at once") {
  TempFolder folder;
  folder.Write("sub/m.yaml", "version: 1\nmodel: m\nrequirement: {}\n");
  folder.Write("a.csv", "a\n1\n");
  const auto load = [&](const std::string& more) {
    return ParseConfig("version: 1\nname: n\nsources: {s: {type: csv, path: a.csv}}\n" + more,
                       "conf/p.yaml", folder.path(), {});
  };
  const auto wrong = load("seeds: 1\nmodel_contract: sub/m.yaml\n");
  REQUIRE_FALSE(wrong.ok());
  const auto problems = DiagnosticsOf(wrong.status());
  REQUIRE(problems.size() == 3);
  CHECK(problems[0].span.file == "conf/p.yaml");
  CHECK(problems[1].span.file == "conf/sub/m.yaml");
  const auto missing = load("model_contract: none.yaml\n");
  REQUIRE_FALSE(missing.ok());
  CHECK(DiagnosticsOf(missing.status())[0].span.line == 4);
  CHECK_FALSE(load("model_contract: https://example.org/m.yaml\n").ok());
  CHECK_FALSE(load("model_contract: sub\n").ok());
  folder.Write("sub/m.yaml", std::string(kHead) + "  A: {statement: s, type: size, min_rows: 1}\n");
  const auto right = load("model_contract: sub/m.yaml\n");
  REQUIRE_MESSAGE(right.ok(), right.status().ToString());
  CHECK(right->model->contract.model == "m");
  CHECK(right->config_hash == load("")->config_hash);
}

}  // namespace millrace::pipeline
