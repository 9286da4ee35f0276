#include "io/csv/csv_reader.h"

#include <arrow/array.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace millrace::io {
namespace {

using Row = std::vector<std::optional<std::string>>;

struct Found {
  std::vector<std::pair<int64_t, Row>> rows;  // ordinal, values
  std::vector<std::string> rejects;           // "ordinal offset length rule raw"
  int64_t bytes = 0;
  bool operator==(const Found&) const = default;
};

// So that a failed comparison shows what was found.
std::ostream& operator<<(std::ostream& out, const Found& found) {
  for (const auto& [ordinal, row] : found.rows) {
    out << ordinal << ':';
    for (const auto& value : row) out << ' ' << (value ? '[' + *value + ']' : "null");
    out << '\n';
  }
  for (const std::string& reject : found.rejects) out << "reject " << reject << '\n';
  return out << found.bytes << " bytes\n";
}

std::string Describe(int64_t ordinal, int64_t offset, int64_t length, const std::string& rule,
                     const std::string& raw) {
  return std::to_string(ordinal) + " " + std::to_string(offset) + " " + std::to_string(length) +
         " " + rule + " " + raw;
}

Result<Found> ReadAll(const std::string& text, const CsvOptions& options,
                      Projection projection = {}) {
  if (projection.fields.empty()) projection.all = true;
  ARROW_ASSIGN_OR_RAISE(auto reader, OpenCsv(MemoryByteStream(text), options, projection));
  Found found;
  found.bytes = reader->header_bytes();
  int64_t base = 0;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto chunk, reader->Next());
    if (!chunk) break;
    CHECK(chunk->byte_offset == found.bytes);
    ARROW_ASSIGN_OR_RAISE(const RawBatch batch, reader->Parse(*chunk));
    CHECK(batch.bytes_accounted == chunk->bytes_size());
    CHECK(batch.records == batch.columns->num_rows() + static_cast<int64_t>(batch.rejects.size()));
    CHECK(batch.columns->ValidateFull().ok());
    found.bytes += batch.bytes_accounted;
    for (int64_t r = 0; r < batch.columns->num_rows(); ++r) {
      Row row;
      for (const auto& column : batch.columns->columns()) {
        const auto& values = static_cast<const arrow::StringArray&>(*column);
        row.push_back(values.IsNull(r) ? std::nullopt : std::optional(values.GetString(r)));
      }
      found.rows.emplace_back(base + batch.RecordOfRow(r), row);
    }
    for (const Reject& reject : batch.rejects) {
      found.rejects.push_back(Describe(base + reject.record, reject.byte_offset, reject.byte_length,
                                       reject.rule, reject.raw));
    }
    base += batch.records;
  }
  CHECK(found.bytes == static_cast<int64_t>(text.size()));
  return found;
}

// The slow, obvious reading of a file without header: one character at a time, records first,
// fields afterwards. Knows nothing of chunks, blocks or masks.
class Oracle {
 public:
  Oracle(std::string text, size_t columns, size_t record_bytes_max = 16 << 20)
      : text_(std::move(text)), columns_(columns), record_bytes_max_(record_bytes_max) {}

  Found Read() {
    size_t begin = 0;
    while (begin < text_.size()) begin = ReadRecord(begin);
    found_.bytes = static_cast<int64_t>(text_.size());
    return found_;
  }

