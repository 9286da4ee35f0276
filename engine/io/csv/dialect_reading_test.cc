// What a dialect says beyond one-byte separators: the reading against that of a plain text.
#include <arrow/array.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/diagnostic.h"
#include "io/csv/csv_reader.h"

namespace millrace::io {
namespace {

CsvOptions Plain() {
  CsvOptions options;
  options.delimiter = ",";
  options.quote = options.escape = '"';
  options.newline = "\n";
  options.comment = "";
  options.header_rows = options.skip_rows = options.footer_rows = 0;
  options.trailing_delimiter = false;
  options.encoding = Encoding::kUtf8;
  return options;
}

// Rows as "ordinal|cell|cell", null as "~"; rejects as "!ordinal rule".
std::vector<std::string> Read(const std::string& text, const CsvOptions& options) {
  Projection all;
  all.all = true;
  auto reader = OpenCsv(MemoryByteStream(text), options, all);
  if (!reader.ok()) return {"error " + reader.status().ToString()};
  std::vector<std::string> out;
  int64_t bytes = (*reader)->header_bytes(), base = 0;
  while (auto chunk = (*reader)->Next().ValueOrDie()) {
    CHECK(chunk->byte_offset == bytes);
    const RawBatch batch = (*reader)->Parse(*chunk).ValueOrDie();
    bytes += batch.bytes_accounted;
    for (int64_t r = 0; r < batch.columns->num_rows(); ++r) {
      std::string row = std::to_string(base + batch.RecordOfRow(r));
      for (const auto& column : batch.columns->columns()) {
        const auto& values = static_cast<const arrow::StringArray&>(*column);
        row += values.IsNull(r) ? "|~" : "|" + values.GetString(r);
      }
      out.push_back(row);
    }
    for (const Reject& reject : batch.rejects) {
      out.push_back("!" + std::to_string(base + reject.record) + ' ' + reject.rule);
    }
    base += batch.records;
  }
  if (options.encoding == Encoding::kUtf8) CHECK(bytes == static_cast<int64_t>(text.size()));
  return out;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

using Lines = std::vector<std::string>;

// One text, which a failed check shows.
std::string Joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace

TEST_CASE("a longer delimiter reads as a comma does, in any chunks") {
  std::mt19937 random(20261124);
  const std::vector<std::string> pieces = {
      "a",    "word",  ",",    ",",   "\n",    "\r\n",          "\"",
      "\"\"", "\",\"", "\n\"", "\",", "x,y\n", "\"q\",\"r\"\n", "\"two\nlines\",z\n",
      "text"};
  for (int round = 0; round < 1500; ++round) {
    std::string text = "x,y\n";
    for (size_t i = 0, length = 1 + random() % 60; i < length; ++i) {
      text += pieces[random() % pieces.size()];
    }
    CAPTURE(text);
    const Lines expected = Read(text, Plain());
    for (const std::string delimiter : {"%%", "<->", "::::::::"}) {
      CsvOptions options = Plain();
      options.delimiter = delimiter;
      for (const int64_t chunk_bytes : {1, 7, 64, 1 << 20}) {
        options.chunk_bytes = chunk_bytes;
        Lines found = Read(Replaced(text, ",", delimiter), options);
        for (std::string& line : found) line = Replaced(line, delimiter, ",");
        REQUIRE(found.size() == expected.size());
        if (chunk_bytes == 1 << 20) REQUIRE(Joined(found) == Joined(expected));
      }
    }
  }
}

TEST_CASE("a part of a longer delimiter is text") {
  CsvOptions options = Plain();
  options.delimiter = "||";
  CHECK(Read("a||b\n1|2||3\n|||x\n\"q||r\"||s\nx||\n", options) ==
        Lines{"0|a|b", "1|1|2|3", "2|~||x", "3|q||r|s", "4|x|~"});
}

TEST_CASE("comments, preamble, header rows and footer are no records") {
  CsvOptions options = Plain();
  options.comment = "#";
  options.skip_rows = 2;
  options.header_rows = 2;
  options.footer_rows = 1;
  const std::string text =
      "Report\n\"open\n\n# now the table\na,b\nkg,\n1,2\n# a \"quote, and\n\"#3\",4\n\nTotal,4\n\n";
  for (const int64_t chunk_bytes : {1, 5, 1 << 20}) {
    options.chunk_bytes = chunk_bytes;
    CHECK(Read(text, options) == Lines{"0|1|2", "1|#3|4"});
  }
  Projection all;
  all.all = true;
  auto reader = OpenCsv(MemoryByteStream(text), options, all);
  CHECK((*reader)->file_schema()->field_names() == Lines{"a_kg", "b"});
}

TEST_CASE("every kind of line end, where the dialect says so") {
  CsvOptions options = Plain();
  options.newline = kAnyNewline;
  const std::string text = "a,b\r1,2\r\n3,\"x\r\ny\"\r5,6\n7,8\r";
  for (const int64_t chunk_bytes : {1, 2, 3, 1 << 20}) {
    options.chunk_bytes = chunk_bytes;
    CHECK(Read(text, options) == Lines{"0|a|b", "1|1|2", "2|3|x\r\ny", "3|5|6", "4|7|8"});
  }
}

TEST_CASE("one table of several, the others accounted for") {
  const std::string text = "\na,b\n1,2\n\n\nc,d,e\r\n3,4,5\r\n\r\nf\n6\n";
  CsvOptions options = Plain();
  options.header_rows = 1;
  options.table = 1;
  CHECK(Read(text, options) == Lines{"0|1|2"});
  options.table = 2;
  CHECK(Read(text, options) == Lines{"0|3|4|5"});
  options.table = 4;
  CHECK(Read(text, options)[0].substr(0, 5) == "error");
}

TEST_CASE("a delimiter at the end of records, and a header that comes again") {
  CsvOptions options = Plain();
  options.trailing_delimiter = true;
  options.header_rows = 1;
  CHECK(Read("a,b,\n1,2,\n3,4\n5,6,7\n8,\n", options) ==
        Lines{"0|1|2", "1|3|4", "3|8|~", "!2 csv.too_many_fields"});
  options.trailing_delimiter = false;
  CHECK(Read("a,b\n1,2\na,b\r\n3,4\n", options) ==
        Lines{"0|1|2", "2|3|4", "!1 csv.repeated_header"});
  CHECK(Read("a,b\n1,2\n\xef\xbb\xbf"
             "a,b\n3,4\n",
             options) == Lines{"0|1|2", "2|3|4", "!1 csv.repeated_header"});
}

TEST_CASE("other encodings: what cannot be decoded rejects its record") {
  CsvOptions options = Plain();
  options.encoding = Encoding::kCp1252;
  CHECK(Read("x,y\ncaf\xe9,\x80\nb\x81,2\n", options) ==
        Lines{"0|x|y", "1|caf\xc3\xa9|\xe2\x82\xac", "!2 encoding.invalid"});
  options.encoding = Encoding::kUtf16Le;
  const std::string utf16("x\0,\0y\0\n\0a\0,\0\x3d\xd8\n\0c\0,\0d\0", 22);
  CHECK(Joined(Read(utf16, options)) == "0|x|y\n!1 encoding.invalid\n2|c|d\n");
}

TEST_CASE("a dialect without confidence is refused with a proposal, unless it shall be guessed") {
  const std::string text = "Hello, world; this\nis | no table\nof, any; kind, at\nall\n";
  CsvOptions options;
  Projection all;
  all.all = true;
  const auto refused = OpenCsv(MemoryByteStream(text), options, all).status();
  CHECK(CodeOf(refused) == ErrorCode::kUnknownDialect);
  CHECK(DiagnosticsOf(refused)[0].suggestion.find("dialect: {") != std::string::npos);
  options.guess = true;
  CHECK(OpenCsv(MemoryByteStream(text), options, all).ok());
}

TEST_CASE("a last record of a long file that may be a total is refused when it is seen") {
  std::string text = "name,n\n";
  for (int i = 0; i < 40'000; ++i) text += "n" + std::to_string(i) + ",1\n";
  REQUIRE(static_cast<int64_t>(text.size()) > kCsvHeadBytes);
  text += "Total,40000\n";
  Projection all;
  all.all = true;
  CsvOptions options;
  const auto read = [&] {
    int64_t records = 0;
    auto reader = OpenCsv(MemoryByteStream(text), options, all).ValueOrDie();
    while (true) {
      const auto chunk = reader->Next();
      if (!chunk.ok()) return CodeOf(chunk.status()) == ErrorCode::kUnknownDialect ? -1L : -2L;
      if (*chunk == nullptr) return static_cast<long>(records);
      records += reader->Parse(**chunk).ValueOrDie().records;
    }
  };
  CHECK(read() == -1);
  options.footer_rows = 1;
  CHECK(read() == 40'000);
  options.footer_rows.reset();
  options.guess = true;
  CHECK(read() == 40'001);
}

TEST_CASE("the footer of a long file whose end is not seen beforehand is told at its end") {
  std::string rows = "id,name,v\n";
  for (int i = 0; i < 30'000; ++i) {
    rows += std::to_string(i) + ",n" + std::to_string(i) + "," + std::to_string(i * 3) + "\n";
  }
  REQUIRE(static_cast<int64_t>(rows.size()) > kCsvHeadBytes);
  struct Case {
    const char* footer;
    int lines;
  };
  for (const Case& c : {Case{"", 0}, Case{"Total,,1349955000\n", 1}, Case{"\n(30000 rows)\n", 1},
                        Case{"Sum,all,7\nprinted by X\n\n", 2}, Case{"30000,Total,5\n", 0}}) {
    CAPTURE(c.footer);
    CsvOptions options;
    const std::string text = rows + c.footer;
    const std::vector<std::string> whole = Read(text, options);
    CHECK(whole.size() == (c.lines == 0 && c.footer[0] != '\0' ? 30'001 : 30'000));
    options.chunk_bytes = 5000;
    CHECK(Read(text, options) == whole);
    Projection all;
    all.all = true;
    const auto reader = OpenCsv(MemoryByteStream(text), options, all).ValueOrDie();
    CHECK(reader->read_as().declaration.find("footer_rows") == std::string::npos);
    while (reader->Next().ValueOrDie() != nullptr) continue;
    CHECK(reader->read_as().declaration.find("footer_rows: " + std::to_string(c.lines) + ",") !=
          std::string::npos);
    options.footer_rows = c.lines;  // as it is pinned
    CHECK(Read(text, options) == whole);
  }
}

}  // namespace millrace::io
