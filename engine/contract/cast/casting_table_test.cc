// tests/fixtures/casting.tsv is the casting table: docs/casting.md is generated from it, and here
// every line is executed. Columns: type, options as JSON, text as JSON string, result, note.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "contract/cast/text_cast.h"
#include "contract/contract.h"
#include "contract/value_text.h"

namespace millrace::contract {
namespace {

using Json = nlohmann::json;

std::vector<std::string> SplitTabs(const std::string& line) {
  std::vector<std::string> cells(1);
  for (char c : line) {
    if (c == '\t') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

TextCastOptions OptionsOf(const std::string& text) {
  TextCastOptions options;
  if (text.empty()) return options;
  const Json json = Json::parse(text);
  for (const auto& [key, value] : json.items()) {
    if (key == "format") {
      options.formats = value.get<std::vector<std::string>>();
    } else if (key == "true") {
      options.true_values = value.get<std::vector<std::string>>();
    } else if (key == "false") {
      options.false_values = value.get<std::vector<std::string>>();
    } else if (key == "round") {
      options.round = value.get<bool>();
    } else {
      FAIL("unknown option in the table: " << key);
    }
  }
  return options;
}

// What the cast made of the text, in the table's own words.
std::string ResultOf(const std::string& type_text, const std::string& options_text,
                     const std::string& text) {
  TextCastOptions options = OptionsOf(options_text);
  const auto type = ParseType(type_text, &options.is_json).ValueOrDie();
  const auto cast = MakeTextCast(type, options).ValueOrDie();
  CastError why = CastError::kNone;
  const auto values = CastOneText(*cast, text, &why).ValueOrDie();
  REQUIRE(values->ValidateFull().ok());
  REQUIRE(values->type()->Equals(type));
  if (why != CastError::kNone) {
    CHECK(values->IsNull(0));
    return "reject " + std::string(CastErrorWord(why));
  }
  std::string shown;
  AppendValueText(*values, 0, &shown);
  return "= " + Json(shown).dump();
}

TEST_CASE("every line of the casting table holds") {
  std::ifstream file(MILLRACE_SOURCE_DIR "/tests/fixtures/casting.tsv");
  REQUIRE(file);
  int lines = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> cells = SplitTabs(line);
    REQUIRE(cells.size() == 5);
    INFO(line);
    CHECK(ResultOf(cells[0], cells[1], Json::parse(cells[2]).get<std::string>()) == cells[3]);
    ++lines;
  }
  CHECK(lines > 250);
}

}  // namespace
}  // namespace millrace::contract