 private:
  size_t ReadRecord(size_t begin) {
    std::vector<std::optional<std::string>> fields;
    bool junk = false;
    size_t i = begin;
    for (;;) {
      std::string value;
      bool quoted = false;
      if (i < text_.size() && text_[i] == '"') {
        quoted = true;
        for (++i;; ++i) {
          if (i >= text_.size()) {
            if (i - begin > record_bytes_max_) return TooLong(begin);
            return Unclosed(begin);
          }
          if (text_[i] != '"') {
            value += text_[i];
          } else if (i + 1 < text_.size() && text_[i + 1] == '"') {
            value += text_[i++];
          } else {
            break;
          }
        }
        ++i;
      }
      size_t rest = i;
      while (i < text_.size() && text_[i] != ',' && text_[i] != '\n') ++i;
      std::string tail = text_.substr(rest, i - rest);
      const bool at_line_end = i < text_.size() && text_[i] == '\n';
      const bool at_end = i >= text_.size();
      if ((at_line_end || (at_end && !quoted)) && !tail.empty() && tail.back() == '\r') {
        tail.pop_back();
      }
      if (quoted && !tail.empty()) junk = true;
      value += tail;
      fields.push_back(value.empty() && !quoted ? std::nullopt : std::optional(value));
      if (at_end || at_line_end) break;
      ++i;
    }
    size_t end = i;
    if (end > begin && text_[end - 1] == '\r') --end;
    const size_t next = i + 1;
    if (std::min(next, text_.size()) - begin > record_bytes_max_) return TooLong(begin);
    if (columns_ > 1 && end == begin) return next;
    const auto reject = [&](const std::string& rule) {
      found_.rejects.push_back(Describe(ordinal_++, static_cast<int64_t>(begin),
                                        static_cast<int64_t>(end - begin), rule,
                                        text_.substr(begin, end - begin)));
    };
    if (junk) {
      reject("csv.text_after_quote");
    } else if (fields.size() != columns_) {
      reject(fields.size() < columns_ ? "csv.too_few_fields" : "csv.too_many_fields");
    } else {
      found_.rows.emplace_back(ordinal_++, fields);
    }
    return next;
  }

  size_t TooLong(size_t begin) {
    const size_t line_end = text_.find('\n', begin);
    const size_t next = line_end == std::string::npos ? text_.size() : line_end + 1;
    found_.rejects.push_back(Describe(ordinal_++, static_cast<int64_t>(begin),
                                      static_cast<int64_t>(next - begin), "csv.record_too_long",
                                      text_.substr(begin, next - begin)));
    return next;
  }

  size_t Unclosed(size_t begin) {
    const size_t line_end = text_.find('\n', begin);
    const size_t next = line_end == std::string::npos ? text_.size() : line_end + 1;
    size_t end = next;
    if (end > begin && text_[end - 1] == '\r') --end;  // a last line without its line feed
    found_.rejects.push_back(Describe(ordinal_++, static_cast<int64_t>(begin),
                                      static_cast<int64_t>(end - begin), "csv.unclosed_quote",
                                      text_.substr(begin, end - begin)));
    return next;
  }

  std::string text_;
  size_t columns_;
  size_t record_bytes_max_;
  int64_t ordinal_ = 0;
  Found found_;
};

CsvOptions Plain(size_t columns) {
  CsvOptions options;
  options.delimiter = ",";
  options.quote = options.escape = '"';
  options.header = options.trailing_delimiter = false;
  options.skip_rows = options.footer_rows = 0;
  options.comment = "";
  options.newline = "\n";
  options.encoding = Encoding::kUtf8;
  for (size_t i = 0; i < columns; ++i) options.column_names.push_back("c" + std::to_string(i));
  return options;
}

// The first record decides the number of columns; it is a plain one here.
void CheckAgainstOracle(const std::string& text, int64_t chunk_bytes,
                        int64_t record_bytes_max = 16 << 20) {
  const std::string whole = "x,y\n" + text;
  CAPTURE(whole);
  CAPTURE(chunk_bytes);
  CAPTURE(record_bytes_max);
  const Found expected = Oracle(whole, 2, static_cast<size_t>(record_bytes_max)).Read();
  CsvOptions options = Plain(2);
  options.chunk_bytes = chunk_bytes;
  options.record_bytes_max = record_bytes_max;
  for (bool exact : {true, false}) {
    options.force_exact = exact;
    auto found = ReadAll(whole, options);
    REQUIRE(found.ok());
    CHECK(*found == expected);
  }
}

}  // namespace

