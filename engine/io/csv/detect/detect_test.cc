#include "io/csv/detect/detect.h"

#include <doctest/doctest.h>

#include <string>

namespace millrace::io {
namespace {

SniffedCsv Told(const std::string& text, const CsvOptions& options = {}) {
  return SniffCsv(MemoryByteStream(text), options).ValueOrDie();
}
CsvDialect Dialect(const std::string& text) { return Told(text).dialect; }

// A few rows that any delimiter can be put between.
std::string Table(const std::string& d, const std::string& more = "") {
  std::string text = "id" + d + "name" + d + "amount" + d + "joined\n";
  for (int i = 0; i < 12; ++i) {
    text += std::to_string(i + 100) + d + "Ann Lee" + d + std::to_string(i) + ".50" + d +
            "2025-01-0" + std::to_string(i % 9 + 1) + "\n";
  }
  return text + more;
}

}  // namespace

TEST_CASE("delimiters of one and several characters are told apart") {
  for (const std::string d :
       {",", ";", "\t", "|", "^", "~", "||", "::", ", ", "|~|", "<->", " | "}) {
    CAPTURE(d);
    const SniffedCsv told = Told(Table(d));
    CHECK(told.dialect.delimiter == d);
    CHECK(told.confidence >= 0.9);
    CHECK(told.dialect.header_rows == 1);
  }
  // A piece of a delimiter is no rival.
  std::string arrows = "id<|>name<|>v\n";
  for (int i = 1; i < 21; ++i) {
    arrows += std::to_string(i) + "<|>n" + std::to_string(i) + "<|>" + std::to_string(i) + ".5\n";
  }
  CHECK(Dialect(arrows).delimiter == "<|>");
  CHECK(Told(arrows).confidence >= 0.9);
  // Prose and times are no reason to split.
  CHECK(Told("name\nAnn Lee\nBob Ray\nTom Fox\n").dialect.delimiter == ",");
  CHECK(Dialect("at;note\n10:30:00;a, b\n11:45:10;c, d\n").delimiter == ";");
}

TEST_CASE("quotes: pairs of apostrophes, text where they do not pair, unclosed ones") {
  CHECK(Dialect("id,note\n1,'a, b'\n2,'c, d'\n3,'e'\n").quote == '\'');
  CHECK(Dialect("id,note\n1,O'Neil\n2,it's\n3,x\n").quote == '"');
  CHECK(Dialect("id,note\n1,\"open\n2,x\n3,y\n").quote == '"');
}

TEST_CASE("records of thousands of columns are whole") {
  std::string header, row;
  for (int i = 0; i < 3000; ++i) {
    const std::string comma = i == 0 ? "" : ",";
    header += comma + "measurement_" + std::to_string(i);
    row += comma + std::to_string(100000 + i);
  }
  for (const bool quoted : {false, true}) {
    CAPTURE(quoted);
    const std::string first = quoted ? "\"no, name\"," + header : header + ",last";
    std::string text = first + "\r\n";
    for (int i = 0; i < 6; ++i) text += row + ",1\r\n";
    const SniffedCsv told = Told(text);
    CHECK(told.dialect.header_rows == 1);
    CHECK(told.dialect.skip_rows == 0);
    CHECK(told.dialect.delimiter == ",");
    CHECK(told.confidence >= 0.9);
  }
}

TEST_CASE("preamble, comments, header rows and footer") {
  CsvDialect d = Dialect("Report of May\nall amounts in EUR\n\n" + Table(";", "\n(12 rows)\n"));
  CHECK(d.skip_rows == 3);
  CHECK(d.header_rows == 1);
  CHECK(d.footer_rows == 1);
  CHECK(d.comment.empty());

  std::string commented = Table(",");
  commented.insert(commented.find("104,"), "# checked, by Eve\n");
  CHECK(Dialect(commented).comment == "#");
  // Rows may start like a comment.
  CHECK(Dialect("color,name\n#ff0000,red\n#00ff00,green\n").comment.empty());
  // Comments that all come first are a preamble: no line further on is taken for one.
  d = Dialect("# made by hand\n" + Table(","));
  CHECK(d.comment.empty());
  CHECK(d.skip_rows == 1);

  CHECK(Dialect("id,amount,on\n(no),(EUR),(day)\n1,2.5,2025-01-02\n2,3.5,2025-01-03\n"
                "3,4.5,2025-01-04\n4,5.5,2025-01-05\n5,6.5,2025-01-06\n")
            .header_rows == 2);
  CHECK(Dialect("100,Ann,2.5\n101,Bob,3.5\n").header_rows == 0);
  CHECK(Dialect(Table(";", "Total;;66.00;\n")).footer_rows == 1);
  CHECK(Dialect(Table(",", "112,Tot")).footer_rows == 0);  // cut off, no footer
  CHECK(Dialect("a,b,\n1,2,\n3,4,\n").trailing_delimiter);
}

TEST_CASE("a last record that says total is a footer where its numbers are sums, else a doubt") {
  struct Case {
    const char* rows;
    int footer_rows;
    bool sure;
  };
  for (const Case& c : {
           Case{"name,n\nann,100\nbob,79\nTotal,179\n", 1, true},
           Case{"name,n\nann,100\nbob,79\nTotal,180\n", 0, false},
           Case{"name,n\nann,100\nTotal,100\n", 0, false},  // of one row, a sum says nothing
           Case{"name;n\nann;0,50\nbob;-1,25\neve;\nSumme EUR:;-0,75\n", 1, true},
           Case{"name,n,m\nann,1,2.5\nbob,2,3.5\nGrand total,3,6.00\n", 1, true},
           Case{"name,n,m\nann,1,2.5\nbob,2,3.5\nTotal,3,9.50\n", 1, true},  // one is enough
           Case{"name,n,m\nann,1,a\nbob,2,b\nTotal,3,c\n", 0, false},
           Case{"name,n\nann,100\nbob,79\nAverage,89.5\n", 0, false},
           Case{"name,n\nann,100\nbob,79\n\nTotal,179\n(2 rows)\n", 2, true},
           // Values that happen to begin so, or that the column has elsewhere.
           Case{"name,n\nann,100\nbob,79\nTotal Energies,179\n", 0, true},
           Case{"name,n\nann,100\nbob,79\nCount Dracula,5\n", 0, true},
           Case{"name,job\nann,nurse\nbob,clerk\nTotal,none\n", 0, true},
           Case{"sex,n\nmale,1\ntotal,2\nmale,3\nfemale,5\nTotal,8\n", 0, true},
           Case{"n,name\n100,ann\n79,bob\n179,Total\n", 0, true},
       }) {
    CAPTURE(c.rows);
    const SniffedCsv told = Told(c.rows);
    CHECK(told.dialect.footer_rows == c.footer_rows);
    CHECK((told.confidence >= kDialectConfidenceMin) == c.sure);
    CsvOptions pinned;
    pinned.footer_rows = c.footer_rows;
    CHECK(Told(c.rows, pinned).confidence >= kDialectConfidenceMin);
  }
}

TEST_CASE("what is doubtful is told with little confidence") {
  CHECK(Told(Table(",", "\ncode,label\nc1,one\nc2,two\n")).confidence < kDialectConfidenceMin);
  CHECK(Told(Table(",", "\ncode,label\nc1,one\nc2,two\n")).dialect.table == 1);
  CHECK(Told("name,2019,2020\nann,5,6\nbob,7,8\n").confidence < kDialectConfidenceMin);
  CHECK(Told("id,name\n1,ann,x\n2,bob,y\n3,eve,z\n").confidence < kDialectConfidenceMin);
  CHECK(Told(Table(",")).confidence == doctest::Approx(1.0));
  // What is declared is not doubted.
  CsvOptions options;
  options.header_rows = 1;
  CHECK(Told("name,2019,2020\nann,5,6\nbob,7,8\n", options).confidence >= kDialectConfidenceMin);
}

TEST_CASE("the block for the config says everything") {
  CHECK(DialectYaml(Dialect("a\tb\n1\t2\n")) ==
        "{encoding: utf-8, delimiter: tab, quote: \"\\\"\", escape: \"\\\"\", newline: lf, "
        "skip_rows: 0, header_rows: 1, footer_rows: 0, comment: none, trailing_delimiter: false}");
}

}  // namespace millrace::io
