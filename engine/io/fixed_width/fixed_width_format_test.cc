#include "io/fixed_width/fixed_width_format.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "io/testing/read_rows.h"

namespace millrace::io {
namespace {

using testing::ReadRows;
using testing::RowsRead;
using Texts = std::vector<std::string>;

/// With several chunk sizes, which must agree.
RowsRead Read(const std::string& text, FixedWidthOptions options, const Texts& names = {}) {
  Projection projection;
  projection.all = names.empty();
  for (const std::string& name : names) projection.fields.emplace_back().path = name;
  const RowsRead whole = ReadRows(*MakeFixedWidthFormat(options), text, projection);
  for (const int64_t chunk_bytes : {1, 7, 100}) {
    options.chunk_bytes = chunk_bytes;
    const RowsRead read = ReadRows(*MakeFixedWidthFormat(options), text, projection);
    CHECK(read.columns == whole.columns);
    CHECK(read.rows == whole.rows);
    CHECK(read.rejects == whole.rejects);
    CHECK(read.status.ToString() == whole.status.ToString());
  }
  return whole;
}

FixedWidthOptions Declared() {
  FixedWidthOptions options;
  options.columns = {{"id", 0, 3}, {"name", 3, 6}, {"n", 10, 2}};
  return options;
}

TEST_CASE("columns are places in a line, counted in characters") {
  const RowsRead read = Read(
      "001Jürgen 12\r\n"
      "002  Ann  1 \n"
      "\n   \n"
      "003       7x",
      Declared());
  CHECK(read.columns == Texts{"id", "name", "n"});
  CHECK(read.rows ==
        Texts{"0 @0+13 001|Jürgen|12", "1 @15+12 002|Ann|1", "2 @33+12 003|<null>|7x"});
  CHECK(Read("001Jürgen 12\n", Declared(), {"n"}).rows == Texts{"0 @0+13 12"});
}

TEST_CASE("bytes are places where the options say so, and no character is cut") {
  FixedWidthOptions options = Declared();
  options.unit = WidthUnit::kBytes;
  const RowsRead read = Read(
      "001J\xc3\xbcrge 12\n002Jxxxx\xc3\xbc"
      "22\n",
      options);
  CHECK(read.rows == Texts{"0 @0+12 001|Jürge|12"});
  CHECK(read.rejects == Texts{"1 @13+13 fixed_width.cut_character name"});
}

TEST_CASE("untrimmed values keep their blanks") {
  FixedWidthOptions options = Declared();
  options.trim = false;
  CHECK(Read("1  Ann    12\n", options).rows == Texts{"0 @0+12 1  |Ann   |12"});
}

TEST_CASE("short and long lines are rejects, or filled where that is wanted") {
  const std::string text = "001Ann   \n002Bob    22\n003Cleo   333\n004Dora   44   \n\xff\xff\n";
  const RowsRead read = Read(text, Declared());
  CHECK(read.rows == Texts{"1 @10+12 002|Bob|22", "3 @37+15 004|Dora|44"});
  CHECK(read.rejects == Texts{"0 @0+10 fixed_width.short_line 9",
                              "2 @23+14 fixed_width.long_line 13",
                              "4 @53+3 fixed_width.bad_utf8 "});
  FixedWidthOptions fill = Declared();
  fill.fill_short_rows = true;
  CHECK(Read("001Ann\n0\n", fill).rows == Texts{"0 @0+6 001|Ann|<null>", "1 @7+1 0|<null>|<null>"});
}

TEST_CASE("the last column without a width goes to the end of the line") {
  FixedWidthOptions options;
  options.columns = {{"a", 0, 2}, {"b", 2, 0}};
  const RowsRead read = Read("12 the rest of it\n12x\n12\n", options);
  CHECK(read.rows == Texts{"0 @0+17 12|the rest of it", "1 @18+3 12|x"});
  CHECK(read.rejects == Texts{"2 @22+3 fixed_width.short_line 2"});
}

TEST_CASE("lines that are too long are skipped without being held") {
  FixedWidthOptions options = Declared();
  options.record_bytes_max = 20;
  for (const size_t length : {21UL, 300UL, 300000UL, 3000000UL}) {
    CAPTURE(length);
    const RowsRead read =
        Read("001Ann    11\n" + std::string(length, 'x') + "\n002Bob    22\n", options);
    REQUIRE(read.rows.size() == 2);
    const std::string bytes = std::to_string(length + 1);
    CHECK(read.rejects == Texts{"1 @13+" + bytes + " fixed_width.record_too_long " + bytes});
  }
}

TEST_CASE("a header is skipped, with the byte order mark and blank lines before it") {
  FixedWidthOptions options = Declared();
  options.header = true;
  const RowsRead read = Read("\xEF\xBB\xBF\n id name    n\n001Ann    11\n", options);
  CHECK(read.rows == Texts{"0 @18+12 001|Ann|11"});
  CHECK(Read("\n\n", options).rows.empty());
  CHECK(CodeOf(Read("001Ann    11\n", options, {"nam"}).status) == ErrorCode::kMissingColumn);
}

const char* const kTable =
    "id    name         amount city\n"
    "1     Ann            1.50 Oslo\n"
    "2     Bob          200.00 New York\n"
    "30    Cleopatra      7.25 Rome\n"
    "4     Dora          12.00\n"
    "5     Ed             0.10 Bern\n"
    "600   Fay           99.99 Paris\n"
    "7     Gus            5.00 Wien\n";

TEST_CASE("columns are told from the places that are blank in every line") {
  const RowsRead read = Read(kTable, {});
  REQUIRE_MESSAGE(read.status.ok(), read.status.ToString());
  CHECK(read.columns == Texts{"id", "name", "amount", "city"});
  REQUIRE(read.rows.size() == 6);
  CHECK(read.rows[1] == "1 @62+34 2|Bob|200.00|New York");
  CHECK(read.rejects == Texts{"3 @128+26 fixed_width.short_line 25"});
  const FormatFindings found = MakeFixedWidthFormat({})->Examine(kTable);
  CHECK(found.confidence > kFixedWidthConfidenceMin);
  CHECK(found.declaration.find("'amount': {start: 20, width: 7}") != std::string::npos);
  CHECK(found.declaration.find("'city': {start: 27}") != std::string::npos);
}

TEST_CASE("what is no table, or too little of one, is refused with the best guess") {
  for (const std::string& text :
       {std::string("just a sentence of words\nand another one, longer than the first\n"
                    "then a third with nothing in common\nand a fourth\na fifth one\nsixth\n"),
        std::string("a b\n1 2\n"), std::string("one\ntwo\nthree\nfour\nfive\nsix\nseven\n")}) {
    CAPTURE(text);
    const RowsRead read = Read(text, {});
    CHECK(CodeOf(read.status) == ErrorCode::kUnknownDialect);
    REQUIRE(!read.status.ok());
    CHECK(DiagnosticsOf(read.status)[0].suggestion.find("columns:") != std::string::npos);
  }
}

TEST_CASE("random tables that were laid out come back") {
  std::mt19937_64 random(20261124);
  int told = 0;
  for (int round = 0; round < 300; ++round) {
    const size_t columns = 2 + random() % 5, rows = 8 + random() % 40;
    std::vector<std::vector<std::string>> cells(rows, std::vector<std::string>(columns));
    std::string text;
    for (size_t r = 0; r < rows; ++r) {
      for (size_t c = 0; c < columns; ++c) {
        std::string& cell = cells[r][c];
        for (uint64_t n = 1 + random() % 8; n > 0; --n)
          cell += static_cast<char>('a' + random() % 26);
        text += std::string(c == 0 ? 0 : 2, ' ') + cell + std::string(8 - cell.size(), ' ');
      }
      text += "\n";
    }
    FixedWidthOptions options;
    options.header = false;
    const RowsRead read = Read(text, options);
    if (!read.status.ok()) continue;
    ++told;
    REQUIRE(read.rejects.empty());
    for (size_t r = 0; r < rows; ++r) {
      std::string expected;
      for (const std::string& cell : cells[r]) expected += (expected.empty() ? "" : "|") + cell;
      CHECK(read.rows[r].substr(read.rows[r].find(' ', read.rows[r].find('@')) + 1) == expected);
    }
  }
  CHECK(told > 280);
}

}  // namespace
}  // namespace millrace::io