TEST_CASE("every short text reads as the oracle reads it") {
  const std::string alphabet = "a\",\n\r";
  for (size_t length = 0; length <= 6; ++length) {
    size_t count = 1;
    for (size_t i = 0; i < length; ++i) count *= alphabet.size();
    for (size_t code = 0; code < count; ++code) {
      std::string text;
      for (size_t i = 0, rest = code; i < length; ++i, rest /= alphabet.size()) {
        text += alphabet[rest % alphabet.size()];
      }
      const std::string whole = "x,y\n" + text;
      const Found expected = Oracle(whole, 2).Read();
      CsvOptions options = Plain(2);
      options.chunk_bytes = code % 2 ? 5 : 1 << 20;
      auto found = ReadAll(whole, options);
      if (!found.ok() || !(*found == expected)) {
        CAPTURE(whole);
        REQUIRE(found.ok());
        REQUIRE(*found == expected);
      }
    }
  }
}

TEST_CASE("random texts read the same exactly, fast, and in any chunks") {
  const char* seed_text = std::getenv("MILLRACE_SEED");
  const unsigned seed = seed_text ? static_cast<unsigned>(std::atoi(seed_text)) : 20261121;
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> pieces = {"a",
                                           "word",
                                           ",",
                                           "\n",
                                           "\r\n",
                                           "\"",
                                           "\"\"",
                                           "\",\"",
                                           "\n\"",
                                           "\",",
                                           "\r",
                                           "x,y\n",
                                           "\"q\",\"r\"\n",
                                           "\"two\nlines\",z\n",
                                           "longer text here"};
  for (int round = 0; round < 1500; ++round) {
    // Mostly well-formed texts reach deep into the fast path; wild ones leave it all the time.
    const size_t tame = random() % 4;
    std::string text;
    const size_t length = 1 + random() % 120;
    for (size_t i = 0; i < length; ++i) {
      text += tame > 0 && random() % 8 != 0 ? pieces[11 + random() % 3]
                                            : pieces[random() % pieces.size()];
    }
    for (int64_t chunk_bytes : {1, 2, 7, 64, 1 << 20}) {
      CheckAgainstOracle(text, chunk_bytes);
      CheckAgainstOracle(text, chunk_bytes, 8 + static_cast<int64_t>(random() % 100));
    }
  }
}

TEST_CASE("values: quotes, escapes, empty and null, line ends") {
  auto found = ReadAll("a,b,c\r\n\"x, \"\"y\"\"\",,\"\"\r\n1,\"two\nlines\",3", {});
  REQUIRE(found.ok());
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0].second == Row{"x, \"y\"", std::nullopt, ""});
  CHECK(found->rows[1].second == Row{"1", "two\nlines", "3"});
}

TEST_CASE("a backslash escapes where it is declared") {
  CsvOptions options;
  options.escape = '\\';
  auto found = ReadAll("a,b\n\"x \\\"y\\\"\",z\n", options);
  REQUIRE(found.ok());
  REQUIRE(found->rows.size() == 1);
  CHECK(found->rows[0].second == Row{"x \"y\"", "z"});
}

TEST_CASE("an unclosed quote loses its line only") {
  auto found = ReadAll("a,b\n1,\"open\n2,x\n3,y\n", {});
  REQUIRE(found.ok());
  CHECK(found->rejects == std::vector<std::string>{"0 4 8 csv.unclosed_quote 1,\"open\n"});
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0] == std::pair<int64_t, Row>(1, {"2", "x"}));
}

TEST_CASE("a record that is too long is one reject in any chunks") {
  const std::string text =
      "a,b\n1,x\n2," + std::string(5000, 'y') + "\n3,z\n4,\"" + std::string(3000, 'q') + "\n5,w\n";
  std::optional<Found> first;
  for (int64_t chunk_bytes : {1, 7, 64, 1000, 1 << 20}) {
    CsvOptions options;
    options.header = true;
    options.record_bytes_max = 1000;
    options.chunk_bytes = chunk_bytes;
    auto found = ReadAll(text, options);
    REQUIRE(found.ok());
    CHECK(found->rows.size() == 3);
    CHECK(found->rejects.size() == 2);
    if (!first) first = *found;
    CHECK(*found == *first);
  }
}

