#include "base/error_pages.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace millrace {
namespace {

const std::string& Folder() {
  static const auto* folder = new std::string(std::string(MILLRACE_SOURCE_DIR) + "/docs/errors/");
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
                "docs/errors/" << name << " is stale: run MILLRACE_ACCEPT=1 millrace_base_test");
}

TEST_CASE("every code has a page that says what to do") {
  for (const ErrorPage& page : ErrorPages()) {
    CAPTURE(FormatErrorCode(page.code));
    CHECK_MESSAGE(page.remedy.size() > 20, "add the code to engine/base/error_pages.cc");
    CHECK(page.meaning.size() > 20);
    CHECK(page.meaning != SummaryOf(page.code));
    CHECK(page.example.find(FormatErrorCode(page.code)) != std::string_view::npos);
  }
}

TEST_CASE("docs/errors holds one page per code, an index, and nothing else") {
  std::set<std::string> names = {"README.md"};
  CheckCommitted("README.md", ErrorIndexMarkdown());
  for (const ErrorPage& page : ErrorPages()) {
    const std::string name = FormatErrorCode(page.code) + ".md";
    names.insert(name);
    CheckCommitted(name, ErrorPageMarkdown(page));
  }
  for (const auto& entry : std::filesystem::directory_iterator(Folder())) {
    CHECK_MESSAGE(names.count(entry.path().filename().string()) == 1, entry.path().string());
  }
}

TEST_CASE("codes are read as people write them") {
  CHECK(ReadErrorCode("MR1203") == ErrorCode::kUnknownKey);
  CHECK(ReadErrorCode("mr1203") == ErrorCode::kUnknownKey);
  CHECK(ReadErrorCode("1203") == ErrorCode::kUnknownKey);
  for (const char* text : {"", "MR", "MR0000", "1", "MR12030", "MRMR1203", "XX1203"}) {
    CAPTURE(text);
    CHECK_FALSE(ReadErrorCode(text));
  }
}

}  // namespace
}  // namespace millrace
