#include "io/xml/xml_format.h"

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
RowsRead Read(const std::string& text, XmlOptions options = {}, const Texts& paths = {},
              UnknownFields unknown = UnknownFields::kDrop) {
  Projection projection;
  projection.all = paths.empty();
  projection.unknown = unknown;
  for (const std::string& path : paths) projection.fields.emplace_back().path = path;
  const RowsRead whole = ReadRows(*MakeXmlFormat(options), text, projection);
  for (const int64_t chunk_bytes : {1, 50, 1000}) {
    options.chunk_bytes = chunk_bytes;
    const RowsRead read = ReadRows(*MakeXmlFormat(options), text, projection);
    CHECK(read.columns == whole.columns);
    CHECK(read.rows == whole.rows);
    CHECK(read.rejects == whole.rejects);
    CHECK(read.status.ToString() == whole.status.ToString());
  }
  return whole;
}

std::string Cells(const std::string& row) {
  return row.substr(row.find(' ', row.find(' ') + 1) + 1);
}

TEST_CASE("attributes, elements and their text become columns by path") {
  const RowsRead read = Read(
      "<?xml version=\"1.0\"?>\n<!-- a list -->\n<list>\n"
      "  <item id='1'><name lang=\"de\">Stra&#223;e &amp; Weg</name><at><x>1</x><y> 2 "
      "</y></at></item>\n"
      "  <item id='2'><name><![CDATA[<b>]]></name><tag>a</tag><tag>b</tag><empty/></item>\n"
      "  <item id='3'>own <b>bold</b> text</item>\n</list>\n");
  REQUIRE_MESSAGE(read.status.ok(), read.status.ToString());
  CHECK(read.columns ==
        Texts{"@id", "name/@lang", "name", "at/x", "at/y", "tag", "tag[2]", "b", "#text"});
  REQUIRE(read.rows.size() == 3);
  CHECK(Cells(read.rows[0]) == "1|de|Straße & Weg|1| 2 |<null>|<null>|<null>|<null>");
  CHECK(Cells(read.rows[1]) == "2|<null>|<b>|<null>|<null>|a|b|<null>|<null>");
  CHECK(Cells(read.rows[2]) == "3|<null>|<null>|<null>|<null>|<null>|<null>|bold|own  text");
}

TEST_CASE("records are the elements of a name, wherever they are, the outermost of them") {
  XmlOptions options;
  options.record = "r";
  const RowsRead read =
      Read("<a><b><r><v>1</v></r></b><c><r><v>2</v><r><v>3</v></r></r></c><v>0</v></a>", options,
           {"v", "r/v"});
  REQUIRE(read.rows.size() == 2);
  CHECK(read.rows[0] == "0 @6+15 1|<null>");
  CHECK(Cells(read.rows[1]) == "2|3");
  CHECK(Read("<r><v>7</v></r>", options, {"v"}).rows == Texts{"0 @0+15 7"});
  CHECK(Read("<r/>", options, {"v"}).rows == Texts{"0 @0+4 <null>"});
  CHECK(Read("", options, {"v"}).rows.empty());
}

TEST_CASE("encodings are the document's, or refused by name") {
  const RowsRead latin = Read(
      "<?xml version='1.0' encoding='iso-8859-1'?><l><i><v>Stra\xdf"
      "e</v></i></l>",
      {}, {"v"});
  REQUIRE(latin.rows.size() == 1);
  CHECK(Cells(latin.rows[0]) == "Straße");
  CHECK(Read("\xEF\xBB\xBF<l><i><v>ä</v></i></l>", {}, {"v"}).rows == Texts{"0 @6+16 ä"});
  CHECK(CodeOf(Read(std::string("\xFF\xFE<\0l\0/\0>\0", 10)).status) == ErrorCode::kUnknownDialect);
  CHECK(CodeOf(Read(std::string("\0<\0l\0/\0>", 8)).status) == ErrorCode::kUnknownDialect);
  const RowsRead other = Read("<?xml version='1.0' encoding='koi8-r'?><l/>");
  CHECK(CodeOf(other.status) == ErrorCode::kCorruptFile);
}