TEST_CASE("a file of stray quotes reads as the oracle reads it, in time that grows with its size") {
  // Every line leaves a quote open, and so would every further line if it stayed open. Were each
  // scanned to the limit, this test would not end.
  std::string stray = "x,y\n";
  for (int i = 0; i < 200000; ++i) stray += i % 1000 == 0 ? "good,row\n" : "x\",\"\n";
  for (int64_t chunk_bytes : {64, 1 << 20}) {
    CsvOptions options = Plain(2);
    options.chunk_bytes = chunk_bytes;
    auto found = ReadAll(stray, options);
    REQUIRE(found.ok());
    CHECK(found->rows.size() == 201);
    CHECK(found->rejects.size() == 199800);
  }
  CheckAgainstOracle(stray.substr(4, 2000), 64);
  CheckAgainstOracle(stray.substr(4, 2000), 64, 100);
}

TEST_CASE("bad bytes in a requested field reject the record, elsewhere they do not matter") {
  const std::string text = "a,b\nx,\xff\ny,z\n" + std::string("n\0l,t\n", 6);
  Projection both, second;
  both.fields = {{"a", false}, {"b", false}};
  second.fields = {{"b", false}};
  auto all = ReadAll(text, {}, both);
  REQUIRE(all.ok());
  REQUIRE(all->rejects.size() == 2);
  CHECK(all->rejects[0].substr(0, 18) == "0 4 3 csv.bad_utf8");
  CHECK(all->rejects[1].substr(0, 19) == "2 12 5 csv.nul_byte");
  auto one = ReadAll(text, {}, second);
  REQUIRE(one.ok());
  CHECK(one->rows.size() == 2);
  CHECK(one->rejects.size() == 1);
}

TEST_CASE("short rows are filled when asked for") {
  CsvOptions options;
  options.header = true;
  options.fill_short_rows = true;
  auto found = ReadAll("a,b,c\n1\n1,2\n1,2,3\n1,2,3,4\n", options);
  REQUIRE(found.ok());
  REQUIRE(found->rows.size() == 3);
  CHECK(found->rows[0].second == Row{"1", std::nullopt, std::nullopt});
  CHECK(found->rows[1].second == Row{"1", "2", std::nullopt});
  CHECK(found->rejects.size() == 1);
}

TEST_CASE("files without rows") {
  Projection wanted;
  wanted.fields = {{"a", false}};
  for (const std::string text : {"", "\xef\xbb\xbf", "a,b\n", "a,b",
                                 "\xef\xbb\xbf"
                                 "a,b\r\n"}) {
    CAPTURE(text);
    auto found = ReadAll(text, {}, wanted);
    REQUIRE(found.ok());
    CHECK(found->rows.empty());
    CHECK(found->rejects.empty());
  }
}

TEST_CASE("a file without an optional column gives nulls") {
  Projection projection;
  projection.fields.resize(2);
  projection.fields[0].path = "b";
  projection.fields[1].path = "absent";
  projection.fields[1].optional = true;
  const auto found = ReadAll("a,b\n1,2\n3,4\n", {}, projection);
  REQUIRE(found.ok());
  REQUIRE(found->rows.size() == 2);
  CHECK(found->rows[0].second == Row{"2", std::nullopt});
  CHECK(found->rows[1].second == Row{"4", std::nullopt});
}

TEST_CASE("a file of no bytes lacks no column") {
  Projection projection;
  projection.fields.resize(1);
  projection.fields[0].path = "a";
  const auto reader = OpenCsv(MemoryByteStream(""), {}, projection);
  REQUIRE(reader.ok());
  CHECK((*reader)->file_schema()->field_names() == std::vector<std::string>{"a"});
}

TEST_CASE("headers: missing, unknown and repeated columns are named") {
  Projection wanted;
  wanted.fields = {{"colour", false}, {"a", false}};
  CsvOptions options;
  options.header = true;
  auto missing = ReadAll("a,color\n1,2\n", options, wanted);
  REQUIRE(!missing.ok());
  CHECK(CodeOf(missing.status()) == ErrorCode::kMissingColumn);
  CHECK(DiagnosticsOf(missing.status())[0].suggestion == "did you mean `color`?");

  Projection strict;
  strict.fields = {{"a", false}};
  strict.unknown = UnknownFields::kReject;
  CHECK(CodeOf(ReadAll("a,color\n1,2\n", options, strict).status()) == ErrorCode::kUnknownColumn);
  strict.known = {"color"};
  CHECK(ReadAll("a,color\n1,2\n", options, strict).ok());

  CHECK(CodeOf(ReadAll("a,b,a\n1,2,3\n", options).status()) == ErrorCode::kBadValue);
}

