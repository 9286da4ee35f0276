#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "op/operator_table.h"

namespace millrace::op {
namespace {

const std::string& Folder() {
  static const auto* folder =
      new std::string(std::string(MILLRACE_SOURCE_DIR) + "/docs/operators/");
  return *folder;
}

// A generated text in the repository; MILLRACE_ACCEPT=1 writes it anew.
void CheckCommitted(const std::string& name, const std::string& wanted) {
  if (std::getenv("MILLRACE_ACCEPT") != nullptr) {
    std::filesystem::create_directories(Folder());
    std::ofstream(Folder() + name, std::ios::binary) << wanted;
  }
  std::ifstream stream(Folder() + name, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  CHECK_MESSAGE(text.str() == wanted,
                "docs/operators/" << name << " is stale: run MILLRACE_ACCEPT=1 millrace_op_test");
}

TEST_CASE("docs/operators holds one page per operator, an index, and nothing else") {
  std::set<std::string> names = {"README.md"};
  CheckCommitted("README.md", OperatorsMarkdown());
  for (const OperatorType& type : Operators()) {
    names.insert(type.name + ".md");
    CheckCommitted(type.name + ".md", OperatorMarkdown(type));
  }
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    CHECK_MESSAGE(names.count(entry.path().filename().string()) == 1, entry.path().string());
  }
}

TEST_CASE("every operator says what a page needs") {
  for (const OperatorType& type : Operators()) {
    CAPTURE(type.name);
    CHECK(FindOperator(type.name) == &type);
    CHECK(type.version >= 1);
    CHECK(type.doc.size() > 20);
    CHECK(static_cast<bool>(type.make));
    if (type.kind == Kind::kFilter) CHECK(type.columns_doc.empty());
    if (type.kind != Kind::kFilter && !type.global) CHECK_FALSE(type.columns_doc.empty());
    std::set<std::string> keys = {"type", "id"};
    if (type.kind == Kind::kFilter || type.any_kind) keys.insert({"action", "rejects"});
    CHECK_FALSE((type.draws && type.kind != Kind::kFilter));
    for (const Field& field : type.parameters) {
      CAPTURE(field.key);
      CHECK_MESSAGE(keys.insert(field.key).second, "two parameters of that name");
      CHECK(field.doc.size() > 10);
    }
    const size_t at = type.example.find("type: " + type.name);
    REQUIRE(at != std::string::npos);
    CHECK(std::string(",}").find(type.example[at + 6 + type.name.size()]) != std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::op
