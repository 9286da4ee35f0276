#include "io/jsonl/jsonl_reader.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "io/jsonl/json_path.h"
#include "io/testing/jsonl_oracle.h"

namespace millrace::io {
namespace {

using testing::ReadResult;
using testing::ReadWith;

std::vector<std::string> Row(const ReadResult& result, size_t row) {
  std::vector<std::string> texts;
  for (const auto& cell : result.rows[row].cells) texts.push_back(cell ? *cell : "<null>");
  return texts;
}

Projection Paths(const std::vector<std::string>& paths, bool json = false) {
  Projection projection;
  for (const std::string& path : paths) {
    FieldRequest request;
    request.path = path;
    request.wants_json = json;
    projection.fields.push_back(request);
  }
  return projection;
}

/// Reads with several chunk sizes, which must agree.
ReadResult Read(const std::string& text, const Projection& projection,
                int64_t record_bytes_max = 16 << 20) {
  JsonlOptions options;
  options.record_bytes_max = record_bytes_max;
  ReadResult first;
  for (int64_t chunk_bytes : {1 << 20, 1, 2, 7, 64, 1000}) {
    CAPTURE(chunk_bytes);
    options.chunk_bytes = chunk_bytes;
    ReadResult result = ReadWith(text, options, projection);
    if (chunk_bytes == 1 << 20) {
      first = std::move(result);
    } else {
      CHECK(result.ToString() == first.ToString());
    }
  }
  return first;
}

std::string Rules(const ReadResult& result) {
  std::string rules;
  for (const Reject& reject : result.rejects) {
    rules += (rules.empty() ? "" : " ") + std::to_string(reject.record) + ":" + reject.rule;
  }
  return rules;
}

TEST_CASE("a member is known however its name is written, whatever came before it") {
  // Each line after one that taught the order: what is recognised at once must be the same.
  const std::string text =
      "{\"a\":1,\"b\\\"\":2,\"long member name\":3}\n"
      "{\"a\":1,\"b\\\"\":2,\"long member name\":3}\n"
      "{\"a\" :1,\"b\\u0022\":2,\"long member name\"\t:3}\n"
      "{\"\\u0061\":1,\"b\":9,\"b\\\"\":2,\"long member nam\":9,\"long member name\":3}\n"
      "{\"long member name\":3,\"b\\\"\":2,\"a\":1}\n"
      "{\"a\":1,\"a\":1}\n"
      "{\"a\"x:1}\n"
      "{\"a\"}\n"
      "{\"a\":1,\"b\\\"\":2,\"long member name\":3}\n";
  const ReadResult result =
      Read(text, Paths({"a", JsonPathOf("b\""), JsonPathOf("long member name")}));
  REQUIRE(result.rows.size() == 6);
  for (size_t row = 0; row < result.rows.size(); ++row) {
    CHECK(Row(result, row) == std::vector<std::string>{"1", "2", "3"});
  }
  CHECK(Rules(result) == "5:json.duplicate_key 6:json.syntax 7:json.syntax");
}

TEST_CASE("values come by path, as their text") {
  const ReadResult result = Read(
      "{\"id\":12345678901234567890123,\"doc\":{\"id\":\"x\",\"a.b\":-0},\"tags\":[\"p\",[1,2.50e3]"
      "]}\n"
      "{ \"tags\" : [ ] , \"id\" : null , \"doc\" : { \"id\" : true } }\r\n"
      "{}\n"
      "{\"id\":1e400,\"doc\":{\"a.b\":false,\"other\":{\"id\":9}},\"id2\":7}",
      Paths({"id", "doc.id", "doc[\"a.b\"]", "tags[0]", "tags[1][1]", "id"}));
  REQUIRE(result.rows.size() == 4);
  CHECK(Rules(result) == "");
  using Texts = std::vector<std::string>;
  CHECK(Row(result, 0) ==
        Texts{"12345678901234567890123", "x", "-0", "p", "2.50e3", "12345678901234567890123"});
  CHECK(Row(result, 1) == Texts{"<null>", "true", "<null>", "<null>", "<null>", "<null>"});
  CHECK(Row(result, 2) == Texts{"<null>", "<null>", "<null>", "<null>", "<null>", "<null>"});
  CHECK(Row(result, 3) == Texts{"1e400", "<null>", "false", "<null>", "<null>", "1e400"});
}

TEST_CASE("escapes are undone, in names too") {
  const ReadResult result =
      Read(R"({"a":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude42\u0000","\u0062":"ü"})"
           "\n",
           Paths({"a", "b"}));
  REQUIRE(result.rows.size() == 1);
  CHECK(*result.rows[0].cells[0] == std::string("\"\\/\b\f\n\r\tAé€🙂\0", 19));
  CHECK(*result.rows[0].cells[1] == "ü");
}