TEST_CASE("what is no header is an error, never a file without rows") {
  CsvOptions options;
  options.header = true;
  const std::string nul("a\0x,b\n1,2\n", 10);
  for (const std::string& text :
       {std::string("\"a,b\n1,2\n3,4\n"), std::string("\"a\"x,b\n1,2\n"), nul,
        std::string("a\x81,b\n1,2\n"), std::string(300 << 10, 'a') + "\n1\n",
        std::string(300 << 10, '\n') + "a\n1\n"}) {
    CAPTURE(text.substr(0, 20));
    CHECK(CodeOf(ReadAll(text, options).status()) == ErrorCode::kUnknownDialect);
  }
  CHECK(CodeOf(ReadAll("\"a,b\n1,2\n", {}).status()) == ErrorCode::kUnknownDialect);
}

TEST_CASE("blank lines before the header, a long header and an index without a name") {
  auto blank = ReadAll("\n\r\na,b\n1,2\n", {});
  REQUIRE(blank.ok());
  CHECK(blank->rows.size() == 1);
  CHECK(blank->rejects.empty());
  CHECK(ReadAll("\n\n", {})->rows.empty());

  CsvOptions options;
  options.header = true;
  options.record_bytes_max = 10;
  auto small = ReadAll("first_long_name,second_long_name\n1,2\n", options);
  REQUIRE(small.ok());
  CHECK(small->rows.size() == 1);
  CHECK(SniffCsv(MemoryByteStream(",name\n0,ann\n"), {})->dialect.header());
}

TEST_CASE("options that contradict each other are refused") {
  const auto code = [](auto change) {
    CsvOptions options;
    change(options);
    return CodeOf(ReadAll("a,b\n1,2\n", options).status());
  };
  CHECK(code([](CsvOptions& o) { o.delimiter = "\""; }) == ErrorCode::kBadValue);
  CHECK(code([](CsvOptions& o) {
          o.delimiter = "\\";
          o.escape = '\\';
        }) == ErrorCode::kBadValue);
  CHECK(code([](CsvOptions& o) { o.delimiter = "\n"; }) == ErrorCode::kBadValue);
  CHECK(code([](CsvOptions& o) { o.quote = '\xe9'; }) == ErrorCode::kBadValue);
  CHECK(code([](CsvOptions& o) { o.chunk_bytes = 0; }) == ErrorCode::kBadValue);
  CHECK(code([](CsvOptions& o) { o.record_bytes_max = 0; }) == ErrorCode::kBadValue);
}

TEST_CASE("sniffing: delimiter, header, escape, newline, byte order mark") {
  const auto dialect = [](const std::string& text) {
    return SniffCsv(MemoryByteStream(text), {})->dialect;
  };
  CHECK(dialect("a;b;c\n1,5;2;3\n2,5;3;4\n").delimiter == ";");
  CHECK(dialect("a\tb\n1\t2, and more\n").delimiter == "\t");
  CHECK(dialect("a|b\n1|2\n").delimiter == "|");
  CHECK(dialect("name,age\nann,3\n").header());
  CHECK_FALSE(dialect("1,2\n3,4\n").header());
  CHECK_FALSE(dialect("a,a\nb,c\n").header());
  CHECK(dialect("a,b\n\"x \\\"y\\\", z\",1\n\"p \\\"q\\\" r\",2\n").escape == '\\');
  CHECK(dialect("a,b\n\"x \"\"y\"\", z\",1\n").escape == '"');
  CHECK(dialect("a,b\r1,2\r").newline == "\r");
  CHECK(dialect("\xef\xbb\xbf"
                "a,b\n")
            .bom);
  CHECK(SniffCsv(MemoryByteStream("a;b\n1;2\n"), {})->confidence == doctest::Approx(1.0));
  auto old_mac = ReadAll("a,b\r1,2\r3,4\r", {});
  REQUIRE(old_mac.ok());
  CHECK(old_mac->rows.size() == 2);
}

}  // namespace millrace::io