TEST_CASE("damage is an error with its byte, behind the good records") {
  const std::string good = "<l>\n<i><v>1</v></i>\n<i><v>2</v></i>\n";
  for (const char* bad :
       {"<i><v>a & b</v></i></l>", "<i><v>3</i></l>", "<i><v>\x01</v></i>",
        "<i><v>\xff</v></i></l>", "<i><v>3</v>", "<i><v>&who;</v></i></l>", "</l><l/>", ""}) {
    CAPTURE(bad);
    const RowsRead read = Read(good + bad, {}, {"v"});
    CHECK(read.rows == Texts{"0 @4+15 1", "1 @20+15 2"});
    CHECK(CodeOf(read.status) == ErrorCode::kCorruptFile);
    CHECK(read.status.message().find("from byte ") != std::string::npos);
  }
}

TEST_CASE("document types, and with them entities of one's own, are refused") {
  const RowsRead bomb =
      Read("<!DOCTYPE l [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><l><i><v>&b;</v></i></l>", {},
           {"v"});
  CHECK(CodeOf(bomb.status) == ErrorCode::kCorruptFile);
  CHECK(bomb.status.message().find("document type") != std::string::npos);
  CHECK(CodeOf(Read("<!DOCTYPE l SYSTEM 'file:///etc/passwd'><l/>").status) ==
        ErrorCode::kCorruptFile);
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "<d>";
  CHECK(Read(deep).status.message().find("512 deep") != std::string::npos);
}

TEST_CASE("a record that is too long is one reject, its neighbours are rows") {
  XmlOptions options;
  options.record_bytes_max = 100;
  for (const size_t length : {100UL, 70000UL, 3000000UL}) {
    CAPTURE(length);
    const std::string text =
        "<l><i><v>1</v></i><i><v>" + std::string(length, 'x') + "</v></i> <i><v>2</v></i></l>";
    const RowsRead read = Read(text, options, {"v"});
    REQUIRE_MESSAGE(read.status.ok(), read.status.ToString());
    REQUIRE(read.rows.size() == 2);
    CHECK(Cells(read.rows[1]) == "2");
    const std::string bytes = std::to_string(length + 14);
    CHECK(read.rejects == Texts{"1 @18+" + bytes + " xml.record_too_long " + bytes});
  }
  const std::string comment = "<l><!--" + std::string(300000, '-') + "x--></l>";
  CHECK(CodeOf(Read(comment, options, {"v"}).status) == ErrorCode::kCorruptFile);
}

TEST_CASE("fields that a contract does not know are rejects where it says so") {
  const std::string text = "<l><i><a>1</a></i><i><a>2</a><b>x</b></i></l>";
  const RowsRead read = Read(text, {}, {"a"}, UnknownFields::kReject);
  CHECK(read.rows.size() == 1);
  CHECK(read.rejects == Texts{"1 @18+23 xml.unknown_field b"});
}

TEST_CASE("random documents give what they were made from, or an error") {
  std::mt19937_64 random(20261124);
  const Texts pieces = {"x",          " ",       "&lt;", "é", "<![CDATA[]]]]>",
                        "<!-- c -->", "<?p q?>", "\n",   "]]"};
  for (int round = 0; round < 200; ++round) {
    std::string text = "<l>";
    for (uint64_t n = random() % 20; n > 0; --n) {
      text += "<i a='" + std::to_string(random() % 100) + "'>";
      for (uint64_t m = random() % 4; m > 0; --m) {
        text +=
            "<v>" + pieces[random() % pieces.size()] + pieces[random() % pieces.size()] + "</v>";
      }
      text += "</i>" + pieces[random() % 2];
    }
    text += "</l>";
    CAPTURE(text);
    const RowsRead good = Read(text, {}, {"@a", "v", "v[2]"});
    REQUIRE_MESSAGE(good.status.ok(), good.status.ToString());
    text[random() % text.size()] = static_cast<char>(random() % 256);
    Read(text, {}, {"@a", "v", "v[2]"});  // no crash, and the same for every size of chunks
  }
}

}  // namespace
}  // namespace millrace::io