TEST_CASE("objects and arrays are their JSON text where they are welcome") {
  Projection projection = Paths({"a", "b"}, true);
  projection.fields.push_back({"a", false});
  projection.fields.push_back({"b", true, true});
  projection.fields.push_back({"b.x", false});
  const ReadResult result = Read(
      "{\"a\": { \"x\" : [1,\"\\n\"]} "
      ",\"b\":\"t\\u0041\"}\n{\"a\":1,\"b\":[2]}\n{\"b\":{\"x\":null}}\n",
      projection);
  REQUIRE(result.rows.size() == 3);
  using Texts = std::vector<std::string>;
  CHECK(Row(result, 0) ==
        Texts{"{ \"x\" : [1,\"\\n\"]}", "tA", "<null>", "\"t\\u0041\"", "<null>"});
  CHECK(Row(result, 1) == Texts{"1", "[2]", "1", "[2]", "<null>"});
  CHECK(Row(result, 2) == Texts{"<null>", "{\"x\":null}", "<null>", "{\"x\":null}", "<null>"});
  REQUIRE(result.rows[0].errors.size() == 2);
  CHECK(result.rows[0].errors[0] == "2 json.expected_scalar { \"x\" : [1,\"\\n\"]}");
  CHECK(result.rows[0].errors[1] == "4 json.expected_object \"t\\u0041\"");
  CHECK(result.rows[1].errors == Texts{"4 json.expected_object [2]"});
  CHECK(result.rows[2].errors.empty());
}

TEST_CASE("an element that is asked of something else than an array is a cell error") {
  const ReadResult result =
      Read("{\"t\":{\"x\":1}}\n{\"t\":\"x\"}\n{\"t\":null}\n{\"t\":[[],5]}\n", Paths({"t[1]"}));
  REQUIRE(result.rows.size() == 4);
  CHECK(result.rows[0].errors[0] == "0 json.expected_array {\"x\":1}");
  CHECK(result.rows[1].errors[0] == "0 json.expected_array \"x\"");
  CHECK(result.rows[2].errors.empty());
  CHECK(Row(result, 3)[0] == "5");
}

TEST_CASE("what is not an object of valid JSON is a reject with its reason") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"a\":1,}", "json.syntax"},
      {"{\"a\":[1,]}", "json.syntax"},
      {"{\"a\":1 \"b\":2}", "json.syntax"},
      {"{\"a\":01}", "json.syntax"},
      {"{\"a\":+1}", "json.syntax"},
      {"{\"a\":.5}", "json.syntax"},
      {"{\"a\":1.}", "json.syntax"},
      {"{\"a\":NaN}", "json.syntax"},
      {"{\"a\":Infinity}", "json.syntax"},
      {"{\"a\":-Infinity}", "json.syntax"},
      {"{\"a\":truee}", "json.syntax"},
      {"{\"a\":tru}", "json.syntax"},
      {"{a:1}", "json.syntax"},
      {"{'a':1}", "json.syntax"},
      {"{\"a\":1}}", "json.syntax"},
      {"{\"a\":1} {\"b\":2}", "json.syntax"},
      {"{\"a\":1", "json.syntax"},
      {"{\"a\":\"x", "json.syntax"},
      {"{\"a\":\"x\ty\"}", "json.syntax"},
      {"{\"a\":\"\\x\"}", "json.syntax"},
      {"{\"skipped\":\"\\x\"}", "json.syntax"},
      {"{\"a\":\"\\u12g4\"}", "json.syntax"},
      {"{\"skipped\":\"\\ud800\"}", "json.lone_surrogate"},
      {"{\"a\":\"\\ud800\\u0041\"}", "json.lone_surrogate"},
      {"{\"a\":\"\\udc00\"}", "json.lone_surrogate"},
      {"{\"a\":1}\\", "json.syntax"},
      {"{\"a\":1\\}", "json.syntax"},
      {"{\"a\":\\\"x\"}", "json.syntax"},
      {"{\"a\":1\x0c}", "json.syntax"},
      {"{\"a\":1/*c*/}", "json.syntax"},
      {std::string("{\"a\":1}\0", 8), "json.syntax"},
      {"{\"skipped\":\"\xff\"}", "json.bad_utf8"},
      {"{\"a\":\"\xc3\"}", "json.bad_utf8"},
      {"{\"a\":\"\xed\xa0\x80\"}", "json.bad_utf8"},
      {"null", "json.not_an_object"},
      {"7", "json.not_an_object"},
      {"\"x\"", "json.not_an_object"},
      {"nul", "json.syntax"},
      {"{\"a\":1,\"a\":1}", "json.duplicate_key"},
      {"{\"a\":1,\"\\u0061\":1}", "json.duplicate_key"},
      {"{\"z\":[{\"y\":{\"x\":1,\"w\":2,\"x\":3}}]}", "json.duplicate_key"},
  };
  for (const auto& [text, rule] : cases) {
    const std::string& line = text;
    CAPTURE(line);
    const ReadResult result =
        Read("{\"a\":\"first\"}\n\n" + line + "\n \t\r\n{\"a\":\"last\"}\n", Paths({"a"}));
    CHECK(Rules(result) == "1:" + rule);
    REQUIRE(result.rows.size() == 2);
    CHECK(Row(result, 0)[0] == "first");
    CHECK(Row(result, 1)[0] == "last");
    CHECK(result.rows[1].record == 2);
    REQUIRE(result.rejects.size() == 1);
    CHECK(result.rejects[0].byte_offset == 15);
    CHECK(result.rejects[0].byte_length == static_cast<int64_t>(line.size()));
    CHECK(result.rejects[0].raw == line);
    CHECK(!result.rejects[0].message.empty());
  }
  const std::string deep = std::string(600, '[') + std::string(600, ']');
  CHECK(Rules(Read("{\"a\":" + deep + "}\n", Paths({}))) == "0:json.too_deep");
}

TEST_CASE("a last line that was cut off is json.truncated") {
  const std::string whole = "{\"a\":\"x\\n\\u00e9 ü\",\"b\":[true,-1.5e+7,null]}";
  for (size_t keep = 1; keep < whole.size(); ++keep) {
    CAPTURE(whole.substr(0, keep));
    CHECK(Rules(Read("{}\n" + whole.substr(0, keep), Paths({"a"}))) == "1:json.truncated");
  }
  CHECK(Rules(Read("{}\n" + whole, Paths({"a"}))) == "");
  CHECK(Rules(Read("{}\n{\"a\":1,}", Paths({"a"}))) == "1:json.syntax");
  CHECK(Rules(Read("hello", Paths({"a"}))) == "0:json.syntax");
}

TEST_CASE("files without records") {
  for (const char* text :
       {"", "\n", " \t\r\n\n", "\xEF\xBB\xBF", "[]", " [ ] \n", "\xEF\xBB\xBF[\n]"}) {
    CAPTURE(text);
    const ReadResult result = Read(text, Paths({"a"}));
    CHECK(result.rows.empty());
    CHECK(Rules(result) == "");
  }
  CHECK(Rules(Read("null", Paths({"a"}))) == "0:json.not_an_object");
}

TEST_CASE("a byte order mark is skipped, once") {
  const ReadResult result = Read("\xEF\xBB\xBF{\"a\":1}\n\xEF\xBB\xBF{\"a\":2}\n", Paths({"a"}));
  REQUIRE(result.rows.size() == 1);
  CHECK(result.header_bytes == 3);
  CHECK(Rules(result) == "1:json.syntax");
}

TEST_CASE("an array of objects is read like lines") {
  const ReadResult result = Read(
      " [ {\"a\": \"],[{\\\"\"},\n{\n\"a\"\n:\n2}\n, 3, {\"a\":[1,{}]}\t] \n", Paths({"a"}, true));
  REQUIRE(result.rows.size() == 3);
  CHECK(Row(result, 0)[0] == "],[{\"");
  CHECK(Row(result, 1)[0] == "2");
  CHECK(Row(result, 2)[0] == "[1,{}]");
  CHECK(Rules(result) == "2:json.not_an_object");
  CHECK(result.header_bytes == 2);
}

TEST_CASE("what is wrong in an array stays with its element") {
  CHECK(Rules(Read("[{},]", Paths({"a"}))) == "1:json.syntax");
  CHECK(Rules(Read("[,{}]", Paths({"a"}))) == "0:json.syntax");
  CHECK(Rules(Read("[{},,{}]", Paths({"a"}))) == "1:json.syntax");
  CHECK(Rules(Read("[{}{},{}]", Paths({"a"}))) == "0:json.syntax");
  CHECK(Rules(Read("[{\"a\":},{\"a\":1\\},{\"a\":\\\"x\"},{},{\"a\":\\\"y\"},{\"a\":\"z\"}]",
                   Paths({"a"}))) == "0:json.syntax 1:json.syntax 2:json.syntax 4:json.syntax");
  CHECK(Rules(Read("[{}] {}", Paths({"a"}))) == "1:json.syntax");
  CHECK(Rules(Read("[{}]]", Paths({"a"}))) == "1:json.syntax");
  CHECK(Rules(Read("[", Paths({"a"}))) == "0:json.truncated");
  CHECK(Rules(Read("[{},{}", Paths({"a"}))) == "2:json.truncated");
  CHECK(Rules(Read("[{},", Paths({"a"}))) == "1:json.truncated");
  CHECK(Rules(Read("[{},{\"a\":\"x", Paths({"a"}))) == "1:json.truncated");
  CHECK(Rules(Read("[{}}},{}]", Paths({"a"}))) == "0:json.syntax");
}

TEST_CASE("over-long records are one reject each, whatever the chunk") {
  const std::string longer = "{\"a\":\"" + std::string(93, 'x') + "\"}";  // 101 bytes
  const std::string exact = "{\"a\":\"" + std::string(92, 'x') + "\"}";
  ReadResult result =
      Read("{\"a\":1}\n" + longer + "\n" + exact + "\n" + longer, Paths({"a"}), 100);
  CHECK(Rules(result) == "1:json.record_too_long 3:json.record_too_long");
  CHECK(result.rejects[0].byte_offset == 8);
  CHECK(result.rejects[0].byte_length == 102);
  CHECK(result.rejects[0].raw == longer + "\n");
  CHECK(result.rejects[1].raw == longer);
  result = Read("[" + exact + "," + longer + ",{}," + longer + "] ", Paths({"a"}), 100);
  CHECK(Rules(result) == "1:json.record_too_long 3:json.record_too_long");
  CHECK(result.rejects[0].raw == longer + ",");
  CHECK(result.rejects[1].raw == longer + "] ");
  CHECK(result.rows.size() == 2);
  CHECK(Rules(Read("[{}]" + std::string(200, ' '), Paths({"a"}), 100)) == "1:json.record_too_long");
  CHECK(Rules(Read("[" + std::string(101, '['), Paths({"a"}), 100)) == "0:json.record_too_long");
}

TEST_CASE("a huge record is skipped in bounded memory, with its head kept") {
  std::string text = "{\"a\":1}\n{\"a\":\"" + std::string(40 << 20, 'x') + "\"}\n{\"a\":2}\n";
  JsonlOptions options;
  options.record_bytes_max = 2 << 20;
  const int64_t before = arrow::default_memory_pool()->bytes_allocated();
  auto reader = OpenJsonl(MemoryByteStream(text), options, Paths({"a"})).ValueOrDie();
  std::vector<Reject> rejects;
  int64_t rows = 0, most = 0;
  while (auto chunk = reader->Next().ValueOrDie()) {
    const RawBatch batch = reader->Parse(*chunk).ValueOrDie();
    rows += batch.columns->num_rows();
    rejects.insert(rejects.end(), batch.rejects.begin(), batch.rejects.end());
    most = std::max(most, arrow::default_memory_pool()->bytes_allocated() - before);
  }
  CHECK(rows == 2);
  REQUIRE(rejects.size() == 1);
  CHECK(rejects[0].byte_length == (40 << 20) + 9);
  CHECK(rejects[0].raw.size() == static_cast<size_t>(kRejectRawBytesMax));
  CHECK(most < (8 << 20));
}

TEST_CASE("unknown members reject a record when they must not be there") {
  Projection projection = Paths({"a", "doc.x", "t[0]"});
  projection.unknown = UnknownFields::kReject;
  projection.known = {"z.z"};
  const ReadResult result = Read(
      "{\"a\":1,\"z.z\":2,\"doc\":{\"y\":1}}\n{\"t\":[],\"b\":1,\"c\":2}\n{\"b\":1,\"b\":2}\n{"
      "\"b\":}\n",
      projection);
  CHECK(result.rows.size() == 1);
  CHECK(Rules(result) == "1:json.unknown_field 2:json.duplicate_key 3:json.syntax");
  CHECK(result.rejects[0].value == "b");
}

TEST_CASE("all members of the sample become columns that their name reads back") {
  Projection projection;
  projection.all = true;
  const ReadResult result =
      Read("{\"b\":1,\"a.x\":{\"y\":1}}\n{\"c\":}\n{\"a\":\"s\",\"b\":[]}\n", projection);
  CHECK(result.columns == std::vector<std::string>{"b", "[\"a.x\"]", "a"});
  CHECK(Row(result, 0) == std::vector<std::string>{"1", "{\"y\":1}", "<null>"});
  CHECK(Row(result, 1) == std::vector<std::string>{"[]", "<null>", "s"});
  Projection again = Paths(result.columns, true);
  CHECK(Read("{\"b\":1,\"a.x\":{\"y\":1}}\n", again).rows[0].cells == result.rows[0].cells);
}

TEST_CASE("many members and many names: nothing depends on what was learned") {
  std::string text, repeated;
  for (int record = 0; record < 40; ++record) {
    std::string line = "{\"id\":" + std::to_string(record);
    for (int i = 0; i < 300; ++i) {
      line += ",\"key_" + std::to_string(record) + "_" + std::to_string(i) + "\":{\"n\":1}";
    }
    text += line + "}\n";
    repeated += line + ",\"key_" + std::to_string(record) + "_299\":1,\"id\":2,\"key_" +
                std::to_string(record) + "_1\":1}\n";
  }
  CHECK(Read(text, Paths({"id"})).rows.size() == 40);
  const ReadResult result = Read(repeated, Paths({"id"}));
  REQUIRE(result.rejects.size() == 40);
  for (size_t i = 0; i < 40; ++i) {
    CHECK(result.rejects[i].rule == "json.duplicate_key");
    CHECK(result.rejects[i].value == "key_" + std::to_string(i) + "_299");
  }
}

TEST_CASE("paths") {
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a[0", "a[\"b",
                          "a[\"b\"", "a[0]b", "a]b", "a\"b", "a[*]", "a[99999999999]"}) {
    CAPTURE(bad);
    CHECK(CodeOf(ParseJsonPath(bad).status()) == ErrorCode::kBadValue);
  }
  for (const char* name : {"a", "a.b", "a[0]", "\"", "\\", "", "é x", "a\\\"]"}) {
    const auto steps = ParseJsonPath(JsonPathOf(name)).ValueOrDie();
    REQUIRE(steps.size() == 1);
    CHECK(steps[0].member == name);
  }
  CHECK(ParseJsonPath("[\"a\"][3].b[\"c\"]").ValueOrDie().size() == 4);
  CHECK(!OpenJsonl(MemoryByteStream(""), JsonlOptions(), Paths({"a["})).ok());
}

}  // namespace
TEST_CASE("JSON in UTF-16 reads as the same in UTF-8 does, and says what it was") {
  // Of ASCII and the letters U+00C0 to U+00FF.
  const auto wide = [](const std::string& text, bool big, bool mark) {
    std::string out = !mark ? "" : big ? "\xfe\xff" : "\xff\xfe";
    for (size_t i = 0; i < text.size(); ++i) {
      const bool letter = text[i] == '\xc3';
      const char low = letter ? static_cast<char>(text[++i] | 0x40) : text[i];
      out += big ? std::string{'\0', low} : std::string{low, '\0'};
    }
    return out;
  };
  const std::vector<std::pair<std::string, std::string>> layouts = {
      {"{\"a\": \"caf\xc3\xa9\"}\n{\"a\": 2}\n\n{broken\n", "layout: lines"},
      {"[{\"a\": \"\xc3\xa9t\xc3\xa9\"},\n {\"a\": 2}, 7]\n", "layout: array"},
      {"{\n \"a\": \"\xc3\xbc\"\n}\n{\n \"a\": 1\n}\n", "layout: concatenated"}};
  for (const auto& layout : layouts) {
    const std::string &text = layout.first, &declaration = layout.second;
    CAPTURE(text);
    for (const int form : {0, 1, 2, 3}) {
      CAPTURE(form);
      const bool big = form % 2 == 1, mark = form < 2;
      const std::string stored = wide(text, big, mark);
      JsonlOptions options;
      const std::string plain = ReadWith(text, options, Paths({"a"})).ToString();
      for (const int64_t chunk_bytes : {1 << 20, 7}) {
        options.chunk_bytes = chunk_bytes;
        CHECK(ReadWith(text, options, Paths({"a"}), &stored).ToString() == plain);
      }
      const auto reader = OpenJsonl(MemoryByteStream(stored), options, Paths({"a"})).ValueOrDie();
      CHECK(reader->read_as() ==
            ReadAs{big ? "utf-16be" : "utf-16le", mark, declaration, /*confidence=*/1});
    }
  }
}

}  // namespace millrace::io
